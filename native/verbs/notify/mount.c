/*
 * mount(2) of a file system that the container's keys list, from a block device that the container has. All else is the kernel's. What lies on the device is the
 * guest's, and the host's kernel reads it: whoever sets the key has trusted the guest with that (docs/security.md).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/sys.h"
#include "base/util.h"
#include "kernel/mounts.h"
#include "verbs/notify/answer.h"
#include "verbs/notify/mount.h"

enum { TYPE_MAX = 32, DATA_MAX = 1024 };
enum { OTHER_KINDS = MS_REMOUNT | MS_BIND | MS_MOVE | MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE };

static const struct {
    unsigned long flag;
    unsigned attribute; /* of the mount */
    const char *option; /* of the file system */
} flags_known[] = {
    {MS_RDONLY, ATTR_RDONLY, "ro"},    {MS_NOSUID, ATTR_NOSUID, NULL},     {MS_NODEV, ATTR_NODEV, NULL},
    {MS_NOEXEC, ATTR_NOEXEC, NULL},    {MS_SYNCHRONOUS, 0, "sync"},        {MS_DIRSYNC, 0, "dirsync"},
    {MS_NOATIME, ATTR_NOATIME, NULL},  {MS_NODIRATIME, 0x80, NULL},        {MS_STRICTATIME, ATTR_STRICTATIME, NULL},
    {MS_RELATIME, 0, NULL},            {MS_SILENT, 0, NULL},
};

/* No option that names another file or device, which the host would look for, and none by which an error ends the host. */
static const char *const options_known[] = {
    "ro",           "rw",      "acl",     "noacl",     "user_xattr", "nouser_xattr", "discard",         "nodiscard",
    "data=ordered", "noload",  "nouuid",  "norecovery", "barrier",    "nobarrier",    "errors=continue", "errors=remount-ro",
};

static bool add_option(char *options, size_t size, const char *option) {
    const size_t length = strlen(options), added = strlen(option);
    if (length + added + 2 > size)
        return false;
    snprintf(options + length, size - length, "%s%s", length == 0 ? "" : ",", option);
    return true;
}

static bool is_known_option(const char *option) {
    for (size_t i = 0; i < COUNT_OF(options_known); i++)
        if (strcmp(option, options_known[i]) == 0)
            return true;
    return false;
}

bool read_mount_options(const char *type, unsigned long flags, char *data, char *options, size_t size, unsigned *attributes) {
    bool says_errors = false;
    /* a device node on it would be one of the host's */
    *attributes = ATTR_NODEV;
    *options = '\0';
    for (size_t i = 0; i < COUNT_OF(flags_known); i++) {
        if ((flags & flags_known[i].flag) == 0)
            continue;
        flags &= ~flags_known[i].flag;
        *attributes |= flags_known[i].attribute;
        if (flags_known[i].option != NULL && !add_option(options, size, flags_known[i].option))
            return false;
    }
    if (flags != 0)
        return false;
    for (char *option = next_part(&data, ','); option != NULL; option = next_part(&data, ',')) {
        if (*option == '\0')
            continue;
        if (!is_known_option(option) || !add_option(options, size, option))
            return false;
        says_errors = says_errors || strncmp(option, "errors=", 7) == 0;
    }
    /* what lies on an ext4 says what an error does; one of the choices ends the host */
    return says_errors || strncmp(type, "ext", 3) != 0 || add_option(options, size, "errors=remount-ro");
}

static bool is_listed(const struct interception *interception, const char *type) {
    for (unsigned i = 0; i < interception->filesystem_count; i++)
        if (strcmp(interception->filesystems[i], type) == 0)
            return true;
    return false;
}

/** Comes under the container's device rules: what it may not open is not opened for it. */
static bool join_device_rules(const struct groups *groups) {
    char path[PATH_MAX];
    if (groups->unguarded != 0)
        return false;
    for (unsigned i = 0; i < groups->made_count; i++) {
        if (snprintf(path, sizeof path, "%s/devices.list", groups->made[i]) >= (int)sizeof path || access(path, F_OK) < 0)
            continue;
        snprintf(path, sizeof path, "%s/tasks", groups->made[i]);
        return write_control_file(AT_FDCWD, path, "0") == 0;
    }
    /* of v2 the inner group, which may have handed its controllers down: then one of our own below it */
    for (unsigned i = groups->made_count; i-- > 0;) {
        if (snprintf(path, sizeof path, "%s/cgroup.controllers", groups->made[i]) >= (int)sizeof path - 16 || access(path, F_OK) < 0)
            continue;
        snprintf(path, sizeof path, "%s/cgroup.procs", groups->made[i]);
        if (write_control_file(AT_FDCWD, path, "0") == 0)
            return true;
        snprintf(path, sizeof path, "%s/.bothy", groups->made[i]);
        (void)mkdir(path, 0755);
        snprintf(path, sizeof path, "%s/.bothy/cgroup.procs", groups->made[i]);
        return write_control_file(AT_FDCWD, path, "0") == 0;
    }
    return false;
}

/** A block device that the container may open. @param name becomes the name by which we, and the kernel for us, find it */
static int open_device(const struct caller *caller, const char *path, bool readonly, int *device, char name[32]) {
    struct stat about;
    int error = resolve_as_caller(caller, &(struct place){.dir = AT_FDCWD, .path = path, .access = readonly ? R_OK : R_OK | W_OK}, device);
    if (error != 0)
        return error;
    if (fstat(*device, &about) < 0 || !S_ISBLK(about.st_mode))
        return ENOTBLK;
    if (!join_device_rules(caller->container->groups))
        return EPERM;
    snprintf(name, 32, "/proc/self/fd/%d", *device);
    cleanup_fd int opened = open(name, (readonly ? O_RDONLY : O_RDWR) | O_NONBLOCK | O_CLOEXEC);
    return opened < 0 ? errno : 0;
}

static int put_in_place(const struct caller *caller, int mount, int target) {
    if ((caller->container->what & INTERCEPT_MOUNT_SHIFT) != 0) {
        cleanup_fd int userns = openat(caller->proc, "ns/user", O_RDONLY | O_CLOEXEC);
        struct sys_mount_attr shift = {.set = ATTR_IDMAP, .userns_fd = (uint64_t)userns};
        if (userns < 0 || !is_waiting(caller) || sys_mount_setattr(mount, "", AT_EMPTY_PATH, &shift) < 0)
            return errno;
    }
    const int error = enter_callers_mounts(caller);
    if (error != 0)
        return error;
    return sys_move_mount(mount, "", target, "", MOVE_FROM_EMPTY | MOVE_TO_EMPTY) < 0 ? errno : 0;
}

struct verdict answer_mount(struct caller *caller) {
    const __u64 *arguments = caller->call->data.args;
    char type[TYPE_MAX], source[PATH_MAX], target[PATH_MAX], data[DATA_MAX] = "", options[DATA_MAX + 64], name[32];
    unsigned long flags = arguments[3];
    unsigned attributes;
    if ((flags & MS_MGC_MSK) == MS_MGC_VAL)
        flags &= ~(unsigned long)MS_MGC_MSK;
    if (!has_capability(caller, CAP_SYS_ADMIN) || (flags & OTHER_KINDS) != 0)
        return goes_on();
    if (read_string(caller, arguments[2], type, sizeof type) != 0 || !is_listed(caller->container, type))
        return goes_on();
    int error = read_string(caller, arguments[0], source, sizeof source);
    if (error == 0)
        error = read_string(caller, arguments[1], target, sizeof target);
    if (error == 0 && arguments[4] != 0)
        error = read_string(caller, arguments[4], data, sizeof data);
    if (error != 0)
        return result_of(error);
    if (!read_mount_options(type, flags, data, options, sizeof options, &attributes))
        return result_of(EINVAL);
    cleanup_fd int device = -1;
    cleanup_fd int place = -1;
    cleanup_fd int mounted = -1;
    error = resolve_as_caller(caller, &(struct place){.dir = AT_FDCWD, .path = target}, &place);
    if (error == 0)
        error = open_device(caller, source, (attributes & ATTR_RDONLY) != 0, &device, name);
    if (error != 0)
        return result_of(error);
    mounted = make_filesystem(type, name, *options == '\0' ? "-" : options, attributes);
    return result_of(mounted < 0 ? errno : put_in_place(caller, mounted, place));
}
