/* The container's first process, from clone to exec. */
#pragma once

/** In a process of its own (I), in the supervisor's memory: enters the user namespace and clones the first process as the supervisor's child. Sets its pid, or cell->status. */
int clone_first_process(void *cell);
