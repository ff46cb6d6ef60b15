/* The last steps of a process that becomes a command: privileges only fall here, then it executes. */
#pragma once

#include <linux/filter.h>

#include "wire/cell.h"

enum { GROUPS_MAX = 64 };

/* What a process is to execute, and as whom. */
struct command {
    char **argv, **envp;
    unsigned argc, envc;
    const char *cwd, *home;
    uid_t uid;
    gid_t gid;
    gid_t groups[GROUPS_MAX]; /* besides gid */
    unsigned group_count;
    unsigned file_mode_mask;
    unsigned long personality;
    bool has_mask, no_new_privs, has_caps;
    uint64_t caps;
    struct sock_filter *filter;
    unsigned short filter_length;
    int peer; /* the handshake with whoever makes the process, either end; -1 before */
};

/** Prepares one of which nothing is said. @param room of the lists of arguments and environment */
struct command *begin_command(struct cell *cell, struct command *command, size_t room);

/* where a program without a slash in its name is looked for, when its environment does not say */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/**
 * Makes 0, 1 and 2 the given descriptors, and closes all others but the handshake and another one, so that neither a working folder nor a program can be
 * reached through a host descriptor by /proc/self/fd, nor the host by who sees the process.
 * @param other may be NULL; its number changes, as that of the handshake does
 * @returns 0 or -1
 */
int keep_only(struct cell *cell, const int stdio[3], int *other);
/** Without supplementary groups, the group and the user that the request says. @returns 0 or -1 */
int become_user(struct cell *cell);
/** Bounding set, no_new_privs, filter, groups and ids, sets, limits, umask, signal of the parent's death, working folder. @returns 0 or -1 */
int drop_privileges(struct cell *cell);
/** Says EXECUTING and executes; when that fails says NOT_EXECUTED and leaves with 127 or 126. */
_Noreturn void execute(struct cell *cell);
