/* See bind.h. */
#include "verbs/bind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "base/sys.h"
#include "base/util.h"
#include "kernel/mounts.h"

static int set_propagation(int mount_fd, uint64_t propagation) {
    struct sys_mount_attr attr = {.propagation = propagation};
    return sys_mount_setattr(mount_fd, "", AT_EMPTY_PATH, &attr);
}

static int bind_one(const char *source, const char *place, bool is_shared) {
    cleanup_fd int mount_fd = sys_open_tree(AT_FDCWD, source, TREE_CLONE | TREE_CLOEXEC);
    cleanup_fd int target_fd = open(place, O_PATH | O_CLOEXEC);
    if (mount_fd < 0 || target_fd < 0)
        return -1;
    /* a copy is in its source's group until it leaves that */
    if (is_shared && (set_propagation(mount_fd, MS_PRIVATE) < 0 || set_propagation(mount_fd, MS_SHARED) < 0))
        return -1;
    return attach(mount_fd, target_fd);
}

int run_bind(int argc, char **argv) {
    bool is_shared = argc > 2 && strcmp(argv[2], "shared") == 0;
    int first = is_shared ? 3 : 2;
    if (first >= argc || (argc - first) % 2 != 0) {
        fputs("usage: bothy-cell bind [shared] SOURCE PLACE [SOURCE PLACE]...\n", stderr);
        return 2;
    }
    for (int i = first; i < argc; i += 2)
        if (bind_one(argv[i], argv[i + 1], is_shared) < 0) {
            fprintf(stderr, "Cannot bind \"%s\" to \"%s\": %s\n", argv[i], argv[i + 1], strerror(errno));
            return 1;
        }
    return 0;
}
