/* Allow-lists: filters of which a file says what becomes of each system call. strict.list tells its form. */
#pragma once

#include "arch.h"

/** Writes the filter that a file says. @param nesting 1 for containers that nest, else 0 @param with_compat whether calls of 32 bits are there at all @returns 0 or -1 with errno; what is wrong with the list is said on stderr */
int write_allow_list(const struct arch *arch, const char *list, int nesting, int with_compat, const char *path);
