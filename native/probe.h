/* Role probe: what the kernel offers, tried rather than guessed from its version. */
#pragma once

/** Prints one JSON object. @returns the exit code */
int run_probe(void);
