/* A target of libFuzzer, which is also what replay.c calls. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* a unix socket takes so much without a reader */
enum { FRAME_MAX = 64 * 1024 };

/** Takes one input; an error is a trap or a sanitizer's report. @returns 0 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
