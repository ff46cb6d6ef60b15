/* See detach.h. */
#include "base/detach.h"

#include <errno.h>
#include <fcntl.h>

#include "base/util.h"

int detach(struct cell *cell) {
    setsid();
    cleanup_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return fail(&cell->status, "supervisor", errno, "/dev/null", "Cannot open the null device");
    for (int fd = 0; fd <= 2; fd++)
        if (dup2(null, fd) < 0)
            return fail(&cell->status, "supervisor", errno, NULL, "Cannot leave the spawner's descriptors");
    if (chdir("/") < 0)
        return fail(&cell->status, "supervisor", errno, "/", "Cannot leave the spawner's folder");
    return 0;
}
