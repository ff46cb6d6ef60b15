/* The trials of probe that mount. Each runs in a child of its own and leaves nothing. */
#pragma once

#include <stdbool.h>

bool has_idmapped_mounts(void);
bool has_overlay(void);
bool has_overlay_of_idmapped_layers(void);
