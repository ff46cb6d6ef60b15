/* See await.h. */
#include "verbs/await.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "base/util.h"
#include "kernel/target.h"
#include "wire/request.h"

enum { PROCESS, CALLER, POLLED };

void begin_await(struct cell *cell, size_t room) {
    (void)room;
    cell->target = request_memory(cell, sizeof *cell->target);
    *cell->target = (struct target)EMPTY_TARGET;
}

/** Sleeps until the process has ended or the caller has left, whatever wakes it in between. @returns whether the process has ended */
static bool outlasts(int process, int caller) {
    struct pollfd polled[POLLED] = {[PROCESS] = {.fd = process, .events = POLLIN}, [CALLER] = {.fd = caller, .events = POLLIN}};
    for (;;) {
        char byte;
        if (poll(polled, POLLED, -1) < 0)
            continue;
        if (polled[PROCESS].revents != 0)
            return true;
        if (polled[CALLER].revents != 0 && read(caller, &byte, 1) <= 0)
            return false;
    }
}

void serve_await(struct cell *cell) {
    cell->status.phase = "target";
    if (open_target(cell) < 0) {
        answer_error(&cell->status, cell->conn);
        return;
    }
    set_title("bothy await", "");
    int process = cell->target->fd;
    release_request(cell);
    if (dprintf(cell->conn, "{\"awaiting\":{}}\n") < 0)
        return;
    if (outlasts(process, cell->conn))
        dprintf(cell->conn, "{\"ended\":{}}\n");
}
