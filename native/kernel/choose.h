/* Mounts that depend on what a root says of itself. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/cell.h"

/** Whether bytes have a word with a decimal number right behind it that is `least` or more. */
bool names_number(const char *bytes, size_t size, const char *word, uint64_t least);
/** By the container's root, before the first mount is made: leaves out the mounts that were not chosen. @returns 0 or -1 */
int choose_mounts(struct cell *cell);
