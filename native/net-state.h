/* Verb net-state: interfaces of a running container. */
#pragma once

#include "cell.h"

void serve_net_state(struct cell *cell);
