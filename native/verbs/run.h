/* Verb run: a host program, with a container's file system mounted if it wants one. */
#pragma once

#include "kernel/container.h"
#include "kernel/rootfs.h"
#include "security/command.h"

struct run_request {
    struct container container;
    struct root_source root;
    struct command command; /* of which only the arguments are said */
    const char *at;         /* where the root is mounted */
    const char *input;      /* what the program reads; none when NULL */
    bool keeps_output;      /* what it prints is the caller's */
};

static inline struct run_request *run_of(const struct cell *cell) {
    return cell->own;
}

void begin_run(struct cell *cell, size_t room);
void serve_run(struct cell *cell);
