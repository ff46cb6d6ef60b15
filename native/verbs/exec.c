/* Verb exec: the enterer (E), which stays outside, and the process that it puts into the container (X) through one between (I). */
#include "verbs/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/json.h"
#include "base/phase.h"
#include "base/sys.h"
#include "base/util.h"
#include "kernel/cgroup.h"
#include "kernel/limits.h"
#include "kernel/target.h"
#include "kernel/userns.h"
#include "security/command.h"
#include "security/inherit.h"
#include "stdio/console.h"
#include "stdio/relay.h"
#include "stdio/streams.h"
#include "verbs/notify/hand-over.h"
#include "wire/commands.h"
#include "wire/handshake.h"
#include "wire/request.h"

enum { EXEC_TIMEOUT_MS = 60000 };

void begin_exec(struct cell *cell, size_t room) {
    struct exec_request *exec = cell->own = request_memory(cell, sizeof *exec);
    *exec = (struct exec_request){.container = EMPTY_CONTAINER, .target = EMPTY_TARGET, .groups = EMPTY_GROUPS, .control = EMPTY_CONTROL, .label = {.at_exec = true, .fd = -1}};
    cell->label = &exec->label;
    cell->control = &exec->control;
    cell->container = &exec->container;
    cell->target = &exec->target;
    cell->groups = &exec->groups;
    cell->command = begin_command(cell, &exec->command, room);
}

struct execution {
    struct cell *cell;
    const struct stdio *stdio; /* as the request wants them */
    pid_t process;             /* the command's, as E sees it; 0 before */
    int process_fd;            /* its pidfd */
    int null_fd;               /* the host's /dev/null */
    struct streams streams;
    struct command_reader reader;
    struct relay *relay;
    int master;
    bool go;
};

/* Host root in the host's namespaces. */

static int check_request(struct cell *cell) {
    if (cell->command->argc == 0)
        return fail(&cell->status, "arg", EINVAL, NULL, "Cannot execute without a command");
    return 0;
}

static const struct phase host_phases[] = {
    {"request", check_request},
    {"target", open_target},
    {"host", run_host_side},
    {"inheritance", shed_inherited},
    {"limits", raise_limits},
};

static void handle_go(const char *line, void *context) {
    struct execution *self = context;
    self->go = strcmp(line, "go") == 0;
    /* what came with it is for the command, which is not there yet */
    self->reader.holds = self->go;
}

/** Tells the caller which descriptors to open, and waits until it has. @returns 0, or -1 when the caller left */
static int offer_streams(struct execution *self) {
    struct cell *cell = self->cell;
    struct json json = {.fd = cell->conn};
    bool any = false;
    json_raw(&json, "{\"ready\":{\"pid\":%d,\"fds\":{", (int)getpid());
    for (int fd = 0; fd < 3; fd++) {
        if (self->streams.caller[fd] < 0)
            continue;
        char name[2] = {(char)('0' + fd), '\0'};
        json_number_field(&json, name, (uint64_t)self->streams.caller[fd]);
        any = true;
    }
    if (!any) {
        free(json.text);
        return 0;
    }
    json_raw(&json, "}}}");
    json_finish(&json);
    while (!self->go) {
        struct pollfd waiting = {.fd = cell->conn, .events = POLLIN};
        if (poll(&waiting, 1, -1) < 0)
            continue;
        if (read_commands(&self->reader, cell->conn, handle_go, self) <= 0)
            return fail(&cell->status, "stdio", EPIPE, NULL, "Cannot go on: the caller left");
    }
    return 0;
}

/* A process between the two (I), in the container's groups; host root's ids, and in the end all capabilities of its user namespace. */

/**
 * The container sees the command's process from its first moment, and the root of a privileged one may open what that has, whatever it was before: so it is born
 * with what the command gets, and the two ends of handshakes.
 */
static int keep_what_is_the_commands(struct execution *self, int *about) {
    int null = self->null_fd;
    return keep_only(self->cell, self->stdio->has_tty ? (const int[]){null, null, null} : self->streams.inner, about);
}

static int enter(struct cell *cell) {
    /* what the container may trace must hold no host descriptor: from here to exec nobody in there may look at us */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return fail(&cell->status, "target", errno, NULL, "Cannot hide the helper's memory");
    if (join_groups(cell) < 0 || open_label(cell) < 0 || wear_label(cell) < 0)
        return -1;
    int flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP;
    if (has_user_namespace(cell))
        flags |= CLONE_NEWUSER;
    if (setns(cell->target->fd, flags) < 0)
        return fail(&cell->status, "target", errno, NULL, "Cannot enter the container's namespaces");
    return 0;
}

/* The command's process (X), in the container's namespaces; host root's ids, all capabilities of its user namespace. */

static int become_root(struct cell *cell) {
    setsid();
    if (has_user_namespace(cell) && become_inner_root() < 0)
        return fail(&cell->status, "idmap-uid", errno, NULL, "Cannot become the container's root");
    own_session_keyring();
    return 0;
}

/** A pty of the container's own devpts: opened as its root, so that its slave belongs to an id of the container. The master goes to E. */
static int open_terminal(struct execution *self) {
    struct cell *cell = self->cell;
    /* not closed by name: keep_only closes all, and gives the lowest numbers to others */
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int master = root < 0 ? -1 : open_master(root);
    int slave = master < 0 ? -1 : open_slave(master);
    if (slave < 0 || set_terminal_size(master, self->stdio->width, self->stdio->height) < 0)
        return fail(&cell->status, "tty", errno, "/dev/pts/ptmx", "Cannot open a terminal of the container");
    if (fchown(slave, cell->command->uid, (gid_t)-1) < 0)
        return fail(&cell->status, "tty", errno, NULL, "Cannot give the terminal to the user %u", cell->command->uid);
    if (send_step(cell->command->peer, STEP_CONSOLE, 0, master) < 0)
        return fail(&cell->status, "tty", errno, NULL, "Cannot hand the terminal out");
    return keep_only(cell, (const int[]){slave, slave, slave}, NULL);
}

static _Noreturn void be_command(struct execution *self) {
    struct cell *cell = self->cell;
    cell->status.phase = "enter";
    if (become_root(cell) < 0 || (self->stdio->has_tty && open_terminal(self) < 0))
        goto failed;
    if (self->stdio->has_tty && ioctl(0, TIOCSCTTY, 0) < 0) {
        fail(&cell->status, "tty", errno, NULL, "Cannot make the terminal the controlling one");
        goto failed;
    }
    cell->status.phase = "privileges";
    if (drop_privileges(cell) < 0)
        goto failed;
    execute(cell);
failed:
    send_failure(cell->command->peer, &cell->status);
    _exit(126);
}

/** The life of the process between: it enters, makes the command's process a child of E, says its number, and leaves. */
static _Noreturn void clone_command(struct execution *self, int about) {
    struct cell *cell = self->cell;
    pid_t pid = -1;
    if (enter(cell) == 0 && keep_what_is_the_commands(self, &about) == 0) {
        struct sys_clone_args args = {.flags = CLONE_PARENT};
        pid = sys_clone3(&args);
        if (pid == 0) {
            close(about);
            be_command(self);
        }
        if (pid < 0)
            fail(&cell->status, "clone", errno, NULL, "Cannot make a process in the container");
    }
    if (pid < 0)
        send_failure(about, &cell->status);
    else
        (void)send_step(about, STEP_CREATED, pid, -1);
    _exit(0);
}

/**
 * Whether the guest's init is systemd, on a v2 that has controllers to hand down: it does that in its top group when the first unit asks for one, and is refused while
 * a process is in that group itself. So none of ours ever is.
 */
static bool needs_free_top_group(const struct cell *cell) {
    static const char name[] = "/systemd";
    char path[32], init[PATH_MAX], controller;
    snprintf(path, sizeof path, "/proc/%d/exe", (int)cell->target->pid);
    ssize_t length = readlink(path, init, sizeof init);
    size_t tail = sizeof name - 1;
    if (length < (ssize_t)tail || memcmp(init + length - tail, name, tail) != 0)
        return false;
    cleanup_fd int controllers = openat(cell->groups->into, "cgroup.controllers", O_RDONLY | O_CLOEXEC);
    return controllers >= 0 && read(controllers, &controller, 1) == 1 && controller != '\n';
}

/**
 * Makes the process between, in the container's v2 group from its first moment. It is still in the host's namespaces: on a v2 that delegates by control group
 * namespace nobody can be put from outside of a namespace to its inside by who has entered it (docs/kernel.md, Control groups).
 */
static pid_t clone_into_group(struct cell *cell) {
    bool in_leaf = cell->groups->into >= 0 && needs_free_top_group(cell) && use_leaf_group(cell) == 0;
    for (;;) {
        struct sys_clone_args args = {.exit_signal = SIGCHLD};
        if (cell->groups->into >= 0) {
            args.flags = CELL_CLONE_INTO_CGROUP;
            args.cgroup = (uint64_t)cell->groups->into;
        }
        pid_t pid = sys_clone3(&args);
        /* a guest of another kind may have handed the controllers of its top group down as well */
        if (pid >= 0 || errno != EBUSY || in_leaf || cell->groups->into < 0)
            return pid;
        if (use_leaf_group(cell) < 0)
            return -1;
        in_leaf = true;
    }
}

/** Learns of the command's process from the one between, which then is gone. */
static int await_creation(struct execution *self, int about, pid_t between) {
    struct cell *cell = self->cell;
    cleanup_free struct message *message = new_message();
    int result = receive_step(about, message, EXEC_TIMEOUT_MS);
    if (result < 0)
        result = fail(&cell->status, "enter", errno, NULL, "Cannot wait for the process that enters the container");
    else if (message->step == STEP_FAILED)
        result = fail_with_line(&cell->status, message->line);
    else if (message->step != STEP_CREATED)
        result = fail(&cell->status, "enter", ESRCH, NULL, "Cannot enter the container: the process that entered was killed");
    siginfo_t ended;
    if (message->step == STEP_CREATED && waitid(P_PID, (id_t)message->number, &ended, WEXITED | WNOHANG | WNOWAIT) < 0) {
        /* the root of a privileged container may speak in the other's place, but not make us hold and kill what is not a child of ours */
        result = fail(&cell->status, "enter", ESRCH, NULL, "Cannot hold the process that entered: it is none");
    } else if (message->step == STEP_CREATED) {
        /* a child of ours, so its number is taken until we have reaped it */
        self->process = message->number;
        self->process_fd = sys_pidfd_open(self->process);
        if (self->process_fd < 0)
            result = fail(&cell->status, "clone", errno, NULL, "Cannot hold the process");
    }
    reap_child(between);
    return result;
}

static int spawn(struct execution *self) {
    struct cell *cell = self->cell;
    int pair[2], about_pair[2];
    /* the container's group may not open it, and its own may be anything */
    self->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (self->null_fd < 0)
        return fail(&cell->status, "stdio", errno, "/dev/null", "Cannot open the null device");
    if (handshake_pair(pair) < 0)
        return fail(&cell->status, "clone", errno, NULL, "Cannot make a socket pair");
    cell->command->peer = pair[0];
    cleanup_fd int theirs = pair[1];
    /* on a pair of its own: the command's process may be quicker than the one that made it */
    if (handshake_pair(about_pair) < 0)
        return fail(&cell->status, "clone", errno, NULL, "Cannot make a socket pair");
    cleanup_fd int about = about_pair[0];
    cleanup_fd int their_about = about_pair[1];
    pid_t between = clone_into_group(cell);
    if (between == 0) {
        close(cell->command->peer);
        close_now(&about);
        cell->command->peer = theirs;
        clone_command(self, their_about);
    }
    if (between < 0)
        return fail(&cell->status, "clone", errno, NULL, "Cannot make a process in the container");
    close_now(&theirs);
    close_now(&their_about);
    return await_creation(self, about, between);
}

static int connect_terminal(struct execution *self, int master) {
    self->master = master;
    self->relay = relay_new(master, steal_fd(&self->streams.inner[0]), steal_fd(&self->streams.inner[1]));
    if (self->relay == NULL)
        return fail(&self->cell->status, "tty", errno, NULL, "Cannot connect the terminal");
    return 0;
}

/** @returns 1 when it runs, 0 when the command could not be executed (the process leaves with 127 or 126), -1 for an error */
static int await_execution(struct execution *self) {
    struct cell *cell = self->cell;
    cleanup_free struct message *message = new_message();
    bool executing = false;
    for (;;) {
        if (receive_step(cell->command->peer, message, EXEC_TIMEOUT_MS) < 0)
            return fail(&cell->status, "enter", errno, NULL, "Cannot wait for the process in the container");
        if (message->step == STEP_CONSOLE && message->fd >= 0 && connect_terminal(self, message->fd) < 0)
            return -1;
        if (message->step == STEP_CALLS && message->fd >= 0 && hand_calls_over(cell, message->fd) < 0)
            return -1;
        if (message->step == STEP_FAILED)
            return fail_with_line(&cell->status, message->line);
        if (message->step == STEP_NOT_EXECUTED)
            return 0;
        if (message->step == 0)
            return executing ? 1 : fail(&cell->status, "enter", ESRCH, NULL, "Cannot run the process: it was killed before it began");
        executing = executing || message->step == STEP_EXECUTING;
    }
}

static void handle_command(const char *line, void *context) {
    struct execution *self = context;
    unsigned number = command_number(line, "signal ", NSIG - 1);
    if (number > 0)
        sys_pidfd_send_signal(self->process_fd, (int)number);
    resize_by_command(self->master, line);
}

static int timeout_of(const struct relay *relay, bool ended) {
    if (relay == NULL)
        return -1;
    return ended ? relay_rest_timeout(relay) : relay_timeout(relay);
}

/** Serves the connection and the terminal until the process has ended and its output has been moved. */
static void attend(struct execution *self) {
    struct cell *cell = self->cell;
    enum { CONN, PROCESS, STDOUT, STDERR, RELAY, POLLED = RELAY + RELAY_POLLED };
    struct pollfd polled[POLLED] = {{.fd = cell->conn, .events = POLLIN}, {.fd = self->process_fd, .events = POLLIN}};
    struct record *output = &self->streams.records[1], *errors = &self->streams.records[2];
    bool ended = false;
    for (int i = RELAY; i < POLLED; i++)
        polled[i].fd = -1;
    rest_of_commands(&self->reader, handle_command, self);
    while (!ended || (self->relay != NULL && !relay_is_dry(self->relay))) {
        if (self->relay != NULL)
            relay_prepare(self->relay, polled + RELAY);
        polled[PROCESS].fd = ended ? -1 : self->process_fd;
        polled[STDOUT] = record_poll(output);
        polled[STDERR] = record_poll(errors);
        if (poll(polled, POLLED, timeout_of(self->relay, ended)) < 0)
            continue;
        if (self->relay != NULL) {
            if (self->relay->out.to >= 0 && (polled[RELAY + 3].revents & (POLLERR | POLLHUP)) != 0)
                close_now(&self->relay->out.to);
            relay_move(self->relay);
        }
        ended = ended || polled[PROCESS].revents != 0;
        /* after its end too: what it wrote last is in the pipes */
        record_move(output);
        record_move(errors);
        if (polled[CONN].revents != 0 && read_commands(&self->reader, cell->conn, handle_command, self) <= 0) {
            sys_pidfd_send_signal(self->process_fd, SIGKILL);
            return;
        }
    }
}

static void tell_exit(const struct execution *self) {
    siginfo_t ended = reap_child(self->process);
    dprintf(self->cell->conn, "{\"exited\":{\"%s\":%d}}\n", ended.si_code == CLD_EXITED ? "code" : "signal", ended.si_status);
}

static int begin(struct execution *self) {
    struct cell *cell = self->cell;
    if (run_phases(cell, host_phases, COUNT_OF(host_phases)) < 0)
        return -1;
    cell->status.phase = "streams";
    if (open_streams(cell, self->stdio, &self->streams) < 0 || offer_streams(self) < 0)
        return -1;
    /* from now on the caller's ends are the caller's alone: their end of file shall mean something */
    close_callers(&self->streams);
    cell->status.phase = "enter";
    if (spawn(self) < 0)
        return -1;
    if (!self->stdio->has_tty)
        close_inner(&self->streams);
    return await_execution(self);
}

void serve_exec(struct cell *cell) {
    struct execution self = {.cell = cell, .stdio = &exec_of(cell)->stdio, .process_fd = -1, .null_fd = -1, .master = -1};
    set_title("bothy exec: ", cell->name != NULL ? cell->name : "");
    int result = begin(&self);
    if (result < 0) {
        /* reaped by us: the container's own pid 1, which would inherit it, may be one that never does */
        if (self.process_fd >= 0) {
            sys_pidfd_send_signal(self.process_fd, SIGKILL);
            reap_child(self.process);
        }
        answer_error(&cell->status, cell->conn);
        return;
    }
    if (result > 0)
        dprintf(cell->conn, "{\"running\":{\"pid\":%d}}\n", (int)self.process);
    attend(&self);
    tell_exit(&self);
    /* a process in the background may hold the pipes: it goes on, and so does what is kept of it */
    close_now(&cell->conn);
    close_now(&cell->target->fd);
    record_to_end(&self.streams.records[1], 2);
}
