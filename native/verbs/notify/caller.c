/* The caller of a call: who it is, and its memory. See answer.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/util.h"
#include "verbs/notify/answer.h"

enum { PAGE = 4096, STATUS_MAX = 16 * 1024 };

bool is_waiting(const struct caller *caller) {
    return ioctl(caller->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &caller->call->id) == 0;
}

static const char *line_of(const char *status, const char *name) {
    const char *line = strstr(status, name);
    return line != NULL ? line + strlen(name) : "";
}

/** Ids as the host sees them: we are in its user namespace. */
static bool read_identity(struct caller *caller, const char *status) {
    unsigned long long caps = 0;
    if (sscanf(line_of(status, "\nUid:"), "%*u %*u %*u %u", &caller->uid) != 1 || sscanf(line_of(status, "\nGid:"), "%*u %*u %*u %u", &caller->gid) != 1 ||
        sscanf(line_of(status, "\nCapEff:"), "%llx", &caps) != 1 || sscanf(line_of(status, "\nUmask:"), "%o", &caller->umask) != 1)
        return false;
    caller->caps = caps;
    const char *at = line_of(status, "\nGroups:");
    int read = 0;
    gid_t group;
    for (caller->group_count = 0; sscanf(at, "%*[ \t]%u%n", &group, &read) == 1; at += read) {
        /* with fewer groups it may do less, or more where one is denied: so it may do nothing */
        if (caller->group_count == CALLER_GROUPS_MAX)
            return false;
        caller->groups[caller->group_count++] = group;
    }
    return true;
}

static bool is_same_namespace(const struct caller *caller, const char *name) {
    char path[48];
    struct stat theirs, ours;
    snprintf(path, sizeof path, "/proc/%d/ns/%s", (int)caller->container->init, name);
    return stat(path, &ours) == 0 && fstatat(caller->proc, name[0] == 'u' ? "ns/user" : "ns/mnt", &theirs, 0) == 0 && ours.st_ino == theirs.st_ino &&
           ours.st_dev == theirs.st_dev;
}

int open_caller(struct caller *caller) {
    char path[32];
    snprintf(path, sizeof path, "/proc/%u", caller->call->pid);
    caller->proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return caller->proc < 0 ? -1 : examine_caller(caller);
}

int examine_caller(struct caller *caller) {
    char status[STATUS_MAX];
    caller->mem = openat(caller->proc, "mem", O_RDWR | O_CLOEXEC);
    if (caller->mem < 0 || read_small_file(caller->proc, "status", status, sizeof status) <= 0 || !read_identity(caller, status))
        return -1;
    caller->is_of_container = is_same_namespace(caller, "user");
    /* the number was the caller's all the while, so what was opened by it is the caller's */
    return is_waiting(caller) ? 0 : -1;
}

bool has_capability(const struct caller *caller, int number) {
    return caller->is_of_container && (caller->caps >> number & 1) != 0;
}

int read_memory(const struct caller *caller, uint64_t address, void *data, size_t size) {
    if (pread(caller->mem, data, size, (off_t)address) != (ssize_t)size)
        return EFAULT;
    return is_waiting(caller) ? 0 : EINTR;
}

int write_memory(const struct caller *caller, uint64_t address, const void *data, size_t size) {
    if (!is_waiting(caller))
        return EINTR;
    return pwrite(caller->mem, data, size, (off_t)address) == (ssize_t)size ? 0 : EFAULT;
}

int read_string(const struct caller *caller, uint64_t address, char *text, size_t size) {
    size_t length = 0;
    while (length < size) {
        /* what lies behind the string may not be there to read */
        size_t part = PAGE - (address + length) % PAGE;
        if (part > size - length)
            part = size - length;
        const ssize_t got = pread(caller->mem, text + length, part, (off_t)(address + length));
        if (got <= 0)
            return EFAULT;
        if (memchr(text + length, '\0', (size_t)got) != NULL)
            return is_waiting(caller) ? 0 : EINTR;
        length += (size_t)got;
    }
    return ENAMETOOLONG;
}
