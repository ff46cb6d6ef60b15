/* Verb remove: a tree that a guest filled, removed whatever is in it. */
#pragma once

#include "wire/cell.h"

void begin_remove(struct cell *cell, size_t room);
void serve_remove(struct cell *cell);
/** The same for the command line: `bothy-cell remove PATH` prints the answer. @returns an exit code */
int run_remove(const char *path);
