/* Work as a table of named steps; the name of the one that failed is part of the error. */
#pragma once

#include "wire/cell.h"

struct phase {
    const char *name;
    int (*run)(struct cell *cell);
};

/** Runs the steps in order until one fails. @returns 0 or -1 */
static inline int run_phases(struct cell *cell, const struct phase *phases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        cell->status.phase = phases[i].name;
        if (phases[i].run(cell) < 0)
            return -1;
    }
    return 0;
}
