/* The container's first process, from clone to exec. */
#pragma once

#include "cell.h"

/** In a process of its own: enters the user namespace, clones the first process as the supervisor's child, tells its pid on `about`, and leaves. */
_Noreturn void clone_first_process(struct cell *cell, int about);
