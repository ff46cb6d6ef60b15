/* Control groups: made and limited on the host side, joined by the process itself (docs/kernel.md, Control groups, tells why). */
#pragma once

#include "wire/cell.h"

struct groups {
    char **made; /* those to remove, remembered beyond the request */
    unsigned made_count;
    int into;      /* the v2 group that the container's process is born in; -1 for none */
    int unguarded; /* errno of device rules that could not be set; 0 when they are, or were not asked for */
};

#define EMPTY_GROUPS {.into = -1}

/** By the process that shall be in the v1 groups: writes itself into each of them. @returns 0 or -1 */
int join_groups(struct cell *cell);
/** Opens the group below cell's v2 group where processes can be put that the group itself may not hold. @returns 0 or -1 with errno */
int use_leaf_group(struct cell *cell);
