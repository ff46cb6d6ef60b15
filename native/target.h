/* The running container that a request is about. */
#pragma once

#include "cell.h"

/** Holds the container's first process by pidfd, if the pid still is the process that was meant. @returns 0 or -1 */
int open_target(struct cell *cell);
