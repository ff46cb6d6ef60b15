/* Verb start. */
#pragma once

#include "wire/cell.h"

/** Makes the container and, in this process, supervises it until it ends. */
void serve_start(struct cell *cell);
