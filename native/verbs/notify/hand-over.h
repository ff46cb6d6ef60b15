/* The system calls of a process that enters a container go to the helper of that container. */
#pragma once

#include "wire/cell.h"

/** Gives a listener to the container's supervisor. @param listener closed in any case @returns 0 or -1 */
int hand_calls_over(struct cell *cell, int listener);
