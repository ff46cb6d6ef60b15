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

#include "base/child.h"
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

void begin_start(struct cell *cell, size_t room) {
    struct start_request *start = cell->own = request_memory(cell, sizeof *start);
    *start = (struct start_request){
        .container = EMPTY_CONTAINER,
        .made = {.init_fd = -1, .groups = EMPTY_GROUPS, .console = EMPTY_CONSOLE, .control = EMPTY_CONTROL, .listener = -1, .netns = -1},
        .label = {.at_exec = true, .fd = -1},
        .supervisor_peer = -1,
    };
    cell->label = &start->label;
    cell->container = &start->container;
    cell->root = &start->root;
    cell->network = &start->network;
    cell->groups = &start->made.groups;
    cell->console = &start->made.console;
    cell->control = &start->made.control;
    cell->command = begin_command(cell, &start->command, room);
}

static int check_request(struct cell *cell) {
    if (cell->control->path == NULL)
        return fail(&cell->status, "control", EINVAL, NULL, "Cannot start a container without a folder for its run files");
    if (cell->command->argc == 0)
        return fail(&cell->status, "arg", EINVAL, NULL, "Cannot start a container without a command");
    return 0;
}

/** The folder's lock says who supervises; it falls with the supervisor, however that ends. */
static int take_control_folder(struct cell *cell) {
    cell->control->folder = open(cell->control->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (cell->control->folder < 0)
        return fail(&cell->status, "control", errno, cell->control->path, "Cannot open the folder of run files");
    unsigned tries = 0;
    int locked;
    do
        locked = flock(cell->control->folder, LOCK_EX | LOCK_NB);
    while (locked < 0 && errno == EWOULDBLOCK && may_soon_be_free(&tries));
    if (locked < 0)
        return fail(&cell->status, "control", errno == EWOULDBLOCK ? EBUSY : errno, cell->control->path, "Cannot supervise the container");
    unlinkat(cell->control->folder, "sock", 0);
    unlinkat(cell->control->folder, "exit", 0);
    cleanup_fd int nics = openat(cell->control->folder, NICS_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (nics < 0)
        return fail(&cell->status, "control", errno, cell->control->path, "Cannot write to the folder of run files");
    /* the address is short, and the folder is the one that is locked, wherever its path leads by now */
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/sock", cell->control->folder);
    cell->control->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (cell->control->socket < 0 || bind(cell->control->socket, (struct sockaddr *)&address, sizeof address) < 0 ||
        fchmodat(cell->control->folder, "sock", 0600, 0) < 0 || listen(cell->control->socket, 16) < 0)
        return fail(&cell->status, "control", errno, cell->control->path, "Cannot listen in the folder of run files");
    return 0;
}

/** Waits for the next message of the other processes; what is no progress is an error. */
static int await_step(struct cell *cell, int peer, struct message *message) {
    if (receive_step(peer, message, START_TIMEOUT_MS) < 0)
        return fail(&cell->status, "start", errno, NULL, "Cannot wait for the container's first process");
    if (message->step == STEP_FAILED)
        return fail_with_line(&cell->status, message->line);
    if (message->step == STEP_NOT_EXECUTED)
        return fail(&cell->status, "arg", message->number, cell->command->argv[0], "Cannot execute the container's command");
    return 0;
}

static int spawn(struct cell *cell) {
    struct start_request *start = start_of(cell);
    int pair[2];
    if (handshake_pair(pair) < 0)
        return fail(&cell->status, "clone", errno, NULL, "Cannot make a socket pair");
    cleanup_fd int theirs = pair[1];
    start->supervisor_peer = pair[0];
    cell->command->peer = theirs;
    pid_t intermediary = lend_child(clone_first_process, cell, CLONE_VM);
    int error = errno;
    cell->command->peer = start->supervisor_peer;
    if (intermediary < 0)
        return fail(&cell->status, "clone", error, NULL, "Cannot fork");
    reap_child(intermediary);
    if (start->made.init <= 0)
        return fail(&cell->status, "clone", ECHILD, NULL, "Cannot make the container's first process");
    start->made.init_fd = sys_pidfd_open(start->made.init);
    if (start->made.init_fd < 0)
        return fail(&cell->status, "clone", errno, NULL, "Cannot hold the container's first process");
    return 0;
}

/** A first process that has ended has no network any more, and has said why it ended. */
static int hear_why_it_ended(struct cell *cell) {
    cleanup_free struct message *message = new_message();
    while (await_step(cell, cell->command->peer, message) == 0)
        continue;
    return -1;
}

static int connect_network(struct cell *cell) {
    struct supervised *made = &start_of(cell)->made;
    if (!cell->network->is_host) {
        made->netns = open_network(made->init);
        if (made->netns < 0 && errno == ENOENT)
            return hear_why_it_ended(cell);
        if (made->netns < 0)
            return fail(&cell->status, "nic", errno, NULL, "Cannot reach the container's network");
        if (make_nics(cell, made->netns) < 0)
            return -1;
    }
    if (send_step(cell->command->peer, STEP_NETWORK, 0, -1) < 0 && errno != EPIPE)
        return fail(&cell->status, "nic", errno, NULL, "Cannot tell the first process of its network");
    return 0;
}

static int lock_mounts(struct cell *cell, int count) {
    struct supervised *made = &start_of(cell)->made;
    made->locker = (struct locker){.container = made->init_fd, .peer = cell->command->peer, .count = count};
    return serve_locks(cell, &made->locker);
}

/** Follows the first process to its exec. */
static int await_execution(struct cell *cell) {
    cleanup_free struct message *message = new_message();
    bool executing = false;
    for (;;) {
        if (await_step(cell, cell->command->peer, message) < 0)
            return -1;
        if (message->step == STEP_CONSOLE && message->fd >= 0 && cell->console->master < 0)
            cell->console->master = message->fd;
        else if (message->step == STEP_CALLS && message->fd >= 0 && start_of(cell)->made.listener < 0)
            start_of(cell)->made.listener = message->fd;
        else if (message->fd >= 0)
            close(message->fd);
        if (message->step == STEP_LOCK && lock_mounts(cell, message->number) < 0)
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
    struct supervised *made = &start_of(cell)->made;
    kill_groups(&made->groups);
    if (made->init_fd >= 0) {
        sys_pidfd_send_signal(made->init_fd, SIGKILL);
        reap_child(made->init);
    }
    reap_locker(&made->locker);
    delete_nics(cell, made->netns);
    close_now(&made->netns);
    remove_groups(&made->groups);
    if (made->control.socket >= 0) {
        unlinkat(made->control.folder, "sock", 0);
        unlinkat(made->control.folder, NICS_FILE, 0);
    }
    console_log_close(&made->console);
    /* the lock falls before the caller hears of the failure, so that it may try again at once */
    close_now(&made->control.folder);
}

/** Gives back all that only making needed: a supervisor sleeps on a few dozen kilobytes and pins no mount. @returns what stays */
static struct supervised release(struct cell *cell) {
    struct supervised made = start_of(cell)->made;
    for (unsigned i = 0; i < cell->op_count; i++)
        close_now(&cell->ops[i].fd);
    close_now(&cell->container->userns_fd);
    close_now(&cell->container->root_fd);
    close_now(&made.groups.into);
    close_now(&cell->command->peer);
    made.control.path = NULL;
    if (made.interception != NULL) {
        made.interception->uids = cell->container->uids;
        made.interception->gids = cell->container->gids;
    }
    release_request(cell);
    return made;
}

void serve_start(struct cell *cell) {
    struct console_log *console = cell->console;
    set_title("bothy: ", cell->name != NULL ? cell->name : "container");
    cell->status.phase = "request";
    int result = console_log_open(&cell->status, console);
    if (result == 0)
        result = run_phases(cell, phases, COUNT_OF(phases));
    if (result < 0) {
        undo(cell);
        answer_error(&cell->status, cell->conn);
        return;
    }
    if (console->master >= 0)
        console->slave = open_slave(console->master);
    struct supervised made = release(cell);
    if (made.interception != NULL) {
        made.interception->init = made.init;
        made.interception->groups = &made.groups;
        made.interception->folder = made.control.folder;
    }
    supervise(&made, cell->conn);
}
