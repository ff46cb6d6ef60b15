/* Verb exec. */
#pragma once

#include "wire/cell.h"

/** Runs a process in a running container and stays until it has ended. */
void serve_exec(struct cell *cell);
