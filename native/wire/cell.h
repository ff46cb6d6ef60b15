/*
 * A request as data. What every one has is here. What only some have are parts, each declared in the file of its subject: a verb hangs in those that its requests
 * have, before the first operation is read, and an operation takes those that it is about (wire/ops.c says which verbs know it).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/protocol.h"
#include "wire/status.h"

struct cell;
struct op;
typedef int (*op_function)(struct cell *cell, struct op *op);

struct op_kind {
    const char *name;
    unsigned char arguments;
    unsigned short verbs; /* the verbs that know it */
    op_function take;    /* checks its words and records them; touches nothing */
    op_function host;    /* on the host side, in the caller's namespaces, in the order given */
    op_function inside;  /* by the container's first process, as the container's root, in the order given */
};

struct op {
    const struct op_kind *kind;
    char **word; /* its arguments */
    int fd;      /* what the host side made for the inner side; -1 for nothing */
    unsigned flags;
    bool is_open;   /* a mount whose file system was made, or is optional and could not be */
    bool is_locked; /* one that is locked, since parts of it are covered */
};

struct cell {
    struct status status;
    int conn;
    enum verb verb;

    /* the request: ops point into words, words into what was read */
    char **words;
    struct op *ops;
    unsigned op_count;
    const char *name;     /* of the container, for who lists processes; NULL when it is not said */
    struct block *memory; /* all that request_memory() gave */

    /* the parts; NULL where the verb has none of the kind */
    struct container *container; /* kernel/container.h */
    struct root_source *root;    /* kernel/rootfs.h */
    struct target *target;       /* kernel/target.h */
    struct groups *groups;       /* kernel/cgroup.h */
    struct network *network;     /* kernel/network.h */
    struct command *command;     /* security/command.h */
    struct console_log *console; /* stdio/console.h */
    struct control *control;     /* wire/control.h */
    struct label *label;         /* security/label.h */
    void *own;                   /* what no other verb has; start_of() and the like give it its type */
};
