/* Verb project: what a folder holds, counted and bounded by its file system (project quotas). */
#pragma once

#include "wire/cell.h"

struct project_request {
    const char *folder;
    enum { PROJECT_ASK, PROJECT_MAKE, PROJECT_LIMIT } change;
    uint64_t limit; /* bytes; 0 for none */
};

void begin_project(struct cell *cell, size_t room);
void serve_project(struct cell *cell);
/** The same for the command line: `bothy-cell project FOLDER [make|limit BYTES]` prints the answer. @returns an exit code */
int run_project(int argc, char **argv);
