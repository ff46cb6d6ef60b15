/* See status.h. */
#include "wire/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/json.h"
#include "base/util.h"

enum { HANG_UP_S = 10 };

/* what there is to say when there is no memory to say more */
static char no_memory[] =
    "{\"error\":{\"phase\":\"memory\",\"op\":\"memory\",\"errno\":\"ENOMEM\",\"message\":\"Cannot go on: no memory is left\"}}\n";

#define E(name) {name, #name}
static const struct {
    int error;
    const char *name;
} errno_names[] = {
    E(E2BIG),       E(EACCES),      E(EADDRINUSE), E(EAGAIN),       E(EBADF),      E(EBADMSG),      E(EBUSY),
    E(ECHILD),      E(ECONNREFUSED), E(ECONNRESET), E(EDQUOT),      E(EEXIST),     E(EFAULT),       E(EFBIG),
    E(EINTR),       E(EINVAL),      E(EIO),        E(EISDIR),       E(ELOOP),      E(EMFILE),       E(EMLINK),
    E(EMSGSIZE),    E(ENAMETOOLONG), E(ENETDOWN),  E(ENFILE),       E(ENODATA),    E(ENODEV),       E(ENOENT),
    E(ENOEXEC),     E(ENOMEM),      E(ENOSPC),     E(ENOSYS),       E(ENOTCONN),   E(ENOTDIR),      E(ENOTEMPTY),
    E(EOPNOTSUPP),  E(ENOTTY),      E(ENXIO),      E(EOVERFLOW),    E(EPERM),      E(EPIPE),        E(EPROTO),
    E(EPROTONOSUPPORT), E(ERANGE),  E(EROFS),      E(ESRCH),        E(ESTALE),     E(ETIMEDOUT),    E(ETXTBSY),
    E(EUCLEAN),     E(EUSERS),      E(EXDEV),      E(EXFULL),       E(EADDRNOTAVAIL), E(EAFNOSUPPORT), E(ECANCELED),
    E(ENOBUFS),     E(ENETUNREACH), E(ENOTUNIQ),   E(EALREADY),     E(EDEADLK),    E(EDOM),        E(EKEYREJECTED),
    E(ENOTBLK),
};
#undef E

static const struct {
    const char *op; /* NULL: any */
    int error;
    const char *hint;
} hints[] = {
    {"mount", ENOSPC, "The number of mounts is limited, not the disk: raise /proc/sys/fs/mount-max."},
    {"bind", ENOSPC, "The number of mounts is limited, not the disk: raise /proc/sys/fs/mount-max."},
    {"disk", ENOSPC, "The number of mounts is limited, not the disk: raise /proc/sys/fs/mount-max."},
    {"disk", ENODEV, "The kernel does not know this type of file system."},
    {"disk", EACCES, "The device cannot be written to: make the disk read-only."},
    {"disk", EXDEV, "An absolute symlink does so wherever it leads."},
    {"disk-prefix", ELOOP, "There is a symlink in its path: name the folder that it leads to."},
    {"disk", EBUSY, "Something else uses the device, or it is mounted elsewhere with other options."},
    {"mount", ENODEV, "The kernel does not know this type of file system."},
    {"mount", EPERM, "A mask or read-only mount over the visible proc or sysfs forbids a fresh one inside a user namespace."},
    {"clone", ENOSPC, "The number of namespaces is limited: raise the values in /proc/sys/user."},
    {"clone", EUSERS, "The number of namespaces or their nesting is limited: see /proc/sys/user."},
    {"clone", EAGAIN, "The number of processes is limited, by RLIMIT_NPROC or a pids control group."},
    {"clone", EBUSY, "The control group hands its controllers to its children, so it cannot hold a process itself."},
    {"idmap-uid", EPERM, "The id range must be allowed to the caller, and each id be mapped once."},
    {"idmap-uid", EINVAL, "Ranges must not overlap."},
    {"idmap-gid", EINVAL, "Ranges must not overlap."},
    {"shift", EINVAL, "This file system cannot be mounted through an id map."},
    {"root-dir", EINVAL, "This file system cannot be mounted through an id map."},
    {"root-overlay", EINVAL, "The upper folder may lie on a file system that overlay refuses; the kernel log says why."},
    {"root-overlay", EROFS, "The kernel made the overlay read-only, as when the work folder cannot be written; the kernel log says why."},
    {"nic", EEXIST, "A name is free again only some milliseconds after its container ended; take a new one."},
    {"nic", EXFULL, "A bridge takes 1023 ports."},
    {"seccomp", EINVAL, "The kernel refuses this filter: it may be empty, cut, or too long."},
    {"rlimit", EPERM, "Raising a hard limit needs CAP_SYS_RESOURCE, which the helper does not have here."},
    {"oom-score-adj", EACCES, "Lowering the score needs CAP_SYS_RESOURCE, which the helper does not have here."},
    {"cgroup-write", EBUSY, "The group has processes or children that stand in the way of this value."},
    {"cgroup-make", EBUSY, "A group of this name still has processes."},
    {"control", EBUSY, "Another supervisor uses this folder: the container is running."},
    {"control", EADDRINUSE, "A proxy that lives listens there; end it first."},
    {"proxy-listen", EADDRINUSE, "Another program listens there, or a file that is no socket has this name."},
    {"proxy-listen", EADDRNOTAVAIL, "No interface has this address."},
    {NULL, EMFILE, "The limit of open files of the helper is reached."},
    {NULL, ENFILE, "The system's limit of open files is reached."},
};

const char *errno_name(int error) {
    for (size_t i = 0; i < COUNT_OF(errno_names); i++)
        if (errno_names[i].error == error)
            return errno_names[i].name;
    return "EUNKNOWN";
}

static const char *find_hint(const char *op, int error) {
    for (size_t i = 0; i < COUNT_OF(hints); i++)
        if (hints[i].error == error && (hints[i].op == NULL || strcmp(hints[i].op, op) == 0))
            return hints[i].hint;
    return NULL;
}

int fail(struct status *status, const char *op, int error, const char *path, const char *message, ...) {
    if (status->error != NULL)
        return -1;
    char text[1024], where[1024];
    va_list arguments;
    va_start(arguments, message);
    vsnprintf(text, sizeof text, message, arguments);
    va_end(arguments);

    struct json json = {.fd = -1};
    json_raw(&json, "{\"error\":{");
    json_string_field(&json, "phase", status->phase != NULL ? status->phase : "request");
    json_string_field(&json, "op", op);
    json_string_field(&json, "errno", errno_name(error));
    /* cut, so that the line stays within ERROR_LINE_MAX however it is escaped */
    if (path != NULL && snprintf(where, sizeof where, "%s", path) >= 0)
        json_string_field(&json, "path", where);
    json_string_field(&json, "message", text);
    const char *hint = find_hint(op, error);
    if (hint != NULL)
        json_string_field(&json, "hint", hint);
    json_raw(&json, "}}");
    if (json_finish(&json) < 0)
        free(json.text);
    status->error = json.failed ? no_memory : json.text;
    return -1;
}

int fail_with_line(struct status *status, const char *line) {
    if (status->error == NULL) {
        status->error = strdup(line);
        if (status->error == NULL)
            status->error = no_memory;
    }
    return -1;
}

void forget_error(struct status *status) {
    if (status->error != no_memory)
        free(status->error);
    status->error = NULL;
}

void answer_error(const struct status *status, int fd) {
    if (status->error == NULL)
        return;
    /* a caller that has left already has no use for the answer */
    if (write(fd, status->error, strlen(status->error)) < 0 || shutdown(fd, SHUT_WR) < 0)
        return;
    struct timeval limit = {.tv_sec = HANG_UP_S};
    char discarded[4096];
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    while (read(fd, discarded, sizeof discarded) > 0)
        ;
}
