/* What a proxy has inside the container: made and removed by processes that go in for it as the container's root. */
#pragma once

#include "verbs/proxy/proxy.h"

/** Binds the listeners of the instance's side and takes their descriptors over. Does nothing when there are none. @returns 0 or -1 */
int place_listeners(struct cell *cell);
/** Removes their files, once their sockets are closed. A file system of the guest's that does not answer keeps them. */
void remove_placed(struct cell *cell);
