/* See seccomp.h. */
#include "security/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/util.h"
#include "wire/ops.h"

int host_seccomp(struct cell *cell, struct op *op) {
    const char *path = op->word[0];
    struct stat about;
    cleanup_fd int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &about) < 0)
        return fail(&cell->status, "seccomp", errno, path, "Cannot open the filter");
    size_t size = (size_t)about.st_size, step = sizeof(struct sock_filter);
    if (!S_ISREG(about.st_mode) || size == 0 || size % step != 0 || size / step > BPF_MAXINSNS)
        return fail(&cell->status, "seccomp", EINVAL, path, "Cannot use the file as a filter");
    free(cell->filter);
    cell->filter = must_alloc(size);
    cell->filter_length = (unsigned short)(size / step);
    if (read_all(file, cell->filter, size) < 0)
        return fail(&cell->status, "seccomp", errno, path, "Cannot read the filter");
    return 0;
}

int load_filter(struct cell *cell) {
    if (cell->filter == NULL)
        return 0;
    struct sock_fprog program = {.len = cell->filter_length, .filter = cell->filter};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
        return fail(&cell->status, "seccomp", errno, NULL, "Cannot load the filter");
    return 0;
}
