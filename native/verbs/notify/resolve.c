/* Paths of a caller, by a process that can do what the caller can and no more. See answer.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/child.h"
#include "base/sys.h"
#include "base/util.h"
#include "security/caps.h"
#include "verbs/notify/answer.h"

#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif

struct resolution {
    const struct caller *caller;
    const struct place *place;
    int root, base, userns;
    pid_t answerer;
    int fd, error;
};

bool inner_id(const struct id_map *map, uint32_t host, uint32_t *inner) {
    for (unsigned i = 0; i < map->count; i++) {
        const struct id_line *line = &map->line[i];
        if (host >= line->host && host - line->host < line->count) {
            *inner = line->inner + (host - line->host);
            return true;
        }
    }
    return false;
}

void end_with(pid_t parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
        _exit(1);
}

/** In the container's user namespace, with all capabilities of that. */
static int become_caller(const struct caller *caller) {
    const struct cap_sets sets = {.effective = caller->caps, .permitted = caller->caps};
    gid_t groups[CALLER_GROUPS_MAX], gid;
    uid_t uid;
    for (unsigned i = 0; i < caller->group_count; i++)
        if (!inner_id(&caller->container->gids, caller->groups[i], &groups[i]))
            return EPERM;
    if (!inner_id(&caller->container->uids, caller->uid, &uid) || !inner_id(&caller->container->gids, caller->gid, &gid))
        return EPERM;
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || sys_setgroups(caller->group_count, groups) < 0 || sys_setresgid(gid) < 0 || sys_setresuid(uid) < 0 ||
        set_caps(&sets) < 0)
        return errno;
    return 0;
}

/** In the memory and with the descriptors of the answerer. The container cannot see this process, which is not in its PID namespace. */
static int resolve(void *context) {
    struct resolution *self = context;
    struct sys_open_how how = {
        .flags = O_PATH | O_CLOEXEC | (self->place->nofollow ? O_NOFOLLOW : 0) | (self->place->is_folder ? O_DIRECTORY : 0),
        .resolve = SYS_RESOLVE_NO_MAGICLINKS,
    };
    if (fchdir(self->root) < 0 || chroot(".") < 0 || fchdir(self->base) < 0 || setns(self->userns, CLONE_NEWUSER) < 0) {
        self->error = errno;
        return 0;
    }
    self->error = become_caller(self->caller);
    if (self->error != 0)
        return 0;
    end_with(self->answerer);
    const int fd = sys_openat2(AT_FDCWD, self->place->path, &how);
    if (fd < 0) {
        self->error = errno;
        return 0;
    }
    if (self->place->access != 0 && syscall(SYS_faccessat2, fd, "", self->place->access, AT_EACCESS | AT_EMPTY_PATH) < 0) {
        self->error = errno;
        close(fd);
        return 0;
    }
    self->fd = fd;
    return 0;
}

int resolve_as_caller(const struct caller *caller, const struct place *place, int *fd) {
    char name[32];
    cleanup_fd int root = openat(caller->proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_fd int userns = openat(caller->proc, "ns/user", O_RDONLY | O_CLOEXEC);
    if (*place->path == '/')
        snprintf(name, sizeof name, "root");
    else if (place->dir == AT_FDCWD)
        snprintf(name, sizeof name, "cwd");
    else
        snprintf(name, sizeof name, "fd/%d", place->dir);
    cleanup_fd int base = openat(caller->proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || userns < 0 || base < 0)
        return base < 0 && errno == ENOENT ? EBADF : errno;
    /* an id of the container in a namespace below it is another matter */
    if (!caller->is_of_container || !is_waiting(caller))
        return EPERM;
    struct resolution resolution = {.caller = caller, .place = place, .root = root, .base = base, .userns = userns, .answerer = getpid(), .fd = -1, .error = EIO};
    const pid_t pid = lend_child(resolve, &resolution, CLONE_VM | CLONE_FILES);
    if (pid < 0)
        return EAGAIN;
    reap_child(pid);
    *fd = resolution.fd;
    return resolution.error;
}

int make_files_as_caller(const struct caller *caller, uint64_t keep) {
    struct cap_sets sets;
    if (get_caps(&sets) < 0)
        return errno;
    umask(caller->umask);
    if (sys_setgroups(caller->group_count, caller->groups) < 0)
        return errno;
    setfsgid(caller->gid);
    /* takes the capabilities of files out of the effective set */
    setfsuid(caller->uid);
    if ((uid_t)setfsuid((uid_t)-1) != caller->uid || (gid_t)setfsgid((gid_t)-1) != caller->gid)
        return EPERM;
    sets.effective &= keep;
    sets.effective |= sets.permitted & keep;
    return set_caps(&sets) < 0 ? errno : 0;
}

int enter_callers_mounts(const struct caller *caller) {
    struct stat theirs, owner;
    cleanup_fd int mounts = openat(caller->proc, "ns/mnt", O_RDONLY | O_CLOEXEC);
    cleanup_fd int of = mounts < 0 ? -1 : ioctl(mounts, NS_GET_USERNS);
    if (of < 0 || fstat(of, &owner) < 0 || fstatat(caller->proc, "ns/user", &theirs, 0) < 0)
        return errno;
    if (owner.st_ino != theirs.st_ino || owner.st_dev != theirs.st_dev || !is_waiting(caller))
        return EPERM;
    return setns(mounts, CLONE_NEWNS) < 0 ? errno : 0;
}
