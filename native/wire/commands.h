/* Lines that a caller sends on a connection while something runs: `signal 15`, `resize 80 25`. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "wire/protocol.h"

struct command_reader {
    char line[COMMAND_LINE_MAX];
    size_t length;
    bool holds; /* set by a handle: the lines that follow are another's, who calls rest_of_commands() */
};

/**
 * Reads what is there and hands each whole line to handle.
 * @returns 1, 0 at end of file, or -1 when the connection failed or the line is too long
 */
int read_commands(struct command_reader *reader, int fd, void (*handle)(const char *line, void *context), void *context);
/** Hands on the lines that were read together with the one at which a handle set holds. @returns 1, or -1 when the line is too long */
int rest_of_commands(struct command_reader *reader, void (*handle)(const char *line, void *context), void *context);
/** The number behind a word such as "signal ", between 1 and max. @returns 0 when the line is another */
unsigned command_number(const char *line, const char *word, unsigned max);
