/* sched_setscheduler(2) for the container's root, who may then have real-time policies as the host's root does. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "base/child.h"
#include "base/util.h"
#include "security/caps.h"
#include "verbs/notify/answer.h"

enum { STATUS_MAX = 16 * 1024, RESET_ON_FORK = 0x40000000 };

struct scheduling {
    pid_t pid; /* as the caller sees it */
    int policy, priority, error;
};

/** The caller's number in its own PID namespace: the last one of the line. */
static pid_t own_number(const struct caller *caller) {
    char status[STATUS_MAX];
    if (read_small_file(caller->proc, "status", status, sizeof status) <= 0)
        return -1;
    char *line = strstr(status, "\nNSpid:");
    if (line == NULL)
        return -1;
    line += strlen("\nNSpid:");
    line[strcspn(line, "\n")] = '\0';
    const char *last = strrchr(line, '\t');
    return (pid_t)strtol(last != NULL ? last : line, NULL, 10);
}

/** In the caller's PID namespace, where no number is that of a process outside. */
static int schedule(void *context) {
    struct scheduling *self = context;
    const struct cap_sets sets = {.effective = CAP_BIT(CAP_SYS_NICE), .permitted = CAP_BIT(CAP_SYS_NICE)};
    const struct sched_param parameter = {.sched_priority = self->priority};
    /* by the system call: musl has none */
    self->error = set_caps(&sets) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
                          syscall(SYS_sched_setscheduler, self->pid, self->policy, &parameter) < 0
                      ? errno
                      : 0;
    return 0;
}

struct verdict answer_scheduler(struct caller *caller) {
    const __u64 *arguments = caller->call->data.args;
    struct scheduling scheduling = {.pid = (pid_t)arguments[0], .policy = (int)arguments[1], .error = EIO};
    const int policy = scheduling.policy & ~RESET_ON_FORK;
    const bool is_known = policy == SCHED_OTHER || policy == SCHED_FIFO || policy == SCHED_RR || policy == SCHED_BATCH || policy == SCHED_IDLE;
    if (!has_capability(caller, CAP_SYS_NICE) || !is_known || scheduling.pid < 0)
        return goes_on();
    /* the kernel reads one int */
    const int error = read_memory(caller, arguments[2], &scheduling.priority, sizeof scheduling.priority);
    if (error != 0)
        return result_of(error);
    if (scheduling.pid == 0)
        scheduling.pid = own_number(caller);
    cleanup_fd int pids = openat(caller->proc, "ns/pid", O_RDONLY | O_CLOEXEC);
    if (scheduling.pid <= 0 || pids < 0 || !is_waiting(caller) || setns(pids, CLONE_NEWPID) < 0)
        return result_of(EPERM);
    const pid_t pid = lend_child(schedule, &scheduling, CLONE_VM);
    if (pid < 0)
        return result_of(EAGAIN);
    reap_child(pid);
    return result_of(scheduling.error);
}
