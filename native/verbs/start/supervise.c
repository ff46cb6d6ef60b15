/* See supervise.h. */
#include "verbs/start/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/child.h"
#include "base/peer.h"
#include "base/sys.h"
#include "base/util.h"
#include "kernel/cgroup-end.h"
#include "kernel/limits.h"
#include "kernel/locks.h"
#include "kernel/network.h"
#include "security/landlock.h"
#include "verbs/notify/keeper.h"
#include "wire/commands.h"

enum { INIT, SOCKET, CONSOLE, ATTACHED, CALLS, FIRST_WATCHER, POLLED_MAX = FIRST_WATCHER + WATCHERS_MAX };

/* No memory is asked for while a container runs, but for a console that somebody attaches to: where there is none, that is refused (docs/native.md). */
struct supervisor {
    struct supervised *container;
    struct console_log *log; /* the container's */
    struct keeper *keeper; /* of intercepted system calls; NULL for none */
    struct pollfd polled[POLLED_MAX];
    unsigned count;
    bool wants_console; /* the watcher that is just read asks to be attached */
    char started[192];
    sigset_t waiting; /* the mask while it waits */
    struct command_reader reader[POLLED_MAX]; /* of watchers; last, since few of them are ever used */
};

static void say(int watcher, const char *line) {
    /* a watcher that does not read is not waited for */
    (void)send(watcher, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void add_watcher(struct supervisor *self, int fd) {
    if (self->count == POLLED_MAX) {
        close(fd);
        return;
    }
    self->polled[self->count] = (struct pollfd){.fd = fd, .events = POLLIN};
    self->reader[self->count++].length = 0;
    say(fd, self->started);
}

static void forget_watcher(struct supervisor *self, unsigned at) {
    close_now(&self->polled[at].fd);
    self->count--;
    self->polled[at] = self->polled[self->count];
    self->reader[at] = self->reader[self->count];
}

static void accept_watcher(struct supervisor *self) {
    cleanup_fd int fd = accept4(self->container->control.socket, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0 && is_allowed_peer(fd))
        add_watcher(self, steal_fd(&fd));
}

static void kill_all(const struct supervised *container) {
    /* doomed before it is thawed, so that it cannot freeze itself again */
    sys_pidfd_send_signal(container->init_fd, SIGKILL);
    kill_groups(&container->groups);
}

static void handle_command(const char *line, void *context) {
    struct supervisor *self = context;
    unsigned number = command_number(line, "signal ", NSIG - 1);
    if (number > 0)
        sys_pidfd_send_signal(self->container->init_fd, (int)number);
    if (strcmp(line, "kill") == 0)
        kill_all(self->container);
    if (strcmp(line, "console") == 0)
        self->wants_console = true;
    resize_by_command(self->log->master, line);
}

/** Lets a watcher be the console's caller. From the answer on its connection carries the console's bytes, and no lines. */
static void attach_watcher(struct supervisor *self, unsigned at) {
    int fd = self->polled[at].fd;
    int error = self->log->master < 0 ? ENOTTY : self->log->attached != NULL ? EBUSY : 0;
    if (error == 0) {
        self->log->attached = attached_begin(fd);
        error = self->log->attached == NULL ? ENOMEM : 0;
    }
    if (error != 0) {
        struct status status = {.phase = "console"};
        fail(&status, "console", error, NULL, "Cannot attach to the console");
        say(fd, status.error);
        forget_error(&status);
        return;
    }
    say(fd, "{\"console\":{}}\n");
    /* the connection is the console's from here on */
    self->polled[at].fd = -1;
    forget_watcher(self, at);
}

static void serve_watcher(struct supervisor *self, unsigned at) {
    if (read_commands(&self->reader[at], self->polled[at].fd, handle_command, self) <= 0)
        forget_watcher(self, at);
    else if (self->wants_console)
        attach_watcher(self, at);
    self->wants_console = false;
}

static void drain_console(struct supervisor *self, short events) {
    if ((events & POLLIN) != 0)
        console_log_drain(self->log);
    else if ((events & (POLLHUP | POLLERR)) != 0)
        console_log_revive(self->log);
    self->polled[CONSOLE].fd = self->log->master;
}

static void serve_attached(struct supervisor *self) {
    if (self->log->attached == NULL || attached_move(self->log->attached, self->log->master, self->polled[ATTACHED].revents))
        return;
    attached_end(self->log->attached);
    self->log->attached = NULL;
}

static int wait_for_events(struct supervisor *self) {
    int patience = attached_prepare(self->log->attached, &self->polled[ATTACHED], &self->polled[CONSOLE]);
    struct timespec limit = {.tv_sec = patience / 1000, .tv_nsec = (long)(patience % 1000) * 1000000};
    return ppoll(self->polled, self->count, patience < 0 ? NULL : &limit, &self->waiting);
}

/* only ever set by a handler, while poll waits */
static volatile sig_atomic_t was_told_to_end;

static void note_term(int number) {
    (void)number;
    was_told_to_end = 1;
}

/** From here on SIGTERM is kept until the wait, and wakes that. @param waiting the mask for it */
static void catch_term(sigset_t *waiting) {
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, waiting);
    sigdelset(waiting, SIGTERM);
    struct sigaction action = {.sa_handler = note_term};
    sigaction(SIGTERM, &action, NULL);
}

/**
 * Heeds SIGTERM in one case: the host goes down by systemd, whose last process sends it to all that is left and then waits up to 90 seconds for each. Whoever
 * wanted a clean end for the guest has seen to it before that.
 */
static void heed_shutdown(const struct supervisor *self) {
    char name[32];
    was_told_to_end = 0;
    if (read_small_file(AT_FDCWD, "/proc/1/comm", name, sizeof name) > 0 && strcmp(name, "systemd-shutdow\n") == 0)
        kill_all(self->container);
}

static void serve_calls(struct supervisor *self) {
    const char *line = keeper_serve(self->keeper);
    for (unsigned at = FIRST_WATCHER; line != NULL && at < self->count; at++)
        say(self->polled[at].fd, line);
}

/** Sleeps and serves until the first process has ended. */
static void watch(struct supervisor *self) {
    for (;;) {
        int ready = wait_for_events(self);
        if (was_told_to_end)
            heed_shutdown(self);
        if (ready < 0)
            continue;
        if (self->polled[INIT].revents != 0)
            return;
        serve_attached(self);
        drain_console(self, self->polled[CONSOLE].revents);
        for (unsigned at = self->count; at-- > FIRST_WATCHER;)
            if (self->polled[at].revents != 0)
                serve_watcher(self, at);
        if (self->polled[CALLS].revents != 0)
            serve_calls(self);
        if (self->polled[SOCKET].revents != 0)
            accept_watcher(self);
    }
}

/** @returns the line about how it ended; the death of pid 1 has taken every process of its pid namespace along before it can be reaped */
static void reap(const struct supervised *container, char *line, size_t size) {
    siginfo_t ended = reap_child(container->init);
    char short_of_memory[32] = "";
    unsigned killed = oom_kills(&container->groups);
    if (killed > 0)
        snprintf(short_of_memory, sizeof short_of_memory, ",\"oomKills\":%u", killed);
    if (ended.si_code == CLD_EXITED)
        snprintf(line, size, "{\"exited\":{\"code\":%d,\"reason\":\"exit\"%s}}\n", ended.si_status, short_of_memory);
    else
        /* pid 1 of a pid namespace dies by these two only when it, or root inside, called reboot(2): pid_namespaces(7) */
        snprintf(line, size, "{\"exited\":{\"signal\":%d,\"reason\":\"%s\"%s}}\n", ended.si_status,
                 ended.si_status == SIGHUP ? "reboot" : ended.si_status == SIGINT ? "halt" : "killed", short_of_memory);
}

static void write_exit_file(const struct control *control, const char *line) {
    int fd = openat(control->folder, "exit.new", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    /* where it cannot be written, a watcher hears it all the same, and a daemon that comes later finds neither socket nor file */
    if (write_all(fd, line, strlen(line)) == 0)
        renameat(control->folder, "exit.new", control->folder, "exit");
    close(fd);
}

static void write_started(struct supervisor *self) {
    const struct supervised *container = self->container;
    char lack[48] = "";
    if (container->groups.unguarded != 0)
        snprintf(lack, sizeof lack, ",\"unguarded\":\"%s\"", errno_name(container->groups.unguarded));
    snprintf(self->started, sizeof self->started, "{\"started\":{\"pid\":%d,\"supervisor\":%d,\"startTime\":%llu,\"protocol\":%d%s}}\n",
             (int)container->init, (int)getpid(), (unsigned long long)process_start_time(container->init), PROTOCOL_VERSION, lack);
}

static bool is_below(const char *path, const char *folder) {
    const size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && path[length] == '/';
}

/** The folder that a file or a group is in. */
static int reach_around(const struct reach *reach, const char *path) {
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (slash == NULL || (size_t)(slash - path) >= sizeof folder - 1) {
        errno = ENAMETOOLONG;
        return -1;
    }
    snprintf(folder, sizeof folder, "%.*s/", (int)(slash - path), path);
    return reach_to_write(reach, folder);
}

static int reach_own_files(const struct supervised *container) {
    const struct groups *groups = &container->groups;
    char control[32];
    struct reach reach;
    snprintf(control, sizeof control, "/proc/self/fd/%d", container->control.folder);
    int result = reach_begin(&reach, REACH_NO_PORTS);
    if (result == 0)
        result = reach_to_read(&reach, "/proc");
    if (result == 0)
        result = reach_to_write(&reach, control);
    if (result == 0 && container->console.path != NULL)
        result = reach_around(&reach, container->console.path);
    /* a group is taken away by the one above it; one in another one goes with it */
    for (unsigned i = 0; i < groups->made_count && result == 0; i++)
        if (i == 0 || !is_below(groups->made[i], groups->made[i - 1]))
            result = reach_around(&reach, groups->made[i]);
    if (result == 0)
        result = reach_end(&reach);
    close_now(&reach.ruleset);
    return result;
}

/**
 * Bounds the files that this process reaches to those that it takes to see its container off: run files, log, control groups, /proc. The helper of interception acts
 * as the host's root in the container's place, which Landlock would keep it from: with one there is none of this. Where the kernel refuses it, as within many others,
 * the container runs with one barrier fewer.
 */
static void bound_own_files(const struct supervised *container) {
    if (container->interception == NULL)
        (void)reach_own_files(container);
}

void supervise(struct supervised *container, int conn) {
    struct console_log *log = &container->console;
    struct control *control = &container->control;
    /* there is one per process; of its pages only the first is ever written to, but for many watchers */
    static _Alignas(4096) struct supervisor supervisor;
    struct supervisor *self = &supervisor;
    self->container = container;
    self->log = log;
    write_started(self);
    self->polled[INIT] = (struct pollfd){.fd = container->init_fd, .events = POLLIN};
    self->polled[SOCKET] = (struct pollfd){.fd = control->socket, .events = POLLIN};
    self->polled[CONSOLE] = (struct pollfd){.fd = log->master, .events = POLLIN};
    self->polled[ATTACHED] = (struct pollfd){.fd = -1};
    self->keeper = keeper_begin(container->interception, &container->listener);
    self->polled[CALLS] = (struct pollfd){.fd = keeper_fd(self->keeper), .events = POLLIN};
    self->count = FIRST_WATCHER;
    /* before anyone knows that we supervise, so that none is lost */
    catch_term(&self->waiting);
    shield_from_oom();
    add_watcher(self, conn);
    reap_locker(&container->locker);
    bound_own_files(container);

    watch(self);

    char ended[128];
    reap(container, ended, sizeof ended);
    give_nics_back(control->folder, container->netns);
    close_now(&container->netns);
    attached_hurry(log->attached);
    while (log->master >= 0 && console_log_drain(log))
        ;
    console_log_close(log);
    keeper_end(self->keeper);
    kill_groups(&container->groups);
    remove_groups(&container->groups);
    write_exit_file(control, ended);
    close_now(&control->socket);
    unlinkat(control->folder, "sock", 0);
    unlinkat(control->folder, NICS_FILE, 0);
    /* the lock falls before anyone hears of the end, so that the next start cannot meet it */
    close_now(&control->folder);
    for (unsigned at = FIRST_WATCHER; at < self->count; at++)
        say(self->polled[at].fd, ended);
}
