/* The last steps of a process that becomes a command: privileges only fall here, then it executes. */
#pragma once

#include "cell.h"

/**
 * Makes 0, 1 and 2 the given descriptors, and closes all others but cell->peer, so that neither a working folder nor a program can be
 * reached through a host descriptor by /proc/self/fd.
 * @returns 0 or -1
 */
int keep_only_stdio(struct cell *cell, const int stdio[3]);
/** Bounding set, no_new_privs, filter, groups and ids, sets, limits, umask, signal of the parent's death, working folder. @returns 0 or -1 */
int drop_privileges(struct cell *cell);
/** Says EXECUTING and executes; when that fails says NOT_EXECUTED and leaves with 127 or 126. */
_Noreturn void execute(struct cell *cell);
