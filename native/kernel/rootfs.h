/* Where a container's file system comes from. */
#pragma once

#include "wire/cell.h"

struct root_source {
    enum { ROOT_NONE, ROOT_DIR, ROOT_OVERLAY } kind;
    const char *path;                 /* ROOT_DIR */
    const char *upper, *work, *lower; /* ROOT_OVERLAY */
    bool readonly;
    bool unmapped; /* its files lie on disk by the ids that they have outside, so no id map is needed */
};

/** Mounts the root that the request names, detached from every namespace, and keeps it as root_fd. @returns 0 or -1 */
int build_root(struct cell *cell);
/** Gives a detached mount the id map of the request's user namespace. @returns 0, or -1 with errno */
int shift_mount(const struct cell *cell, int mount_fd, bool recursive);
/** A detached mount of a host folder, through the id map unless the root is unmapped. @returns a descriptor, or -1 with cell->status set */
int open_layer(struct cell *cell, const char *op, const char *path);
