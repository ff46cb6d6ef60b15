/*
 * Which extended attributes an unpacker may give to files, whatever the program and its version: it asks the kernel, the kernel asks us
 * (seccomp_unotify(2)). Kept are user.* but overlayfs's own, access lists, and file capabilities of no foreign user namespace. Anything else is
 * left out without an error: trusted.* and overlayfs's would steer mounts of the host, security labels are the host's to give.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "security/left-out.h"

/** Loads the filter into the calling process, after no_new_privs. @param nodes whether device nodes are asked about too @returns the descriptor that the kernel asks on; -1 with errno, EBUSY where somebody above us asks already */
int attributes_filter(bool nodes);
/**
 * Answers one question. @param proc descriptor of a /proc that shows the asking process @param root what uid 0 on disk is to that one
 * @param nodes where device nodes are noted that are left out
 */
void attributes_answer(int listener, int proc, uint32_t root, struct left_out *nodes);
