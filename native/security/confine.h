/*
 * Role confine: runs a host program that reads bytes of a stranger (tar, unsquashfs, a decompressor), so that an error of it harms nobody.
 * It sees the host's programs and the paths that it is given, read-only but for those to write; no process, network, device or capability of the host.
 */
#pragma once

/** @param argv of main: options, "--", an absolute program and its arguments. @returns the exit code: the program's, 128 + its signal, or 125 with a line on standard error */
int run_confine(int argc, char **argv);
