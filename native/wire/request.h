/* A frame from the connection becomes words, and words become checked operations. */
#pragma once

#include "wire/cell.h"

/** Reads the one frame of a connection and parses it. Nothing else is touched. @returns 0, or -1 with cell->status set */
int read_request(struct cell *cell);
/** Parses a request that is in memory: cell->request must be NUL-ended within size bytes. @returns 0 or -1 */
int parse_request(struct cell *cell, size_t size);
/** Gives back the memory of the request; what ops recorded must not be used after it. */
void release_request(struct cell *cell);
/** Runs the host side of all operations in order. @returns 0 or -1 */
int run_host_side(struct cell *cell);
/** Runs the inner side of all operations in order. @returns 0 or -1 */
int run_inside(struct cell *cell);
