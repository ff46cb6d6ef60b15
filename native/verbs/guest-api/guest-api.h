/* Verb guest-api: a process that stands between the programs of one container and the daemon (/dev/lxd/sock inside). */
#pragma once

#include "kernel/container.h"
#include "kernel/target.h"
#include "wire/control.h"

struct guest_request {
    struct container container; /* of which only the ids are said */
    struct target target;       /* said after the request, when there is one */
    struct control control;
    const char *upstream; /* the daemon's socket */
};

static inline struct guest_request *guest_of(const struct cell *cell) {
    return cell->own;
}

void begin_guest_api(struct cell *cell, size_t room);

void serve_guest_api(struct cell *cell);
