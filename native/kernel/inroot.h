/* Paths inside a root, resolved by the kernel so that no symlink leads out of it. */
#pragma once

#include <sys/types.h>

/** Opens an inner path below root_fd; magic links are refused, symlinks stay within. @returns a descriptor, or -1 with errno */
int open_in_root(int root_fd, const char *inner, int flags, mode_t mode);
/** Makes an inner folder with all that it lacks above it. @returns an O_PATH descriptor of it, or -1 with errno */
int make_folder_in_root(int root_fd, const char *inner, mode_t mode);
/** Opens an inner path with O_PATH as a place to mount on; makes a missing file or folder. @returns a descriptor, or -1 with errno */
int make_target_in_root(int root_fd, const char *inner, int is_folder);
/**
 * Opens the folder that holds the last part of an inner path.
 * @param last the last part, in room of NAME_MAX + 1 bytes; "." for the root itself
 * @returns an O_PATH descriptor, or -1 with errno
 */
int open_parent_in_root(int root_fd, const char *inner, char *last);
/** The same, with missing folders made. */
int make_parent_in_root(int root_fd, const char *inner, char *last);
