/* See enter.h. */
#include "verbs/enter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

#include "base/child.h"
#include "base/util.h"

enum { FAILED = 125 };

struct outside {
    char *socket;
    pid_t program;
    int ready[2];
};

static int complain(const char *what) {
    dprintf(2, "bothy-cell: Cannot enter the user's network: %s: %s\n", what, strerror(errno));
    return FAILED;
}

/** Becomes the spawner. Its lifeline is one that neither ends nor says anything: it dies with its parent, who becomes the program. */
static int be_spawner(void *context) {
    const struct outside *self = context;
    char *words[] = {"bothy-cell", "spawner", "--socket", self->socket, NULL};
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != self->program)
        return FAILED;
    int lifeline = eventfd(0, 0);
    if (lifeline < 0 || dup2(lifeline, STDIN_FILENO) < 0 || dup2(self->ready[1], STDOUT_FILENO) < 0)
        return FAILED;
    setsid();
    execv("/proc/self/exe", words);
    return FAILED;
}

/** @returns 0 once the spawner listens, or -1 with errno */
static int start_spawner(char *socket) {
    struct outside self = {.socket = socket, .program = getpid()};
    char byte;
    if (pipe2(self.ready, O_CLOEXEC) < 0)
        return -1;
    cleanup_fd int reading = self.ready[0];
    pid_t spawner = fork_child(be_spawner, &self);
    close(self.ready[1]);
    if (spawner < 0)
        return -1;
    if (read(reading, &byte, 1) == 1)
        return 0;
    errno = ECHILD;
    return -1;
}

/**
 * Takes over the topmost of the user's control groups, where there are some, once nobody has to be put into one from outside any more. Who is born into a group of a
 * container has left this user namespace: the id alone must let it write to that group and to the one above both, and the user has this one by another id.
 * @returns 0, or -1 with errno
 */
static int take_groups(void) {
    static const char *const files[] = {"/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/cgroup.threads"};
    for (size_t i = 0; i < COUNT_OF(files); i++)
        if (chown(files[i], 0, 0) < 0 && errno != ENOENT)
            return -1;
    return 0;
}

int run_enter(int argc, char **argv) {
    uint64_t holder;
    char path[48];
    if (argc < 6 || strcmp(argv[4], "--") != 0 || !parse_number(argv[2], INT32_MAX, &holder)) {
        fputs("usage: bothy-cell enter HOLDER SOCKET -- PROGRAM [ARGUMENT]...\n", stderr);
        return 2;
    }
    snprintf(path, sizeof path, "/proc/%d/ns/net", (int)holder);
    cleanup_fd int network = open(path, O_RDONLY | O_CLOEXEC);
    if (network < 0)
        return complain(path);
    if (take_groups() < 0)
        return complain("the control groups");
    if (start_spawner(argv[3]) < 0)
        return complain("the spawner outside");
    if (setns(network, CLONE_NEWNET) < 0)
        return complain("setns");
    execvp(argv[5], argv + 5);
    return complain(argv[5]);
}
