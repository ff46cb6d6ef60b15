/* The resident role. */
#pragma once

#include <stdbool.h>

/** Accepts, forks and reaps until standard input ends. @param is_sealed told to the daemon. @returns the exit code */
int run_spawner(const char *socket_path, bool is_sealed);
