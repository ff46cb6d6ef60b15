/* See left-out.h. */
#include "security/left-out.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"

/* each holds a descriptor, which knows the node's place after it was renamed too */
enum { NODES_MOST = 4000, NODES_TOLD = 3, OTHER_DESCRIPTORS = 64 };

struct left_out {
    size_t count;
    int nodes[NODES_MOST];
};

struct left_out *left_out_begin(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < NODES_MOST + OTHER_DESCRIPTORS) {
        limit.rlim_cur = NODES_MOST + OTHER_DESCRIPTORS;
        limit.rlim_max = limit.rlim_max < limit.rlim_cur ? limit.rlim_cur : limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    struct left_out *list = must_alloc(sizeof *list);
    list->count = 0;
    return list;
}

bool left_out_is_wanted(mode_t mode) {
    return S_ISCHR(mode) || S_ISBLK(mode);
}

int left_out_take(struct left_out *list, int at, const char *path, mode_t mode, dev_t device) {
    /* overlayfs itself has none made on it */
    if (S_ISCHR(mode) && device == 0) {
        if (mknodat(at, path, mode, device) == 0)
            return 0;
        if (errno != EPERM)
            return errno;
    }
    if (list->count >= NODES_MOST)
        return EPERM;
    if (mknodat(at, path, S_IFIFO | 0600, 0) < 0)
        return errno;
    int node = openat(at, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (node < 0)
        return errno;
    list->nodes[list->count++] = node;
    return 0;
}

/** @returns whether the node has a place still, which is then what the path is of */
static bool find_place(int proc_self_fd, int node, char *place, size_t room) {
    char name[16];
    snprintf(name, sizeof name, "%d", node);
    ssize_t length = readlinkat(proc_self_fd, name, place, room - 1);
    struct stat known, there;
    if (length <= 0)
        return false;
    place[length] = '\0';
    return *place == '/' && fstat(node, &known) == 0 && fstatat(AT_FDCWD, place, &there, AT_SYMLINK_NOFOLLOW) == 0 && S_ISFIFO(known.st_mode) &&
           known.st_dev == there.st_dev && known.st_ino == there.st_ino;
}

int left_out_end(struct left_out *list, int proc, const char *file) {
    cleanup_fd int own = openat(proc, "self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (own < 0)
        return -1;
    (void)unlinkat(AT_FDCWD, file, 0);
    cleanup_fd int out = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (out < 0 || dprintf(out, "%zu%c", list->count, '\0') < 0)
        return -1;
    for (size_t i = 0; i < list->count; i++) {
        char place[PATH_MAX];
        bool is_there = find_place(own, list->nodes[i], place, sizeof place);
        close(list->nodes[i]);
        if (!is_there)
            continue;
        if (unlinkat(AT_FDCWD, place, 0) < 0 || (i < NODES_TOLD && dprintf(out, "%s%c", place, '\0') < 0))
            return -1;
    }
    return 0;
}
