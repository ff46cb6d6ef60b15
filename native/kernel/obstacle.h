/* What keeps a file or folder from being removed although we are root: flags of its file system, and subvolumes of btrfs. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

/** Takes the flags immutable and append-only off what an open descriptor names. @returns whether it has none now */
bool clear_flags(int fd);
/** The same for an entry of a folder, never following it nor opening a device. */
bool clear_entry_flags(int folder, const char *name);
/** Gives a file's blocks back before its name goes: a full file system may lack the space to do both at once. */
void give_blocks_back(int folder, const char *name);
/** Whether an open folder is the root of a btrfs subvolume. */
bool is_subvolume(int fd, const struct stat *about);
/** Makes a subvolume writable; a guest may have made it a read-only snapshot. */
void make_subvolume_writable(int fd);
/** Removes a subvolume with all that is in it, other subvolumes excepted. @returns 0, or -1 with errno (ENOTEMPTY: one is in it) */
int destroy_subvolume(int parent, const char *name);
