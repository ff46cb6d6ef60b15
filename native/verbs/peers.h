/* Verb peers: tells a process who is at the other end of its own unix sockets. */
#pragma once

#include "wire/cell.h"

void serve_peers(struct cell *cell);
