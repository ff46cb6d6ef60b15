/* See child.h. */
#include "base/child.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/sys.h"
#include "base/util.h"

/* only what is touched takes memory */
enum { CHILD_STACK_SIZE = 256 * 1024 };

pid_t fork_child(int (*run)(void *), void *context) {
    pid_t pid = fork();
    if (pid == 0)
        _exit(run(context));
    return pid;
}

pid_t lend_child(int (*run)(void *), void *context, int flags) {
    char *stack = mmap(NULL, CHILD_STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED)
        return -1;
    pid_t pid = clone(run, stack + CHILD_STACK_SIZE, flags | CLONE_VFORK | SIGCHLD, context);
    int error = errno;
    munmap(stack, CHILD_STACK_SIZE);
    errno = error;
    return pid;
}

siginfo_t reap_child(pid_t pid) {
    siginfo_t ended = {0};
    while (pid > 0 && waitid(P_PID, (id_t)pid, &ended, WEXITED) < 0 && errno == EINTR)
        ;
    return ended;
}

int exit_code_of(const siginfo_t *ended) {
    return ended->si_code == CLD_EXITED ? ended->si_status : 128 + ended->si_status;
}

int run_apart(int (*run)(void *), void *context) {
    pid_t pid = fork_child(run, context);
    if (pid < 0)
        return -1;
    siginfo_t ended = reap_child(pid);
    return exit_code_of(&ended);
}

bool reap_within(pid_t pid, int timeout_ms, int *code) {
    cleanup_fd int process = sys_pidfd_open(pid);
    struct pollfd waiting = {.fd = process, .events = POLLIN};
    int ready;
    while ((ready = poll(&waiting, 1, timeout_ms)) < 0 && errno == EINTR)
        ;
    if (ready == 0)
        sys_pidfd_send_signal(process, SIGKILL);
    if (ready <= 0)
        return false;
    siginfo_t ended = reap_child(pid);
    *code = exit_code_of(&ended);
    return ended.si_pid == pid;
}
