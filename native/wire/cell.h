/* A request as data: what the operations said, and the kernel objects made from it so far. */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/protocol.h"
#include "wire/status.h"

struct id_line {
    uint32_t inner, host, count;
};
struct id_map {
    struct id_line line[ID_LINES_MAX];
    unsigned count;
};

enum { GROUPS_MAX = 64 };

struct cell;
struct op;
struct proxy;
struct project_request;
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

struct root_source {
    enum { ROOT_NONE, ROOT_DIR, ROOT_OVERLAY } kind;
    const char *path;                /* ROOT_DIR */
    const char *upper, *work, *lower; /* ROOT_OVERLAY */
    bool readonly;
};

struct stream {
    enum { STREAM_NULL, STREAM_PIPE, STREAM_FILE } kind;
    const char *path;
    uint64_t max; /* STREAM_FILE: bytes that the file takes */
};

struct cell {
    struct status status;
    int conn;
    enum verb verb;

    /* the request; ops point into words, words into request */
    char *request;
    char **words;
    struct op *ops;
    unsigned op_count;

    const char *name, *control, *console_log;
    uint64_t console_max;
    struct id_map uids, gids;
    struct root_source root;
    bool net_host;

    /* the command */
    char **argv, **envp;
    unsigned argc, envc;
    const char *cwd, *home;
    uid_t uid;
    gid_t gid;
    gid_t groups[GROUPS_MAX]; /* besides gid */
    unsigned group_count;
    unsigned file_mode_mask;
    unsigned long personality;
    bool has_mask, reaper, no_new_privs, has_caps;
    uint64_t caps;
    struct sock_filter *filter;
    unsigned short filter_length;

    /* exec, file, net-state: the container entered; await: the process */
    pid_t target_pid;
    uint64_t target_start;
    int target_fd;
    struct stream stdio[3];
    bool has_tty;
    uint16_t tty_width, tty_height;

    /* file, run */
    char **file_words;
    const char *file_action, *run_at;

    /* remove */
    char *tree;

    /* proxy */
    struct proxy *proxy;

    /* project */
    struct project_request *project;

    /* guest-api */
    const char *upstream;

    /* the groups to remove, remembered beyond the request */
    char **made_groups;
    unsigned made_count;
    int unguarded; /* errno of device rules that could not be set; 0 when they are, or were not asked for */

    /* kernel objects */
    int control_fd, socket_fd, userns_fd, root_fd, cgroup_fd;
    int proc_fds; /* file: /proc/self/fd, opened before the identity changes */
    int null_fd;                         /* the host's /dev/null: stdio without a console */
    int peer;                            /* the handshake, either end */
    int mask_fd;                         /* C: the folder that masks of folders are clones of */
    int supervisor_peer;                 /* S's end of it, which C must not hold */
    int lock_count;                      /* S: how many mounts C has laid out */
    pid_t locker;                        /* S: the process that locked mounts, until it is reaped */
    bool network_ready;                  /* C: STEP_NETWORK has come */
    pid_t init;                          /* C, as S sees it; the process that entered, for exec */
    int init_fd;                         /* its pidfd */
    int console_master, console_slave;
};

static inline bool has_user_namespace(const struct cell *cell) {
    return cell->uids.count + cell->gids.count > 0;
}

/** Prepares an empty request on a connection. */
void cell_begin(struct cell *cell, int conn);
