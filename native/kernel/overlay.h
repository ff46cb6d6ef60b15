/* A root that is an overlay. */
#pragma once

#include "wire/cell.h"

/** Creates the overlay that the request names and keeps it in cell->container->root_fd. @returns 0 or -1 */
int build_overlay(struct cell *cell);

enum overlay_way { OVERLAY_BY_DESCRIPTOR, OVERLAY_BY_PATH };
/** The same in one of the two ways, for the test of the one that this kernel does not need. */
int build_overlay_in_way(struct cell *cell, enum overlay_way way);
