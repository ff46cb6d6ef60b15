/*
 * Interception: system calls of a container that are answered from outside (docs/native-protocol.md, docs/security.md).
 *
 *     caller, inside        supervisor (S)                helper (H)                     answerer (A), one a call
 *       |                    | keeps the listeners         | polls the listeners          |
 *       |-- mknod(2) ------->kernel ---------------------->| receives into a slot         |
 *       | waits              |                             |-- fork --------------------->| reads the caller, acts, writes a verdict
 *       |                    |                             |<- ends ----------------------|
 *       |<--------------------------------- sends ---------|
 *
 * Slots lie in memory that S shares with H. The kernel writes the id of a call there as it hands the call over, so when H dies S knows which calls wait for an
 * answer that nobody would give, gives it, and starts H anew with the same listeners.
 */
#pragma once

#include <linux/seccomp.h>
#include <stdatomic.h>

#include "kernel/cgroup.h"
#include "kernel/container.h"

/** What a container asked to have answered. */
enum intercepted {
    INTERCEPT_MKNOD = 1,
    INTERCEPT_SETXATTR = 2,
    INTERCEPT_SYSINFO = 4,
    INTERCEPT_SCHEDULER = 8,
    INTERCEPT_MOUNT = 16,
    INTERCEPT_MOUNT_SHIFT = 32,
    INTERCEPT_BPF_DEVICES = 64,
};

enum { FILESYSTEMS_MAX = 16, SLOTS_MAX = 16, LISTENERS_MAX = 256, NOTIFICATION_SIZE = 256, MOUNTED_NODES_MAX = 4096 };

struct interception {
    unsigned what;
    char *filesystems[FILESYSTEMS_MAX]; /* that INTERCEPT_MOUNT may mount */
    unsigned filesystem_count;
    /* the container, once it runs */
    struct id_map uids, gids;
    pid_t init;
    const struct groups *groups;
    int folder; /* of its run files */
};

/** What an answerer found: the caller's result, or the kernel is to go on with the call. */
struct verdict {
    int error; /* an errno, positive; 0 for none */
    int value; /* without an error, what the call comes to */
    bool goes_on;
    bool is_found;
};

struct slot {
    _Atomic int listener; /* the number of the listener, from 1 on; 0 for a free slot */
    struct verdict verdict;
    union {
        struct seccomp_notif call;
        char room[NOTIFICATION_SIZE]; /* a newer kernel writes more */
    };
};

/** Memory that the supervisor, the helper and all answerers have. */
struct shared {
    struct slot slots[SLOTS_MAX];
    _Atomic unsigned mounted_nodes; /* since the container's start: each has memory of the host that nothing else counts */
};

/** The helper's life: polls and answers until the supervisor ends it. @param pair its end of the pair */
_Noreturn void run_notify_helper(const struct interception *container, struct shared *shared, int pair);
