/* Verb start. */
#pragma once

#include "kernel/container.h"
#include "kernel/network.h"
#include "kernel/rootfs.h"
#include "security/command.h"
#include "security/label.h"
#include "verbs/start/supervise.h"

struct start_request {
    struct container container;
    struct root_source root;
    struct network network;
    struct command command;
    struct label label;
    bool has_reaper;        /* the first process is our own, and the command its child */
    struct supervised made; /* what stays of all this: groups, console and control are parts of the request as well */
    int supervisor_peer;    /* S's end of the handshake, which C must not hold */
};

static inline struct start_request *start_of(const struct cell *cell) {
    return cell->own;
}

void begin_start(struct cell *cell, size_t room);
/** Makes the container and, in this process, supervises it until it ends. */
void serve_start(struct cell *cell);
