/* Standard input, output and error of a process that enters a container. */
#pragma once

#include "stdio/record.h"
#include "wire/cell.h"

struct stream {
    enum { STREAM_NULL, STREAM_PIPE, STREAM_FILE } kind;
    const char *path;
    uint64_t max; /* STREAM_FILE: bytes that the file takes */
};

/* What a request wants of them. */
struct stdio {
    struct stream stream[3]; /* by descriptor; of no meaning with a terminal */
    bool has_tty;
    uint16_t width, height; /* of the terminal */
};

struct streams {
    int inner[3];             /* what the process gets */
    int caller[3];            /* what the caller opens as /proc/E/fd/N; -1 where there is nothing to open */
    struct record records[3]; /* what is kept in files, by descriptor */
};

/** Makes pipes, opens files and null. Pipe ends of the process belong to its user, who may then reopen them. @returns 0 or -1 */
int open_streams(struct cell *cell, const struct stdio *wanted, struct streams *streams);
/** Closes the process's ends, or the caller's. */
void close_inner(struct streams *streams);
void close_callers(struct streams *streams);
