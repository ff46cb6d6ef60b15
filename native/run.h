/* Verb run: a host program with a container's file system mounted. */
#pragma once

#include "cell.h"

void serve_run(struct cell *cell);
