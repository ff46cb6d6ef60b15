/* Requests: what read_request() makes of a frame, and each verb's own look at what was read. Nothing is made or touched. */
#include <sys/socket.h>
#include <unistd.h>

#include "base/util.h"
#include "fuzz/fuzz.h"
#include "wire/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int ends[2];
    struct cell cell;
    if (size > FRAME_MAX || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return 0;
    if (write_all(ends[1], data, size) < 0)
        __builtin_trap();
    close(ends[1]);
    cell_begin(&cell, ends[0]);
    int result = read_request(&cell);
    /* one that is refused has an error, and an accepted one has none */
    if ((result < 0) != (cell.status.error != NULL))
        __builtin_trap();
    release_request(&cell);
    forget_error(&cell.status);
    close(ends[0]);
    return 0;
}
