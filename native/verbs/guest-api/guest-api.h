/* Verb guest-api: a process that stands between the programs of one container and the daemon (/dev/lxd/sock inside). */
#pragma once

#include "wire/cell.h"

void serve_guest_api(struct cell *cell);
