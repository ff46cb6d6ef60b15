/* See reaper.h. */
#include "verbs/start/reaper.h"

#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "base/child.h"
#include "base/util.h"
#include "security/command.h"
#include "verbs/start/start.h"
#include "wire/handshake.h"
#include "wire/ops.h"

int take_reaper(struct cell *cell, struct op *op) {
    (void)op;
    start_of(cell)->has_reaper = true;
    cell->label->at_exec = false;
    return 0;
}

static int reap_all(pid_t command) {
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid <= 0)
            return -1;
        if (pid == command)
            return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
}

static int be_command(void *context) {
    struct cell *cell = context;
    const struct command *command = cell->command;
    setsid();
    /* the console becomes the command's controlling terminal; without a console there is none to have */
    (void)ioctl(0, TIOCSCTTY, 0);
    /* a command that is not root may open /dev/stdout again, as its user */
    if (command->uid != 0 && isatty(0))
        (void)!fchown(0, command->uid, (gid_t)-1);
    if ((command->uid != 0 || command->gid != 0 || command->group_count > 0) && become_user(cell) < 0) {
        send_failure(command->peer, &cell->status);
        return 126;
    }
    execute(cell);
}

_Noreturn void reap_for_command(struct cell *cell) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    pid_t command = fork_child(be_command, cell);
    if (command < 0) {
        fail(&cell->status, "init-reaper", errno, NULL, "Cannot fork");
        send_failure(cell->command->peer, &cell->status);
        _exit(126);
    }
    for (int fd = 0; fd <= cell->command->peer; fd++)
        close(fd);
    set_title("", "init");
    for (;;) {
        siginfo_t info;
        int number = sigwaitinfo(&all, &info);
        if (number < 0)
            continue;
        /* what the terminal or the kernel sends to us is none of the command's; what others sent is */
        if (number != SIGCHLD && info.si_code <= 0)
            kill(command, number);
        int code = reap_all(command);
        if (code >= 0)
            _exit(code);
    }
}
