/* The trials of probe that mount. Each runs in a child of its own and leaves nothing. */
#pragma once

#include <stdbool.h>

/** Makes the folders that the trials mount. @param folder on the file system to judge @returns false when it takes none */
bool make_mount_scene(const char *folder);
void remove_mount_scene(void);

bool has_idmapped_mounts(void);
bool has_overlay(void);
bool has_overlay_of_idmapped_layers(void);
