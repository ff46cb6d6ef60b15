/* The resident role. */
#pragma once

/** Accepts, forks and reaps until standard input ends. @returns the exit code */
int run_spawner(const char *socket_path);
