/* A process that outlives the spawner it was forked from. */
#pragma once

#include "wire/cell.h"

/**
 * Leaves the spawner's session, folder and standard streams, so that neither its end nor a terminal's can reach what comes of this process. The standard
 * streams become the null device. @returns 0 or -1
 */
int detach(struct cell *cell);
