/*
 * Ownership of descriptors and memory said in the declaration, and whole reads and writes.
 *
 * What a function returns when it fails, all through this program:
 *   - one that asks the kernel is like a system call: -1 with errno (or NULL with errno). It says so with the words "with errno". cleanup_fd and cleanup_free leave
 *     errno alone, so the caller may read it, at once;
 *   - one that takes a cell or a status: -1 with the error line kept there (wire/status.h). What it was told as errno is in that line, and errno says nothing more;
 *   - between processes an error is a number of its own, an errno value as an int, 0 for none;
 *   - one that only says yes or no is a bool, and errno says nothing.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

/* errno stays, so that it can be read after the descriptors of a function have gone */
static inline void close_owned(int *fd) {
    int error = errno;
    if (*fd >= 0)
        close(*fd);
    errno = error;
}
static inline void free_owned(void *pointer) {
    int error = errno;
    free(*(void **)pointer);
    errno = error;
}
#define cleanup_fd __attribute__((cleanup(close_owned)))
#define cleanup_free __attribute__((cleanup(free_owned)))

static inline int steal_fd(int *fd) {
    int stolen = *fd;
    *fd = -1;
    return stolen;
}
static inline void close_now(int *fd) {
    close_owned(fd);
    *fd = -1;
}

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/** Writes all of it, going on after signals and short writes. @returns 0, or -1 with errno */
int write_all(int fd, const void *data, size_t size);
/** Reads exactly size bytes. @returns 0, or -1 with errno (ENODATA when the other side ended early) */
int read_all(int fd, void *data, size_t size);
/** Reads a small file (such as one of /proc) into buffer and ends it with NUL. @returns its length, or -1 with errno */
ssize_t read_small_file(int dir, const char *path, char *buffer, size_t size);
/** Writes one value to a control file in a single write. @returns 0, or -1 with errno */
int write_control_file(int dir, const char *path, const char *value);
/** Reads a whole decimal number no greater than max. @returns false for anything else */
bool parse_number(const char *word, uint64_t max, uint64_t *number);
/** Reads a whole octal number no greater than max. @returns false for anything else */
bool parse_octal(const char *word, uint64_t max, unsigned *number);
/** Zeroed memory, or the end of the process: for those that serve one request and end. Not for a process that outlives its request, once it is answered. */
void *must_alloc(size_t size);
/** Splits the next part off a separated list. @returns NULL at its end */
char *next_part(char **list, char separator);
/**
 * What a process that was killed had open is free a moment after its end can be seen: its last children, and its own descriptors, go one after the other. Waits a
 * hundredth of a second. @param tries 0 before the first @returns false once a fifth of a second is over: somebody who lives has it
 */
bool may_soon_be_free(unsigned *tries);
/** Default dispositions and an empty mask, as a command expects to find them. */
void reset_signals(void);
/** Ignores every signal that is meant for others, as a service manager or a terminal sends them to all it knows; what ends these processes is said on their connections. */
void ignore_signals(void);
/** Field 22 of /proc/PID/stat: when the process started, in clock ticks since boot; 0 when there is no such process. */
uint64_t process_start_time(pid_t pid);
/** Sets what ps shows: the thread name, and the argument area of main. */
void set_title(const char *prefix, const char *name);
/** Remembers the argument area of main for set_title. The one global: there is one per process by nature. */
void remember_arguments(int argc, char **argv);
