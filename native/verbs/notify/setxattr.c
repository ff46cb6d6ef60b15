/*
 * setxattr(2), lsetxattr(2) and fsetxattr(2) of trusted.overlay.opaque, by which an overlay knows folders that hide what lies below them. The kernel wants the host's
 * root for attributes of this kind; the caller has to be root of the container, and the file the container's.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/util.h"
#include "verbs/notify/answer.h"

#define OPAQUE "trusted.overlay.opaque"

static int open_by_descriptor(const struct caller *caller, int number, int *fd) {
    char name[32];
    snprintf(name, sizeof name, "fd/%d", number);
    *fd = openat(caller->proc, name, O_PATH | O_CLOEXEC);
    if (*fd < 0)
        return EBADF;
    return is_waiting(caller) ? 0 : EINTR;
}

static int open_by_path(const struct caller *caller, bool nofollow, int *fd) {
    char path[PATH_MAX];
    const int error = read_string(caller, caller->call->data.args[0], path, sizeof path);
    return error != 0 ? error : resolve_as_caller(caller, &(struct place){.dir = AT_FDCWD, .path = path, .nofollow = nofollow}, fd);
}

static int set_opaque(const struct caller *caller, int file, const void *value, size_t size, int flags) {
    struct stat about;
    uint32_t inner;
    char path[32];
    if (fstat(file, &about) < 0)
        return errno;
    /* as the kernel says of files whose owner is nobody inside */
    if (!inner_id(&caller->container->uids, about.st_uid, &inner) || !inner_id(&caller->container->gids, about.st_gid, &inner))
        return EPERM;
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    return setxattr(path, OPAQUE, value, size, flags) < 0 ? errno : 0;
}

struct verdict answer_setxattr(struct caller *caller) {
    const struct seccomp_data *data = &caller->call->data;
    char name[sizeof OPAQUE], value[1];
    if (!has_capability(caller, CAP_SYS_ADMIN) || data->args[3] != sizeof value)
        return goes_on();
    /* whatever else it is, the kernel judges it by itself */
    if (read_string(caller, data->args[1], name, sizeof name) != 0 || strcmp(name, OPAQUE) != 0)
        return goes_on();
    int error = read_memory(caller, data->args[2], value, sizeof value);
    cleanup_fd int file = -1;
    if (error == 0)
        error = caller->form == CALL_OF_DESCRIPTOR ? open_by_descriptor(caller, (int)data->args[0], &file) : open_by_path(caller, caller->form == CALL_OF_LINK, &file);
    return result_of(error != 0 ? error : set_opaque(caller, file, value, sizeof value, (int)data->args[4]));
}
