/* See seccomp.h. */
#include "security/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/util.h"
#include "security/command.h"
#include "wire/handshake.h"
#include "wire/ops.h"
#include "wire/request.h"

/* linux/seccomp.h of Linux 5.19 */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

int host_seccomp(struct cell *cell, struct op *op) {
    const char *path = op->word[0];
    struct stat about;
    cleanup_fd int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &about) < 0)
        return fail(&cell->status, "seccomp", errno, path, "Cannot open the filter");
    size_t size = (size_t)about.st_size, step = sizeof(struct sock_filter);
    if (!S_ISREG(about.st_mode) || size == 0 || size % step != 0 || size / step > BPF_MAXINSNS)
        return fail(&cell->status, "seccomp", EINVAL, path, "Cannot use the file as a filter");
    cell->command->filter = request_memory(cell, size);
    cell->command->filter_length = (unsigned short)(size / step);
    if (read_all(file, cell->command->filter, size) < 0)
        return fail(&cell->status, "seccomp", errno, path, "Cannot read the filter");
    return 0;
}

static bool hands_calls_over(const struct cell *cell) {
    for (unsigned short i = 0; i < cell->command->filter_length; i++)
        if (cell->command->filter[i].code == (BPF_RET | BPF_K) && cell->command->filter[i].k == SECCOMP_RET_USER_NOTIF)
            return true;
    return false;
}

/** What the filter hands over waits at a descriptor, which goes out before anything of the container runs here. */
static int load_with_listener(struct cell *cell, struct sock_fprog *program) {
    /* a call that has been received is not begun again when its caller takes a signal: it may have been done by then */
    long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, program);
    if (listener < 0 && errno == EINVAL)
        listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, program);
    if (listener < 0)
        return fail(&cell->status, "seccomp", errno, NULL, "Cannot load the filter that hands system calls over");
    cleanup_fd int fd = (int)listener;
    if (send_step(cell->command->peer, STEP_CALLS, 0, fd) < 0)
        return fail(&cell->status, "seccomp", errno, NULL, "Cannot hand the system calls out");
    return 0;
}

int load_filter(struct cell *cell) {
    if (cell->command->filter == NULL)
        return 0;
    struct sock_fprog program = {.len = cell->command->filter_length, .filter = cell->command->filter};
    if (hands_calls_over(cell))
        return load_with_listener(cell, &program);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
        return fail(&cell->status, "seccomp", errno, NULL, "Cannot load the filter");
    return 0;
}
