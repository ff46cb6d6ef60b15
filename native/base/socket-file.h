/* Unix sockets that have a name in a file system. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/**
 * Makes a stream socket that listens at a name in a folder. A socket file that nobody listens behind any more makes room. Changes the working folder, to / in the end.
 * @param uid owner of the socket's file @returns a descriptor that does not block, or -1 with errno: EADDRINUSE when there is anything else of that name
 */
int listen_at_file(int folder, const char *name, uid_t uid, gid_t gid, mode_t mode);
/** Removes a socket that nobody listens behind any more; leaves anything else alone. Changes the working folder, to / in the end. */
void remove_dead_socket(int folder, const char *name);
