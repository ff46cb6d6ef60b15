/* Our own pid 1, for images whose command does not reap. */
#pragma once

#include "wire/cell.h"

/** Starts the command as a child, passes signals on, reaps orphans, and leaves as the command left (128 + n for a signal). */
_Noreturn void reap_for_command(struct cell *cell);
