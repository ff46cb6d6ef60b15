/* Verb file: one file inside a container's root, reached as the container's root, never by a path of the host. */
#pragma once

#include "kernel/container.h"
#include "kernel/rootfs.h"
#include "kernel/target.h"
#include "security/label.h"

/* Of verb sftp as well, which says no action. */
struct file_request {
    struct container container;
    struct root_source root; /* of a container that does not run */
    struct target target;    /* of one that does */
    struct label label;
    const char *action;
    char **words; /* the action's */
    int proc_fds; /* /proc/self/fd of the host's /proc */
};

static inline struct file_request *file_of(const struct cell *cell) {
    return cell->own;
}

void begin_file(struct cell *cell, size_t room);

void serve_file(struct cell *cell);

/* what the three actions, and verb sftp, share */

/** Opens the container's root, running or not, as the root_fd of cell->container. @returns 0 or -1 */
int open_root_of_files(struct cell *cell);
/** Becomes the container's root; after that no path is resolved but below root_fd. @returns 0 or -1 */
int become_root_of_files(struct cell *cell);

/** Opens again, for reading or writing, what an O_PATH descriptor has shown to be a regular file. @returns a descriptor, or -1 with errno */
int reopen_file(const struct cell *cell, int path_fd, int flags);
/** Between them the process ends when the kernel does not answer: a guest can hold any call on a file system of its own (FUSE). */
void watchdog_on(void);
void watchdog_off(void);

int get_file(struct cell *cell);
int put_file(struct cell *cell);
int delete_file(struct cell *cell);
