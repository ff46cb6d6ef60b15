/* See inherit.h. */
#include "security/inherit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/util.h"
#include "security/command.h"
#include "wire/ops.h"

enum { TIMER_SLACK_NS = 50000, PROCESSORS_MAX = 8192, IOPRIO_WHO_PROCESS = 1 };

/* Of Linux for its own first process, but for nofile, which the containers of LXD have so. A hard limit is lowered only where more would be a privilege. */
static const struct {
    int number;
    rlim_t soft, hard;
    bool is_privilege;
} limits[] = {
    {RLIMIT_AS, RLIM_INFINITY, RLIM_INFINITY, false},
    {RLIMIT_CORE, 0, RLIM_INFINITY, false},
    {RLIMIT_CPU, RLIM_INFINITY, RLIM_INFINITY, false},
    {RLIMIT_DATA, RLIM_INFINITY, RLIM_INFINITY, false},
    {RLIMIT_FSIZE, RLIM_INFINITY, RLIM_INFINITY, false},
    {RLIMIT_LOCKS, RLIM_INFINITY, RLIM_INFINITY, false},
    {RLIMIT_MEMLOCK, 8 << 20, 8 << 20, false},
    {RLIMIT_MSGQUEUE, 819200, 819200, false},
    {RLIMIT_NICE, 0, 0, true},
    {RLIMIT_NOFILE, 1024, 1 << 20, false},
    {RLIMIT_NPROC, RLIM_INFINITY, RLIM_INFINITY, false},
    {RLIMIT_RSS, RLIM_INFINITY, RLIM_INFINITY, false},
    {RLIMIT_RTPRIO, 0, 0, true},
    {RLIMIT_RTTIME, RLIM_INFINITY, RLIM_INFINITY, false},
    {RLIMIT_STACK, 8 << 20, RLIM_INFINITY, false},
};

static void reset_limits(void) {
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        struct rlimit present, wanted = {.rlim_cur = limits[i].soft, .rlim_max = limits[i].hard};
        if (getrlimit(limits[i].number, &present) < 0)
            continue;
        if (!limits[i].is_privilege && present.rlim_max > wanted.rlim_max)
            wanted.rlim_max = present.rlim_max;
        bool is_same = present.rlim_cur == wanted.rlim_cur && present.rlim_max == wanted.rlim_max;
        if (is_same || setrlimit(limits[i].number, &wanted) == 0)
            continue;
        /* no more than it has can be had without CAP_SYS_RESOURCE */
        wanted.rlim_max = present.rlim_max;
        if (wanted.rlim_cur > wanted.rlim_max)
            wanted.rlim_cur = wanted.rlim_max;
        (void)setrlimit(limits[i].number, &wanted);
    }
}

static void reset_scheduling(void) {
    unsigned long processors[PROCESSORS_MAX / (8 * sizeof(unsigned long))];
    struct sched_param plain = {0};
    memset(processors, 0xff, sizeof processors);
    /* by the system calls: musl has no sched_setscheduler; a real-time policy would also keep the process out of v1's cpu groups */
    (void)syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &plain);
    (void)setpriority(PRIO_PROCESS, 0, 0);
    (void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, 0);
    (void)syscall(SYS_sched_setaffinity, 0, sizeof processors, processors);
    (void)syscall(SYS_set_mempolicy, 0, NULL, 0);
    (void)prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS, 0, 0, 0);
}

static void reset_attributes(const struct cell *cell) {
    (void)personality(cell->command->personality);
    (void)prctl(PR_SET_SECUREBITS, SECUREBITS_DEFAULT, 0, 0, 0);
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    (void)prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
    (void)prctl(PR_MCE_KILL, PR_MCE_KILL_CLEAR, 0, 0, 0);
    /* what a short memory ends first, and whose login it is; a daemon that was started by hand has that of who did */
    (void)write_control_file(AT_FDCWD, "/proc/self/oom_score_adj", "0");
    (void)write_control_file(AT_FDCWD, "/proc/self/loginuid", "4294967295");
}

static void join_new_keyring(void) {
    (void)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
}

int shed_inherited(struct cell *cell) {
    reset_scheduling();
    reset_limits();
    reset_attributes(cell);
    join_new_keyring();
    return 0;
}

int take_personality(struct cell *cell, struct op *op) {
    bool is_32 = strcmp(op->word[0], "linux32") == 0;
    if (!is_32 && strcmp(op->word[0], "linux") != 0)
        return fail(&cell->status, "personality", EINVAL, NULL, "Cannot take the personality \"%.32s\": it is linux or linux32", op->word[0]);
    cell->command->personality = is_32 ? PER_LINUX32 : PER_LINUX;
    return 0;
}

void own_session_keyring(void) {
    join_new_keyring();
}
