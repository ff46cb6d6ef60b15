/* Standard input, output and error of a process that enters a container. */
#pragma once

#include "stdio/record.h"
#include "wire/cell.h"

struct streams {
    int inner[3];             /* what the process gets */
    int caller[3];            /* what the caller opens as /proc/E/fd/N; -1 where there is nothing to open */
    struct record records[3]; /* what is kept in files, by descriptor */
};

/** Makes pipes, opens files and null. Pipe ends of the process belong to its user, who may then reopen them. @returns 0 or -1 */
int open_streams(struct cell *cell, struct streams *streams);
/** Closes the process's ends, or the caller's. */
void close_inner(struct streams *streams);
void close_callers(struct streams *streams);
