/* Verb net-state: interfaces of a running container. */
#pragma once

#include "wire/cell.h"

void begin_net_state(struct cell *cell, size_t room);
void serve_net_state(struct cell *cell);
