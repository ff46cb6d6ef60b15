/* Verb start: the supervisor's side of making a container. What the first process does is in first-process.c. */
#include "verbs/start/start.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/detach.h"
#include "base/phase.h"
#include "base/sys.h"
#include "base/util.h"
#include "kernel/cgroup-end.h"
#include "kernel/locks.h"
#include "kernel/network.h"
#include "kernel/rootfs.h"
#include "kernel/userns.h"
#include "stdio/console.h"
#include "verbs/start/first-process.h"
#include "verbs/start/supervise.h"
#include "wire/handshake.h"
#include "wire/request.h"

enum { START_TIMEOUT_MS = 120000 };

static int check_request(struct cell *cell) {
    if (cell->control == NULL)
        return fail(&cell->status, "control", EINVAL, NULL, "Cannot start a container without a folder for its run files");
    if (cell->argc == 0)
        return fail(&cell->status, "arg", EINVAL, NULL, "Cannot start a container without a command");
    return 0;
}

/** The folder's lock says who supervises; it falls with the supervisor, however that ends. */
static int take_control_folder(struct cell *cell) {
    cell->control_fd = open(cell->control, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (cell->control_fd < 0)
        return fail(&cell->status, "control", errno, cell->control, "Cannot open the folder of run files");
    if (flock(cell->control_fd, LOCK_EX | LOCK_NB) < 0)
        return fail(&cell->status, "control", errno == EWOULDBLOCK ? EBUSY : errno, cell->control, "Cannot supervise the container");
    unlinkat(cell->control_fd, "sock", 0);
    unlinkat(cell->control_fd, "exit", 0);
    /* the address is short, and the folder is the one that is locked, wherever its path leads by now */
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/sock", cell->control_fd);
    cell->socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (cell->socket_fd < 0 || bind(cell->socket_fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        fchmodat(cell->control_fd, "sock", 0600, 0) < 0 || listen(cell->socket_fd, 16) < 0)
        return fail(&cell->status, "control", errno, cell->control, "Cannot listen in the folder of run files");
    return 0;
}

/** Waits for the next message of the other processes; what is no progress is an error. */
static int await_step(struct cell *cell, int peer, struct message *message) {
    if (receive_step(peer, message, START_TIMEOUT_MS) < 0)
        return fail(&cell->status, "start", errno, NULL, "Cannot wait for the container's first process");
    if (message->step == STEP_FAILED)
        return fail_with_line(&cell->status, message->line);
    if (message->step == STEP_NOT_EXECUTED)
        return fail(&cell->status, "arg", message->number, cell->argv[0], "Cannot execute the container's command");
    return 0;
}

static int spawn(struct cell *cell) {
    int pair[2];
    if (handshake_pair(pair) < 0)
        return fail(&cell->status, "clone", errno, NULL, "Cannot make a socket pair");
    cleanup_fd int theirs = pair[1];
    cell->supervisor_peer = pair[0];
    cell->peer = theirs;
    pid_t intermediary = run_child(clone_first_process, cell, CLONE_VM);
    int error = errno;
    cell->peer = cell->supervisor_peer;
    if (intermediary < 0)
        return fail(&cell->status, "clone", error, NULL, "Cannot fork");
    while (waitpid(intermediary, NULL, 0) < 0 && errno == EINTR)
        ;
    if (cell->init <= 0)
        return fail(&cell->status, "clone", ECHILD, NULL, "Cannot make the container's first process");
    cell->init_fd = sys_pidfd_open(cell->init);
    if (cell->init_fd < 0)
        return fail(&cell->status, "clone", errno, NULL, "Cannot hold the container's first process");
    return 0;
}

static int connect_network(struct cell *cell) {
    if (make_nics(cell) < 0)
        return -1;
    if (send_step(cell->peer, STEP_NETWORK, 0, -1) < 0 && errno != EPIPE)
        return fail(&cell->status, "nic", errno, NULL, "Cannot tell the first process of its network");
    return 0;
}

/** Follows the first process to its exec. */
static int await_execution(struct cell *cell) {
    cleanup_free struct message *message = must_alloc(sizeof *message);
    bool executing = false;
    for (;;) {
        if (await_step(cell, cell->peer, message) < 0)
            return -1;
        if (message->step == STEP_CONSOLE && message->fd >= 0 && cell->console_master < 0)
            cell->console_master = message->fd;
        else if (message->fd >= 0)
            close(message->fd);
        if (message->step == STEP_LOCK && serve_locks(cell, message->number) < 0)
            return -1;
        if (message->step == STEP_EXECUTING)
            executing = true;
        if (message->step != 0)
            continue;
        if (!executing)
            return fail(&cell->status, "start", ECHILD, NULL, "Cannot start the container: its first process was killed, as by a memory limit");
        return 0;
    }
}

static const struct phase phases[] = {
    {"request", check_request},
    {"supervisor", detach},
    {"control", take_control_folder},
    {"user namespace", make_userns},
    {"host", run_host_side},
    {"root", build_root},
    /* from here on the container's first process exists, and what it does is in its own table */
    {"clone", spawn},
    {"network", connect_network},
    {"start", await_execution},
};

static void undo(struct cell *cell) {
    kill_groups(cell);
    if (cell->init_fd >= 0) {
        siginfo_t ended;
        sys_pidfd_send_signal(cell->init_fd, SIGKILL);
        while (waitid(P_PID, (id_t)cell->init, &ended, WEXITED) < 0 && errno == EINTR)
            ;
    }
    reap_locker(cell);
    delete_nics(cell);
    remove_groups(cell);
    if (cell->socket_fd >= 0)
        unlinkat(cell->control_fd, "sock", 0);
    /* the lock falls before the caller hears of the failure, so that it may try again at once */
    close_now(&cell->control_fd);
}

/** Gives back all that only making needed: a supervisor sleeps on a few dozen kilobytes and pins no mount. */
static void release(struct cell *cell) {
    for (unsigned i = 0; i < cell->op_count; i++)
        close_now(&cell->ops[i].fd);
    close_now(&cell->userns_fd);
    close_now(&cell->root_fd);
    close_now(&cell->cgroup_fd);
    close_now(&cell->null_fd);
    close_now(&cell->peer);
    release_request(cell);
}

void serve_start(struct cell *cell) {
    set_title("bothy: ", cell->name != NULL ? cell->name : "container");
    struct console_log log;
    cell->status.phase = "request";
    int result = console_log_open(cell, &log);
    if (result == 0)
        result = run_phases(cell, phases, COUNT_OF(phases));
    if (result == 0 && cell->console_master >= 0) {
        log.master = steal_fd(&cell->console_master);
        log.slave = open_slave(log.master);
    }
    if (result < 0) {
        undo(cell);
        console_log_close(&log);
        answer_error(&cell->status, cell->conn);
        return;
    }
    release(cell);
    supervise(cell, &log);
}
