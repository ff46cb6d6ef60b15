/* Settings of a container's namespaces that are made before its mounts are where they belong. */
#pragma once

#include "wire/cell.h"

/** First process: writes all sysctls, in the fresh proc, where nothing is read-only yet; waits for the network first where one is of it. @returns 0 or -1 */
int set_sysctls(struct cell *cell);
