/* Ownership of descriptors and memory said in the declaration, and whole reads and writes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static inline void close_owned(int *fd) {
    if (*fd >= 0)
        close(*fd);
}
static inline void free_owned(void *pointer) {
    free(*(void **)pointer);
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
/** malloc that ends the process when there is no memory: these processes are small and serve one request each. */
void *must_alloc(size_t size);
/** Splits the next part off a separated list. @returns NULL at its end */
char *next_part(char **list, char separator);
/**
 * Runs a function in a child process and waits until that has left our memory, which is lent to it rather than copied: what it writes is ours to read, and its
 * descriptors, ids and namespaces are its own. The child is to be reaped.
 * @param flags CLONE_VM to lend; 0 for a child that needs memory of its own, as for a user namespace
 * @returns its pid, or -1 with errno
 */
pid_t run_child(int (*run)(void *), void *context, int flags);
/** Waits for a child, and kills one that takes longer; what does not die of that either is left. @returns whether it has ended by itself */
bool reap_within(pid_t pid, int timeout_ms, int *status);
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
