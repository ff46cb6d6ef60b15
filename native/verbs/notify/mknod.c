/*
 * mknod(2) and mknodat(2) of device nodes that every container has anyway. The filter hands over no others; whiteouts (0:0) need none of this, since the kernel
 * lets everybody make them.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "base/child.h"
#include "base/sys.h"
#include "base/util.h"
#include "verbs/notify/answer.h"
#include "wire/ops.h"

static bool is_allowed(dev_t device) {
    const dev_t allowed[] = {makedev(1, 3), makedev(1, 5), makedev(1, 7), makedev(1, 8), makedev(1, 9), makedev(5, 0)};
    for (size_t i = 0; i < COUNT_OF(allowed); i++)
        if (device == allowed[i])
            return true;
    return false;
}

/* In the place of the caller, with descriptors and memory of the answerer: files belong to it. */

struct making {
    const struct caller *caller;
    int folder; /* in which the caller may make entries */
    const char *name;
    mode_t mode;
    dev_t device;
    pid_t answerer;
    int file, error;
};

static int make_node(void *context) {
    struct making *self = context;
    self->error = make_files_as_caller(self->caller, CAP_BIT(CAP_MKNOD) | (self->caller->caps & CAP_BIT(CAP_DAC_OVERRIDE)));
    end_with(self->answerer);
    if (self->error == 0 && mknodat(self->folder, self->name, self->mode, self->device) < 0)
        self->error = errno;
    return 0;
}

static int make_file(void *context) {
    struct making *self = context;
    self->error = make_files_as_caller(self->caller, self->caller->caps & CAP_BIT(CAP_DAC_OVERRIDE));
    if (self->error != 0)
        return 0;
    end_with(self->answerer);
    self->file = openat(self->folder, self->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, self->mode & 0777);
    self->error = self->file < 0 ? errno : 0;
    return 0;
}

static int as_caller(int (*make)(void *), struct making *making) {
    making->error = EIO;
    making->answerer = getpid();
    const pid_t pid = lend_child(make, making, CLONE_VM | CLONE_FILES);
    if (pid < 0)
        return EAGAIN;
    reap_child(pid);
    return making->error;
}

/* Where the node cannot be opened. */

/** Whether the node that was just made can be opened: not in a file system that was mounted in a user namespace. */
static bool opens_node(const struct making *making) {
    char path[32];
    struct stat about;
    cleanup_fd int node = openat(making->folder, making->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    /* the caller's own doing: it is there, or was */
    if (node < 0 || fstat(node, &about) < 0 || !S_ISCHR(about.st_mode) || about.st_rdev != making->device)
        return true;
    snprintf(path, sizeof path, "/proc/self/fd/%d", node);
    cleanup_fd int opened = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return opened >= 0 || errno != EACCES;
}

/** A mount of a node that nobody has yet, the caller's by owner and mode. @returns a descriptor or -1 */
static int fresh_node(const struct making *making) {
    const struct caller *caller = making->caller;
    char major_number[16], minor_number[16], mode[16], uid[16], gid[16];
    char *words[] = {"c", major_number, minor_number, mode, uid, gid, "node"};
    struct op op = {.word = words, .fd = -1};
    uint32_t inner_uid, inner_gid;
    if (!inner_id(&caller->container->uids, caller->uid, &inner_uid) || !inner_id(&caller->container->gids, caller->gid, &inner_gid))
        return -1;
    snprintf(major_number, sizeof major_number, "%u", major(making->device));
    snprintf(minor_number, sizeof minor_number, "%u", minor(making->device));
    snprintf(mode, sizeof mode, "%o", making->mode & 0777 & ~caller->umask);
    snprintf(uid, sizeof uid, "%u", inner_uid);
    snprintf(gid, sizeof gid, "%u", inner_gid);
    struct container container = {.uids = caller->container->uids, .gids = caller->container->gids, .userns_fd = -1, .root_fd = -1};
    struct cell cell = {.conn = -1, .container = &container};
    return host_node(&cell, &op) < 0 ? -1 : op.fd;
}

/** An empty file, and a node mounted on it: one of the file's own file system would be of no use. */
static int mount_node(struct making *making) {
    if (atomic_fetch_add(&making->caller->shared->mounted_nodes, 1) >= MOUNTED_NODES_MAX) {
        atomic_fetch_sub(&making->caller->shared->mounted_nodes, 1);
        return ENOSPC;
    }
    cleanup_fd int node = fresh_node(making);
    if (node < 0)
        return EPERM;
    int error = as_caller(make_file, making);
    if (error == 0)
        error = enter_callers_mounts(making->caller);
    if (error == 0 && sys_move_mount(node, "", making->file, "", MOVE_FROM_EMPTY | MOVE_TO_EMPTY) < 0)
        error = errno;
    return error;
}

static int make(struct making *making) {
    struct statvfs about;
    if (fstatvfs(making->folder, &about) < 0)
        return errno;
    if ((about.f_flag & ST_NODEV) != 0)
        return mount_node(making);
    const int error = as_caller(make_node, making);
    if (error != 0 || opens_node(making))
        return error;
    return unlinkat(making->folder, making->name, 0) < 0 ? errno : mount_node(making);
}

struct verdict answer_mknod(struct caller *caller) {
    const struct seccomp_data *data = &caller->call->data;
    const bool has_dir = caller->form == CALL_AT;
    const __u64 *arguments = data->args + (has_dir ? 1 : 0);
    const mode_t mode = (mode_t)(arguments[1] & 0xffff);
    const dev_t device = makedev(arguments[2] >> 8 & 0xfff, (arguments[2] & 0xff) | (arguments[2] >> 12 & 0xfff00));
    char path[PATH_MAX];
    if (!S_ISCHR(mode) || !is_allowed(device) || !has_capability(caller, CAP_MKNOD))
        return goes_on();
    int error = read_string(caller, arguments[0], path, sizeof path);
    if (error != 0)
        return result_of(error);
    char *slash = strrchr(path, '/');
    char name[NAME_MAX + 1];
    const char *last = slash != NULL ? slash + 1 : path;
    if (strlen(last) > NAME_MAX)
        return result_of(ENAMETOOLONG);
    strcpy(name, last);
    /* the kernel knows what to say of these */
    if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return goes_on();
    if (slash == NULL)
        strcpy(path, ".");
    else
        slash[1] = '\0';
    cleanup_fd int folder = -1;
    error = resolve_as_caller(caller, &(struct place){.dir = has_dir ? (int)data->args[0] : AT_FDCWD, .path = path, .is_folder = true, .access = W_OK | X_OK}, &folder);
    struct making making = {.caller = caller, .folder = folder, .name = name, .mode = mode, .device = device, .file = -1};
    return result_of(error != 0 ? error : make(&making));
}
