/* Pseudo terminals, and the console's bounded log. */
#pragma once

#include "stdio/attach.h"
#include "wire/cell.h"

/** The slave of a master, unlocked; needs no path. @returns a descriptor, or -1 with errno */
int open_slave(int master);
/** Opens a new pty of the devpts instance mounted at /dev/pts below root_fd. @returns the master, or -1 with errno */
int open_master(int root_fd);
/** Sets the size of a terminal. @returns 0, or -1 with errno */
int set_terminal_size(int terminal, uint16_t width, uint16_t height);

/** Sets the size of a terminal when the line is `resize WIDTH HEIGHT`; passes over any other. @param terminal -1 for none */
void resize_by_command(int terminal, const char *line);

struct console_log {
    int master, slave; /* S holds the slave so that the master never hangs up between two getties; of C the slave is the standard streams */
    int file;
    char *path; /* NULL where no log is kept */
    uint64_t size, max;
    struct attached *attached; /* who sees it besides; NULL for nobody */
};

#define EMPTY_CONSOLE {.master = -1, .slave = -1, .file = -1}

/** Opens the log that the request names; its path becomes the log's own. @returns 0 or -1 */
int console_log_open(struct status *status, struct console_log *log);
/** Moves what the console has printed to the log and to who is attached, a bounded amount at once. @returns false when there was nothing more */
bool console_log_drain(struct console_log *log);
/** After poll reported that the slave's side hung up (vhangup of a privileged container): takes a new slave. */
void console_log_revive(struct console_log *log);
/** Closes and frees all that an opened one has. */
void console_log_close(struct console_log *log);
