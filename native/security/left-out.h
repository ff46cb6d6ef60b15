/*
 * Device nodes that an unpacker may not make: a pipe that nobody uses takes the place of each as long as the program runs, so that it can give that
 * owner, mode and times and finds nothing amiss; at its end all of them go.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct left_out;

/** @returns an empty list */
struct left_out *left_out_begin(void);
/** Whether a mode is one of a device node. */
bool left_out_is_wanted(mode_t mode);
/** Puts a pipe where a device node was wanted; what overlayfs marks a deletion with is no device, and made. @param at folder that the path begins at @returns 0 or an errno value; EPERM when there are too many */
int left_out_take(struct left_out *list, int at, const char *path, mode_t mode, dev_t device);
/**
 * Takes the pipes away, wherever they are by now, and writes how many there were, and the places of the first ones, each ended by NUL.
 * The program has ended. @param proc descriptor of /proc @param file absolute; whatever is there is replaced @returns 0 or -1 with errno
 */
int left_out_end(struct left_out *list, int proc, const char *file);
