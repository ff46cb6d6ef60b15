/* See sealed.h. */
#include "base/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/util.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

#define COPY_NAME "bothy-cell"

extern char **environ;

static bool is_sealed_copy(void) {
    char path[64];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length < 0)
        return false;
    path[length] = '\0';
    return strncmp(path, "/memfd:" COPY_NAME, strlen("/memfd:" COPY_NAME)) == 0;
}

/** @returns a sealed memory file with this program's bytes, or -1 */
static int make_copy(void) {
    cleanup_fd int program = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct stat about;
    if (program < 0 || fstat(program, &about) < 0)
        return -1;
    int copy = memfd_create(COPY_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    /* before Linux 6.3 the flag is not known, and every memory file can be executed */
    if (copy < 0 && errno == EINVAL)
        copy = memfd_create(COPY_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    cleanup_fd int owned = copy;
    for (off_t left = about.st_size; copy >= 0 && left > 0;) {
        ssize_t moved = sendfile(copy, program, NULL, (size_t)left);
        if (moved <= 0)
            return -1;
        left -= moved;
    }
    if (copy < 0 || fcntl(copy, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
        return -1;
    return steal_fd(&owned);
}

bool run_from_sealed_copy(char **argv) {
    if (is_sealed_copy())
        return true;
    cleanup_fd int copy = make_copy();
    /* without the daemon's environment: the first process of a container may be this program itself, and its root may look */
    char *const nothing[] = {NULL};
    if (copy >= 0)
        syscall(SYS_execveat, copy, "", argv, nothing, AT_EMPTY_PATH);
    for (char **entry = environ; *entry != NULL; entry++)
        memset(*entry, 0, strlen(*entry));
    return false;
}
