/* Lines that a caller sends on a connection while something runs: `signal 15`, `resize 80 25`. */
#pragma once

#include <stddef.h>

#include "wire/protocol.h"

struct command_reader {
    char line[COMMAND_LINE_MAX];
    size_t length;
};

/**
 * Reads what is there and hands each whole line to handle.
 * @returns 1, 0 at end of file, or -1 when the connection failed or the line is too long
 */
int read_commands(struct command_reader *reader, int fd, void (*handle)(const char *line, void *context), void *context);
/** The number behind a word such as "signal ", between 1 and max. @returns 0 when the line is another */
unsigned command_number(const char *line, const char *word, unsigned max);
