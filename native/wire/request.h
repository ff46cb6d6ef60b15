/* A frame from the connection becomes words, and words become checked operations. */
#pragma once

#include "wire/cell.h"

/** Prepares an empty request on a connection. */
void cell_begin(struct cell *cell, int conn);
/** Reads the one frame of a connection and parses it. Nothing else is touched. @returns 0, or -1 with cell->status set */
int read_request(struct cell *cell);
/** Parses a request that is in memory, of size bytes and request_memory() itself. @returns 0 or -1 */
int parse_request(struct cell *cell, char *bytes, size_t size);
/** Zeroed memory that goes with the request. */
void *request_memory(struct cell *cell, size_t size);
/** Gives back the memory of the request. What its operations and parts recorded must not be used after it. */
void release_request(struct cell *cell);
/** Runs the host side of all operations in order. @returns 0 or -1 */
int run_host_side(struct cell *cell);
/** Runs the inner side of all operations in order. @returns 0 or -1 */
int run_inside(struct cell *cell);
