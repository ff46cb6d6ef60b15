/* The one way in which anything goes wrong: an error line with phase, operation, errno, path and, where the kernel's word misleads, a hint. */
#pragma once

#include <stdbool.h>

struct status {
    const char *phase; /* what is being done, set before each phase */
    char *error;       /* the line to answer with once what was made is undone; NULL while all is well; forget_error() frees it */
};

/**
 * Keeps the error line; the first one counts, since later ones are its consequences. Where no memory is left for it, a line that says that takes its place.
 * @param error an errno value
 * @param path what it was about, or NULL
 * @param message "Cannot <verb> <object>", without the errno's text
 * @returns -1 always, so that `return fail(...)` reads well
 */
int fail(struct status *status, const char *op, int error, const char *path, const char *message, ...)
    __attribute__((format(printf, 5, 6)));
/** Keeps a line that another process made. @returns -1 */
int fail_with_line(struct status *status, const char *line);
/** All is well again. */
void forget_error(struct status *status);
/** Writes the kept line to a connection, and lets the caller finish what it is sending, so that it reads the answer and not a reset. */
void answer_error(const struct status *status, int fd);
/** The name of an errno value, such as "EPERM". */
const char *errno_name(int error);
