/* Resource limits and the out-of-memory score. */
#pragma once

#include "wire/cell.h"

/** Asks to be the last that the kernel ends when memory is short. Does nothing where that needs a privilege that is missing. Children inherit it. */
void shield_from_oom(void);
/** Takes back a score below zero, which a daemon's service or shield_from_oom gave: what a guest or a host program uses is ended like all else. */
void unshield_from_oom(void);
/** While still host root: raises hard limits where the request asks for more, and sets the score. @returns 0 or -1 */
int raise_limits(struct cell *cell);
/** As the last thing before the command: sets the limits as asked. Lowering needs no privilege. @returns 0 or -1 */
int set_limits(struct cell *cell);
