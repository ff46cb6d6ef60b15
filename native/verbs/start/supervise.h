/* The long sleep of a supervisor. */
#pragma once

#include <sys/types.h>

#include "kernel/cgroup.h"
#include "kernel/locks.h"
#include "stdio/console.h"
#include "verbs/notify/notify.h"
#include "wire/control.h"

/* A container that runs, as its supervisor has it. All descriptors and the memory are its own. */
struct supervised {
    pid_t init;  /* the first process (C), as S sees it; 0 before */
    int init_fd; /* its pidfd */
    struct groups groups;
    struct locker locker;
    struct console_log console;
    struct control control; /* without the path, which is the request's */
    struct interception *interception; /* system calls that are answered from outside; NULL for none */
    int listener;                      /* where the first process's calls wait for their answers; -1 for none */
    int netns;                         /* its network, which would die with it, and interfaces of the host's own in it; -1 for the host's */
};

/** Answers watchers, drains the console, and when the container ends tidies up, writes DIR/exit and tells. @param conn the first watcher */
void supervise(struct supervised *container, int conn);
