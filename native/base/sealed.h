/* A copy of the program that nobody can write. */
#pragma once

#include <stdbool.h>

/**
 * Executes this program again from a sealed memory file, unless it runs from one. A process that enters a container, and our own pid 1, can be
 * seen there as /proc/PID/exe; the root of a privileged container could open that for writing and change the program on the host (CVE-2019-5736).
 * @returns whether it runs from one; false when the kernel forbids executing memory files
 */
bool run_from_sealed_copy(char **argv);
