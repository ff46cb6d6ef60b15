/* Role hold: the namespaces in which the daemon of an ordinary user is root, held by a process of their own (docs/rootless.md). */
#pragma once

/**
 * Makes them, or finds those that are held: `bothy-cell hold FILE UID-LINES GID-LINES [groups]`. Prints {"held":PID}. FILE is locked for as long as they are held, and tells
 * the holder's pid. With "groups" the control group that the caller is in is what the namespaces have at /sys/fs/cgroup. Lines are triples of numbers as in uid_map(5), all in one word. @returns an exit code
 */
int run_hold(int argc, char **argv);
