/* What a process of a container would have of the daemon that started the spawner, and has not. */
#pragma once

#include "wire/cell.h"

/**
 * By host root, in the process that becomes one of the container's: priorities, processors, limits, personality and the like as on a fresh system, and a session
 * keyring of its own. What needs a privilege that is missing stays. Comes before raise_limits. @returns 0
 */
int shed_inherited(struct cell *cell);
/**
 * By the container's root: a session keyring that belongs to it. Where its quota of keys is used up, the one of shed_inherited stays, which nobody else has either;
 * where the kernel has no keys there is nothing to share.
 */
void own_session_keyring(void);
