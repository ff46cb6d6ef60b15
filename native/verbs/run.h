/* Verb run: a host program, with a container's file system mounted if it wants one. */
#pragma once

#include "wire/cell.h"

void serve_run(struct cell *cell);
