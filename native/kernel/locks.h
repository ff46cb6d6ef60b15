/*
 * Locked mounts: their flags cannot be cleared, nor what covers a part of them be taken off, by the container's root.
 *
 * The kernel locks the mounts of a namespace when it copies it for another user namespace (mount_namespaces(7)). So what is to be locked is laid out in a mount
 * namespace, a process of another user namespace copies that, and clones of what it sees are what goes into the container. The top of a clone is free to be
 * moved and unmounted; what lies in it, and all flags, are locked.
 */
#pragma once

#include <sys/types.h>

#include "wire/cell.h"

/* S's side of locking the mounts of C. */
struct locker {
    int container, peer; /* pidfd of C, whose mounts they are; the handshake with it; neither is owned */
    int count;           /* how many C has laid out */
    pid_t pid;           /* the process that locked them, until it is reaped; 0 for none */
};

/** C: makes the mounts that have covered parts, lays them out with root and binds, and asks the supervisor to lock them. @returns 0 or -1 */
int ask_for_locks(struct cell *cell);
/** C: puts the locked clones in the places of what it laid out. @returns 0 or -1 */
int collect_locks(struct cell *cell);
/** Supervisor: locks what C laid out and hands the clones to C. What goes wrong with them, C hears and says. @returns 0 or -1 */
int serve_locks(struct cell *cell, struct locker *locker);
/** Supervisor: waits for the end of the process that serve_locks may have made. */
void reap_locker(struct locker *locker);
/** Host root, for a container that runs: puts locked clones in the places of the binds. @returns 0 or -1 */
int lock_binds(struct cell *cell);
