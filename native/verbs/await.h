/* Verb await: tells when a process of the host has ended. */
#pragma once

#include "wire/cell.h"

void begin_await(struct cell *cell, size_t room);
void serve_await(struct cell *cell);
