/* See hand-over.h. */
#include "verbs/notify/hand-over.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/util.h"
#include "wire/control.h"
#include "wire/handshake.h"

enum { SUPERVISOR_TIMEOUT_MS = 10000 };

static int fail_here(struct cell *cell, int error) {
    return fail(&cell->status, "seccomp", error, NULL,
                error == EMFILE ? "Cannot have the process's system calls answered: too many processes that entered the container are there"
                                : "Cannot have the process's system calls answered: the container's supervisor does not take them");
}

int hand_calls_over(struct cell *cell, int listener) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    cleanup_free struct message *message = new_message();
    cleanup_fd int owned = listener;
    cleanup_fd int folder = cell->control->path == NULL ? -1 : open(cell->control->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup_fd int supervisor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (folder < 0 || supervisor < 0)
        return fail_here(cell, cell->control->path == NULL ? EINVAL : errno);
    /* an address holds 108 bytes */
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/calls", folder);
    if (connect(supervisor, (struct sockaddr *)&address, sizeof address) < 0 || send_step(supervisor, STEP_CALLS, 0, owned) < 0 ||
        receive_step(supervisor, message, SUPERVISOR_TIMEOUT_MS) < 0)
        return fail_here(cell, errno);
    if (message->fd >= 0)
        close(message->fd);
    return message->step == STEP_CALLS && message->number == 0 ? 0 : fail_here(cell, message->step == STEP_CALLS ? message->number : EPIPE);
}
