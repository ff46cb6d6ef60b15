/* The line that tells a server who its client is: version 1 of the PROXY protocol. */
#pragma once

#include <stddef.h>
#include <sys/socket.h>

enum { HEADER_MAX = 108 };

/** @param from the client  @param to what the client has connected to. @returns the line's length */
size_t format_header(const struct sockaddr *from, const struct sockaddr *to, char line[HEADER_MAX]);
/** The same of a connection; -1 for a client without one. @returns the line's length */
size_t write_header(int client, char line[HEADER_MAX]);
