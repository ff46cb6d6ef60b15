/* Resource limits and the out-of-memory score. */
#pragma once

#include "cell.h"

/** While still host root: raises hard limits where the request asks for more, and sets the score. @returns 0 or -1 */
int raise_limits(struct cell *cell);
/** As the last thing before the command: sets the limits as asked. Lowering needs no privilege. @returns 0 or -1 */
int set_limits(struct cell *cell);
