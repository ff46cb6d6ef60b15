/* The AppArmor profile that processes of a container have: taken at the next exec, or at once by those that execute nothing. */
#pragma once

#include "wire/cell.h"

struct label {
    const char *profile; /* may be a stack of several; NULL for none */
    bool at_exec;        /* the process that wears it executes the command itself; our own reaper and helpers execute nothing */
    int fd;              /* by which it is asked for, opened on the host's /proc */
};

#define EMPTY_LABEL {.fd = -1}

/**
 * Opens what the profile is asked for by, while the host's /proc is the one in sight: that of a guest may be any folder, which would take the words and do
 * nothing. To be called by the very process that wears it. @returns 0 or -1
 */
int open_label(struct cell *cell);
/** Takes the profile, and what was opened for it is closed. A process that is cloned before it executes passes on what it asked for its next exec. @returns 0 or -1 */
int wear_label(struct cell *cell);
