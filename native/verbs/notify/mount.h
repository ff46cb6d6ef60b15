/* What a caller may say of a mount. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/**
 * Judges flags and data of mount(2).
 * @param data is taken apart @param options become those for the file system @param attributes become those of the mount, which never has device nodes
 * @returns false for what is not known to be harmless to the host
 */
bool read_mount_options(const char *type, unsigned long flags, char *data, char *options, size_t size, unsigned *attributes);
