/* The label that processes of a container have, of AppArmor or SELinux: taken at the next exec, or at once by those that execute nothing; and that of its files. */
#pragma once

#include "wire/cell.h"

struct label {
    const char *text;    /* a profile of AppArmor, which may be a stack of several, or a context of SELinux; NULL for none */
    bool is_context;
    bool at_exec;        /* the process that wears it executes the command itself; our own reaper and helpers execute nothing */
    int fd;              /* by which it is asked for, opened on the host's /proc */
};

/* by which SELinux knows a file */
#define CONTEXT_ATTRIBUTE "security.selinux"

#define EMPTY_LABEL {.fd = -1}

/**
 * Opens what the label is asked for by, while the host's /proc is the one in sight: that of a guest may be any folder, which would take the words and do
 * nothing. To be called by the very process that wears it. @returns 0 or -1
 */
int open_label(struct cell *cell);
/** Takes the label, and what was opened for it is closed. A process that is cloned before it executes passes on what it asked for its next exec. @returns 0 or -1 */
int wear_label(struct cell *cell);

/**
 * Gives the root of a file system that was made for the container the context of its files, and so all that is made in there; nothing to do where it has none.
 * @param mount_fd of any kind. @returns 0, or -1 with errno
 */
int label_root(const struct cell *cell, int mount_fd);
