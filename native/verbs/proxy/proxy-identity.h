/* Who the relay is: the namespaces, ids and descriptors that its work needs, and nothing more. */
#pragma once

#include "verbs/proxy/proxy.h"

/** Becomes that, for good. Of descriptors only the standard streams, the listeners and proxy_of(cell)->peer are left. @param keeper whose child the caller is, and dies with @returns 0 or -1 */
int become_relay(struct cell *cell, pid_t keeper);
