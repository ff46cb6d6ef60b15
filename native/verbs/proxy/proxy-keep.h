/* The keeper's wait: until the container, the relay or somebody's word ends the proxy. */
#pragma once

#include "verbs/proxy/proxy.h"

/** Binds the control socket. @returns 0 or -1 */
int open_control_socket(struct cell *cell);
/** Answers `proxying`, waits, and ends everything. */
void keep_proxy(struct cell *cell);
/** Ends the relay, and removes the listeners' files and the control socket; what is not there is no error. @param has_container whether there still is one to enter */
void end_proxy(struct cell *cell, bool has_container);
