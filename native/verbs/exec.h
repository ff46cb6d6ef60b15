/* Verb exec. */
#pragma once

#include "kernel/cgroup.h"
#include "kernel/container.h"
#include "kernel/target.h"
#include "security/command.h"
#include "security/label.h"
#include "stdio/streams.h"
#include "wire/control.h"

struct exec_request {
    struct container container;
    struct target target;
    struct groups groups;
    struct command command;
    struct label label;
    struct stdio stdio;
    struct control control; /* of the container that is entered: where its supervisor takes system calls to answer */
};

static inline struct exec_request *exec_of(const struct cell *cell) {
    return cell->own;
}

void begin_exec(struct cell *cell, size_t room);
/** Runs a process in a running container and stays until it has ended. */
void serve_exec(struct cell *cell);
