/* Making mounts and covering what lies in them, for those who do it before the operations have their turn. */
#pragma once

#include "wire/cell.h"

/** Puts a mount, detached or not, on a place. @returns 0, or -1 with errno */
int attach(int mount_fd, int target_fd);
/** Reads the flags of an operation into op->flags. @returns 0 or -1 */
int take_flags(struct cell *cell, struct op *op, const char *words);
/** Gives the options of mount(8) to a file system that is being made. @returns 0, or -1 with errno */
int set_options(int filesystem, const char *data);
/**
 * Makes a detached tree what the flags of its operation say (id map, propagation, attributes), and keeps it in op->fd.
 * @param tree is taken over. @returns 0 or -1
 */
int finish_tree(struct cell *cell, struct op *op, int *tree);

/** Whether a mount's root is a folder, by what the kernel knows: a server of fuse that hangs is not asked. @returns 1, 0 or -1 */
int is_folder(int mount_fd);
/** A fresh file system as a detached mount. @param data options as of mount(8), "-" for none. @returns a descriptor, or -1 with errno */
int make_filesystem(const char *type, const char *source, const char *data, unsigned attributes);
/** Makes the file system of a mount operation, detached, in op->fd, once; -1 stays there when an optional one cannot be. @returns 0 or -1 */
int open_mount(struct cell *cell, struct op *op);
/** The same for all mount operations. */
int open_mounts(struct cell *cell);
/**
 * Makes a mount, without what is mounted on it, the peer of what is copied from it later, and of nothing on the host: services in mount namespaces of their own
 * then see what is mounted there. systemd does that to a machine, and leaves it to who makes a container. @returns 0 or -1
 */
int share_mount(struct cell *cell, int mount_fd, const char *inner);
/** The mount operation that an inner path lies below, the innermost of several. @returns NULL for the root */
struct op *mount_above(struct cell *cell, const char *path);
/** The mount that an inner path lies in before anything is covered, made at need. @param path becomes the path below it. @returns its descriptor; -1 when it cannot be had, with cell->status set unless the mount is optional */
int root_above(struct cell *cell, const char **path);
/** Makes the folder that masks folders, detached; it is to be attached somewhere, since before Linux 6.15 no other can be cloned. @returns a descriptor, or -1 with cell->status set */
int open_mask(struct cell *cell);
/** The inner path of an operation that covers one. */
const char *covered_path(const struct op *op);
/** Covers a path below `root` as a mask, readonly or cover operation says; one that is missing is skipped. @param mask what open_mask() gave @returns 0 or -1 */
int cover(struct cell *cell, const struct op *op, int root, const char *path, int mask);
