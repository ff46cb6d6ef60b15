/* Verb net-state: interfaces of a running container. */
#pragma once

#include "wire/cell.h"

void serve_net_state(struct cell *cell);
