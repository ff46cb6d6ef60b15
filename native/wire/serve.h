/* From verb to the function that serves it. */
#pragma once

#include "wire/cell.h"

/** Serves a parsed request over its connection. */
void serve(struct cell *cell);
