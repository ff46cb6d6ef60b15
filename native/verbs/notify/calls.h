/* Which call it is that waits, by its number of this architecture or of the 32-bit one that the kernel has beside it. */
#pragma once

#include "verbs/notify/answer.h"

/** @returns how it is answered, or NULL for one that is not answered here */
const struct intercepted_call *find_call(const struct seccomp_data *data);
