/* Verb await: tells when a process of the host has ended. */
#pragma once

#include "wire/cell.h"

void serve_await(struct cell *cell);
