/* Where a process that outlives its request is spoken to: a supervisor in its folder of run files, the others at the path of a socket. */
#pragma once

#include "wire/cell.h"

struct control {
    const char *path; /* as the request says it; the folder itself for a supervisor */
    int folder, socket;
};

#define EMPTY_CONTROL {.folder = -1, .socket = -1}
