/* Role probe: what the kernel offers, tried rather than guessed from its version. */
#pragma once

/** Prints one JSON object. @param folder on the file system that containers shall lie on @returns the exit code */
int run_probe(const char *folder);
