/*
 * Device programs of a guest, loaded and attached in its place. What a group of the guest's has is asked besides what the groups above it have, never instead
 * (security/devices.c attaches with BPF_F_ALLOW_MULTI), so it takes devices away and gives none.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "base/util.h"
#include "verbs/notify/device-program.h"

enum { DEPTH_MAX = 64, STATUS_MAX = 16 * 1024 };

static int sys_bpf(enum bpf_cmd command, union bpf_attr *attributes) {
    return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

/** The group of v2 that the container has as the root of its own; NULL where there is none. */
static const char *group_of(const struct groups *groups) {
    char path[PATH_MAX];
    for (unsigned i = groups->made_count; i-- > 0;)
        if (snprintf(path, sizeof path, "%s/cgroup.controllers", groups->made[i]) < (int)sizeof path && access(path, F_OK) == 0)
            return groups->made[i];
    return NULL;
}

/** The memory that a program takes is that of whoever loads it: from here on we are charged as the container is. */
static bool join_memory(const struct groups *groups) {
    char path[PATH_MAX];
    const char *group = group_of(groups);
    for (unsigned i = 0; i < groups->made_count; i++)
        if (snprintf(path, sizeof path, "%s/memory.limit_in_bytes", groups->made[i]) < (int)sizeof path && access(path, F_OK) == 0)
            return snprintf(path, sizeof path, "%s/tasks", groups->made[i]) < (int)sizeof path && write_control_file(AT_FDCWD, path, "0") == 0;
    if (group == NULL || snprintf(path, sizeof path, "%s/.bothy/cgroup.procs", group) >= (int)sizeof path)
        return false;
    /* a group that has handed its controllers down holds no process: then one of our own below it */
    snprintf(path, sizeof path, "%s/cgroup.procs", group);
    if (write_control_file(AT_FDCWD, path, "0") == 0)
        return true;
    snprintf(path, sizeof path, "%s/.bothy", group);
    (void)mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/.bothy/cgroup.procs", group);
    return write_control_file(AT_FDCWD, path, "0") == 0;
}

int give_device_program(const struct caller *caller, const struct bpf_insn *code, unsigned length, int *number) {
    union bpf_attr attributes = {
        .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
        .insn_cnt = length,
        .insns = (uintptr_t)code,
        .license = (uintptr_t) "",
        .prog_name = "guest_devices",
    };
    if (!join_memory(caller->container->groups))
        return EPERM;
    cleanup_fd int program = sys_bpf(BPF_PROG_LOAD, &attributes);
    if (program < 0)
        return errno;
    struct seccomp_notif_addfd add = {.id = caller->call->id, .srcfd = (uint32_t)program, .newfd_flags = O_CLOEXEC};
    *number = ioctl(caller->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
    return *number < 0 ? errno : 0;
}

/** The process whose descriptors the caller uses: a pidfd is of a process, and the caller may be another thread of it. */
static int open_process(const struct caller *caller) {
    char status[STATUS_MAX];
    if (read_small_file(caller->proc, "status", status, sizeof status) <= 0)
        return -1;
    const char *line = strstr(status, "\nTgid:");
    cleanup_fd int process = line == NULL ? -1 : sys_pidfd_open((pid_t)strtol(line + strlen("\nTgid:"), NULL, 10));
    /* the number was the caller's all the while */
    return process >= 0 && is_waiting(caller) ? steal_fd(&process) : -1;
}

static int take_descriptor(int process, uint32_t number) {
    const int fd = number > INT_MAX ? -1 : (int)syscall(SYS_pidfd_getfd, process, (int)number, 0);
    return fd >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? (close(fd), -1) : fd;
}

static bool is_group(int fd, struct stat *about) {
    struct statfs system;
    return fstatfs(fd, &system) == 0 && system.f_type == CGROUP2_SUPER_MAGIC && fstat(fd, about) == 0 && S_ISDIR(about->st_mode);
}

/**
 * Whether a folder is a group below the container's own. Groups of v2 cannot be moved, so it stays so. The way up stays within one mount: what a guest has mounted on a
 * group of its own, such as one of the host's that it was given as a disk, lies below that group in the tree of files, and not among groups.
 */
static bool is_below(int group, const char *container) {
    struct stat top, at;
    if (container == NULL || stat(container, &top) < 0 || !is_group(group, &at))
        return false;
    cleanup_fd int folder = fcntl(group, F_DUPFD_CLOEXEC, 0);
    for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
        const ino_t below = at.st_ino;
        struct sys_open_how up = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = SYS_RESOLVE_NO_XDEV};
        const int parent = folder < 0 ? -1 : sys_openat2(folder, "..", &up);
        close_owned(&folder);
        folder = parent;
        if (parent < 0 || !is_group(parent, &at) || at.st_ino == below)
            return false;
        if (at.st_ino == top.st_ino && at.st_dev == top.st_dev)
            return true;
    }
    return false;
}

int change_device_program(const struct caller *caller, enum bpf_cmd command, const union bpf_attr *asked) {
    cleanup_fd int process = open_process(caller);
    if (process < 0)
        return EPERM;
    cleanup_fd int group = take_descriptor(process, asked->target_fd);
    cleanup_fd int program = take_descriptor(process, asked->attach_bpf_fd);
    cleanup_fd int replaced = (asked->attach_flags & BPF_F_REPLACE) != 0 ? take_descriptor(process, asked->replace_bpf_fd) : -1;
    if (group < 0 || (program < 0 && command == BPF_PROG_ATTACH) || (replaced < 0 && (asked->attach_flags & BPF_F_REPLACE) != 0))
        return EBADF;
    if (!is_below(group, group_of(caller->container->groups)))
        return EPERM;
    union bpf_attr attributes = {
        .target_fd = (uint32_t)group,
        .attach_bpf_fd = (uint32_t)program,
        .attach_type = BPF_CGROUP_DEVICE,
        .attach_flags = asked->attach_flags,
        .replace_bpf_fd = replaced < 0 ? 0 : (uint32_t)replaced,
    };
    return sys_bpf(command, &attributes) < 0 ? errno : 0;
}
