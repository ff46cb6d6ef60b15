/* The end of control groups: their processes are killed by group, then the groups are removed with all that a guest made below them. */
#pragma once

#include "kernel/cgroup.h"

/** Kills every process in the v2 groups that were made and thaws the v1 ones, where a frozen process could not die. Failures leave it to pid 1's death. */
void kill_groups(const struct groups *groups);
/** How many processes the kernel ended in the groups that were made, since their memory or the host's was short; 0 where it does not say. */
unsigned oom_kills(const struct groups *groups);
/** Removes the groups that were made, the last first. Waits a bounded time for the last processes to leave. */
void remove_groups(struct groups *groups);
/**
 * Kills whatever lives in groups or below them and removes them, the last first; none needs to be there.
 * @returns 0, or -1 with EBUSY when a process was killed and does not die within some seconds
 */
int end_groups(const char *const *paths, unsigned count);
/** Serves the verb end. */
void serve_end(struct cell *cell);
