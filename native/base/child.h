/* Processes of our own: how they are made, and how their end is waited for. A child leaves with what its function returns. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/** Makes a child with a copy of our memory. @returns its pid, or -1 with errno */
pid_t fork_child(int (*run)(void *context), void *context);
/**
 * Makes a child and waits until that has left our memory, which may be lent to it rather than copied: what it writes then is ours to read, and its descriptors,
 * ids and namespaces are its own. It is to be reaped.
 * @param flags CLONE_VM to lend; 0 for a child that needs memory of its own, as for a user namespace
 * @returns its pid, or -1 with errno
 */
pid_t lend_child(int (*run)(void *context), void *context, int flags);
/** Waits until a child has ended, whatever comes between. @returns how it ended; all zero where there is no such child */
siginfo_t reap_child(pid_t pid);
/** The exit code that a shell would tell: 128 + n for a signal. */
int exit_code_of(const siginfo_t *ended);
/** Forks, and waits for the end. @returns the exit code, or -1 with errno when nothing was forked */
int run_apart(int (*run)(void *context), void *context);
/** Waits for a child, and kills one that takes longer; what does not die of that either is left. @param code its exit code @returns whether it has ended by itself */
bool reap_within(pid_t pid, int timeout_ms, int *code);
