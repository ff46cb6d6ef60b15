/* The long sleep of a supervisor. */
#pragma once

#include "stdio/console.h"
#include "wire/cell.h"

/** Answers watchers, drains the console, and when the container ends tidies up, writes DIR/exit and tells. */
void supervise(struct cell *cell, struct console_log *log);
