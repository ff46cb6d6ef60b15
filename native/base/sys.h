/* System calls and constants that libc does not have yet. The only place for kernel gaps. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* since these share numbers on every architecture, an older libc can be helped */
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_open_tree
#define SYS_open_tree 428
#define SYS_move_mount 429
#define SYS_fsopen 430
#define SYS_fsconfig 431
#define SYS_fsmount 432
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

/* linux/sched.h; libc's sched.h has the older flags */
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
#define CELL_CLONE_PIDFD 0x00001000ULL
#define CELL_CLONE_INTO_CGROUP 0x200000000ULL

struct sys_clone_args {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

/* linux/openat2.h */
#define SYS_RESOLVE_NO_XDEV 0x01ULL
#define SYS_RESOLVE_NO_MAGICLINKS 0x02ULL
#define SYS_RESOLVE_NO_SYMLINKS 0x04ULL
#define SYS_RESOLVE_BENEATH 0x08ULL
#define SYS_RESOLVE_IN_ROOT 0x10ULL
struct sys_open_how {
    uint64_t flags, mode, resolve;
};

/* linux/mount.h, under our own names, since libc versions disagree on who defines them */
enum { FS_SET_FLAG = 0, FS_SET_STRING = 1, FS_SET_FD = 5, FS_CREATE = 6 };
enum { TREE_CLONE = 1, TREE_CLOEXEC = O_CLOEXEC, TREE_RECURSIVE = 0x8000 };
enum { MOVE_FROM_EMPTY = 0x04, MOVE_TO_EMPTY = 0x40 };
enum {
    ATTR_RDONLY = 0x01,
    ATTR_NOSUID = 0x02,
    ATTR_NODEV = 0x04,
    ATTR_NOEXEC = 0x08,
    ATTR_NOATIME = 0x10,
    ATTR_STRICTATIME = 0x20,
    ATTR_ATIME = 0x70,
    ATTR_IDMAP = 0x00100000,
    /* of the kernel's MS_ flags, as mount_setattr takes them */
    PROPAGATE_UNBINDABLE = 1 << 17,
    PROPAGATE_PRIVATE = 1 << 18,
    PROPAGATE_SLAVE = 1 << 19,
    PROPAGATE_SHARED = 1 << 20,
};
struct sys_mount_attr {
    uint64_t set, clear, propagation, userns_fd;
};

/* linux/landlock.h of ABI 6 (Linux 6.12) */
enum {
    LAND_EXECUTE = 1,
    LAND_WRITE_FILE = 1 << 1,
    LAND_READ_FILE = 1 << 2,
    LAND_READ_DIR = 1 << 3,
    LAND_MAKE_BLOCK = 1 << 11,
    LAND_TRUNCATE = 1 << 14,
    LAND_FILES_2 = (1 << 14) - 1, /* all that ABI 2 knows */
    LAND_FILES_3 = (1 << 15) - 1,
    LAND_BIND_TCP = 1,            /* ABI 4 */
    LAND_SCOPE_ABSTRACT_SOCKETS = 1, /* ABI 6 */
    LAND_SCOPE_SIGNALS = 2,
    LAND_RULE_PATH_BENEATH = 1,
    LAND_ABI = 1,
};
struct sys_land_ruleset {
    uint64_t files, network, scoped;
};
struct sys_land_path {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

/* linux/stat.h */
enum { STATX_AS_KNOWN = 0x4000 /* AT_STATX_DONT_SYNC */, STATX_WANT_TYPE = 1 };
struct sys_statx {
    uint32_t mask, blksize;
    uint64_t attributes;
    uint32_t nlink, uid, gid;
    uint16_t mode, spare;
    uint64_t rest[28];
};

static inline int sys_statx(int dir, const char *path, unsigned flags, unsigned mask, struct sys_statx *about) {
    return (int)syscall(SYS_statx, dir, path, flags, mask, about);
}
static inline pid_t sys_clone3(struct sys_clone_args *args) {
    return (pid_t)syscall(SYS_clone3, args, sizeof *args);
}
static inline int sys_openat2(int dir, const char *path, struct sys_open_how *how) {
    return (int)syscall(SYS_openat2, dir, path, how, sizeof *how);
}
static inline int sys_pidfd_open(pid_t pid) {
    return (int)syscall(SYS_pidfd_open, pid, 0);
}
static inline int sys_pidfd_getfd(int pidfd, int fd) {
    return (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
}
static inline int sys_pidfd_send_signal(int pidfd, int signal_number) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal_number, NULL, 0);
}
static inline int sys_close_range(unsigned first, unsigned last, unsigned flags) {
    return (int)syscall(SYS_close_range, first, last, flags);
}
static inline int sys_open_tree(int dir, const char *path, unsigned flags) {
    return (int)syscall(SYS_open_tree, dir, path, flags);
}
static inline int sys_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags) {
    return (int)syscall(SYS_move_mount, from, from_path, to, to_path, flags);
}
static inline int sys_fsopen(const char *type) {
    return (int)syscall(SYS_fsopen, type, 1 /* FSOPEN_CLOEXEC */);
}
static inline int sys_fsconfig(int fs, unsigned command, const char *key, const void *value, int aux) {
    return (int)syscall(SYS_fsconfig, fs, command, key, value, aux);
}
static inline int sys_fsmount(int fs, unsigned attributes) {
    return (int)syscall(SYS_fsmount, fs, 1 /* FSMOUNT_CLOEXEC */, attributes);
}
static inline int sys_mount_setattr(int dir, const char *path, unsigned flags, struct sys_mount_attr *attr) {
    return (int)syscall(SYS_mount_setattr, dir, path, flags, attr, sizeof *attr);
}
/** @param ruleset NULL with the flag LAND_ABI: which version of the interface there is */
static inline int sys_land_ruleset(const struct sys_land_ruleset *ruleset, size_t size, unsigned flags) {
    return (int)syscall(SYS_landlock_create_ruleset, ruleset, size, flags);
}
static inline int sys_land_path(int ruleset, const struct sys_land_path *path) {
    return (int)syscall(SYS_landlock_add_rule, ruleset, LAND_RULE_PATH_BENEATH, path, 0);
}
static inline int sys_land_restrict(int ruleset) {
    return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}
static inline int sys_quotactl_fd(int fd, unsigned command, unsigned id, void *data) {
    return (int)syscall(SYS_quotactl_fd, fd, command, id, data);
}
static inline int sys_pivot_root(const char *new_root, const char *put_old) {
    return (int)syscall(SYS_pivot_root, new_root, put_old);
}
/* the raw calls: libc's versions would synchronise threads that do not exist */
static inline int sys_setresuid(uid_t uid) {
    return (int)syscall(SYS_setresuid, uid, uid, uid);
}
static inline int sys_setresgid(gid_t gid) {
    return (int)syscall(SYS_setresgid, gid, gid, gid);
}
static inline int sys_setgroups(size_t count, const gid_t *groups) {
    return (int)syscall(SYS_setgroups, count, groups);
}
