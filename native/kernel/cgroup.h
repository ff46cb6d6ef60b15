/* Control groups: made and limited on the host side, joined by the process itself (docs/kernel.md, Control groups, tells why). */
#pragma once

#include "wire/cell.h"

/** By the process that shall be in the v1 groups: writes itself into each of them. @returns 0 or -1 */
int join_groups(struct cell *cell);
/** Opens the group below cell's v2 group where processes can be put that the group itself may not hold. @returns 0 or -1 with errno */
int use_leaf_group(struct cell *cell);
