/* The listeners of a proxy on one side, and their files. */
#pragma once

#include "verbs/proxy/proxy.h"

/** Binds the listeners of a side, within which the caller is; when one cannot be bound their files are removed again. @param root_fd below which paths are @returns 0 or -1 */
int bind_listeners(struct cell *cell, int side, int root_fd);
/** Removes the files of listeners that were made, once their sockets are closed. */
void remove_listener_files(const struct proxy *proxy, int side, int root_fd);
/** Whether one of the endpoints on this side is a path in a file system. */
bool has_path(const struct endpoint *list, unsigned count, int side);
