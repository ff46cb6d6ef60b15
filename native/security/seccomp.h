/* Seccomp filters: ready-made programs, loaded as bytes. */
#pragma once

#include "wire/cell.h"

/** Loads the filter that the request named, if any. @returns 0 or -1 */
int load_filter(struct cell *cell);
