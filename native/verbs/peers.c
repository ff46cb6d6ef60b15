/*
 * See peers.h. Node cannot ask for SO_PEERCRED. The caller names descriptors of its own; each is looked at through a copy, which pidfd_getfd(2) takes from the process
 * that made this connection and from no other.
 */
#include "verbs/peers.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/sys.h"
#include "base/util.h"
#include "wire/commands.h"
#include "wire/request.h"

struct asker {
    int conn;
    int process; /* pidfd */
};

static void answer(const char *line, void *context) {
    const struct asker *asker = context;
    struct ucred peer;
    socklen_t size = sizeof peer;
    uint64_t number;
    if (!parse_number(line, INT_MAX, &number)) {
        dprintf(asker->conn, "{\"errno\":%d}\n", EINVAL);
        return;
    }
    cleanup_fd int copy = sys_pidfd_getfd(asker->process, (int)number);
    if (copy < 0 || getsockopt(copy, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        dprintf(asker->conn, "{\"errno\":%d}\n", errno);
    else
        dprintf(asker->conn, "{\"uid\":%u}\n", (unsigned)peer.uid);
}

void serve_peers(struct cell *cell) {
    struct ucred caller;
    socklen_t size = sizeof caller;
    cleanup_fd int process = -1;
    cell->status.phase = "target";
    if (getsockopt(cell->conn, SOL_SOCKET, SO_PEERCRED, &caller, &size) == 0)
        process = sys_pidfd_open(caller.pid);
    if (process < 0) {
        fail(&cell->status, "peers", errno, NULL, "Cannot open the process that asks");
        answer_error(&cell->status, cell->conn);
        return;
    }
    set_title("bothy peers", "");
    struct asker asker = {.conn = cell->conn, .process = process};
    struct command_reader reader = {.length = 0};
    release_request(cell);
    if (dprintf(cell->conn, "{\"ready\":{}}\n") < 0)
        return;
    struct pollfd polled = {.fd = cell->conn, .events = POLLIN};
    int result = 1;
    while (result > 0)
        if (poll(&polled, 1, -1) > 0)
            result = read_commands(&reader, cell->conn, answer, &asker);
}
