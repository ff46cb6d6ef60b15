/* Capability sets. */
#pragma once

#include "wire/cell.h"

struct cap_sets {
    uint64_t effective, permitted, inheritable;
};

/** The calling process's sets. @returns 0, or -1 with errno */
int get_caps(struct cap_sets *sets);
int set_caps(const struct cap_sets *sets);
/** Takes everything that is not in keep out of the bounding set. @returns 0, or -1 with errno */
int bound_caps(uint64_t keep);
