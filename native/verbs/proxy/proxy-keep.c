/* See proxy-keep.h. */
#include "verbs/proxy/proxy-keep.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/child.h"
#include "base/peer.h"
#include "base/socket-file.h"
#include "base/sys.h"
#include "base/util.h"
#include "verbs/proxy/proxy-listen.h"
#include "verbs/proxy/proxy-place.h"
#include "wire/commands.h"

enum { TARGET, RELAY, SOCKET, FIRST_CALLER, POLLED_MAX = FIRST_CALLER + WATCHERS_MAX };
enum { RELAY_END_MS = 5000 };

struct keeper {
    struct cell *cell;
    struct pollfd polled[POLLED_MAX];
    struct command_reader reader[POLLED_MAX];
    unsigned count;
    bool is_told; /* to end */
    char proxying[96];
};

int open_control_socket(struct cell *cell) {
    const char *slash = cell->control->path != NULL ? strrchr(cell->control->path, '/') : NULL;
    if (slash == NULL || *cell->control->path != '/' || slash[1] == '\0')
        return fail(&cell->status, "control", EINVAL, cell->control->path, "Cannot keep a proxy without the path of its control socket");
    cleanup_free char *folder = strndup(cell->control->path, (size_t)(slash - cell->control->path) + 1);
    cell->control->folder = folder != NULL ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (cell->control->folder < 0)
        return fail(&cell->status, "control", errno, cell->control->path, "Cannot open the folder of the control socket");
    cell->control->socket = listen_at_file(cell->control->folder, slash + 1, geteuid(), getegid(), 0600);
    if (cell->control->socket < 0)
        return fail(&cell->status, "control", errno, cell->control->path, "Cannot listen on the control socket");
    struct stat about;
    if (fstatat(cell->control->folder, slash + 1, &about, AT_SYMLINK_NOFOLLOW) == 0)
        proxy_of(cell)->control_file = about.st_ino;
    return 0;
}

static void say(int caller, const char *line) {
    /* a caller that does not read is not waited for */
    (void)send(caller, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void accept_caller(struct keeper *self) {
    cleanup_fd int fd = accept4(self->cell->control->socket, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0 || !is_allowed_peer(fd) || self->count == POLLED_MAX)
        return;
    say(fd, self->proxying);
    self->polled[self->count] = (struct pollfd){.fd = steal_fd(&fd), .events = POLLIN};
    self->reader[self->count++].length = 0;
}

static void forget_caller(struct keeper *self, unsigned at) {
    close(self->polled[at].fd);
    self->count--;
    self->polled[at] = self->polled[self->count];
    self->reader[at] = self->reader[self->count];
}

static void handle_command(const char *line, void *context) {
    struct keeper *self = context;
    self->is_told = self->is_told || strcmp(line, "end") == 0;
}

/** @returns whether the container goes on */
static bool wait_for_end(struct keeper *self) {
    while (!self->is_told) {
        if (poll(self->polled, self->count, -1) < 0)
            continue;
        if (self->polled[TARGET].revents != 0)
            return false;
        if (self->polled[RELAY].revents != 0)
            return true;
        for (unsigned at = self->count; at-- > FIRST_CALLER;)
            if (self->polled[at].revents != 0 && read_commands(&self->reader[at], self->polled[at].fd, handle_command, self) <= 0)
                forget_caller(self, at);
        if (self->polled[SOCKET].revents != 0)
            accept_caller(self);
    }
    return true;
}

static void remove_host_files(const struct cell *cell) {
    cleanup_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    remove_listener_files(proxy_of(cell), SIDE_HOST, root);
}

/** Last, so that who finds no control socket finds nothing else of the proxy; the file before the socket, so that who waits in its queue finds none either. */
static void remove_control_socket(struct cell *cell) {
    const char *name = strrchr(cell->control->path, '/') + 1;
    struct stat about;
    if (fstatat(cell->control->folder, name, &about, AT_SYMLINK_NOFOLLOW) == 0 && about.st_ino == proxy_of(cell)->control_file)
        unlinkat(cell->control->folder, name, 0);
    close_now(&cell->control->socket);
}

void end_proxy(struct cell *cell, bool has_container) {
    struct proxy *proxy = proxy_of(cell);
    int code;
    if (proxy->relay >= 0) {
        sys_pidfd_send_signal(proxy->relay, SIGKILL);
        /* one that a file system of the guest's own holds is left to that, and the files that are its */
        reap_within(proxy->relay_pid, RELAY_END_MS, &code);
        close_now(&proxy->relay);
    }
    for (unsigned i = 0; i < proxy->listen_count; i++)
        close_now(&proxy->listen[i].fd);
    remove_host_files(cell);
    if (has_container)
        remove_placed(cell);
    if (cell->control->socket >= 0)
        remove_control_socket(cell);
}

void keep_proxy(struct cell *cell) {
    struct keeper *self = must_alloc(sizeof *self);
    self->cell = cell;
    snprintf(self->proxying, sizeof self->proxying, "{\"proxying\":{\"pid\":%d,\"startTime\":%llu}}\n", (int)getpid(),
             (unsigned long long)process_start_time(getpid()));
    self->polled[TARGET] = (struct pollfd){.fd = cell->target->fd, .events = POLLIN};
    self->polled[RELAY] = (struct pollfd){.fd = proxy_of(cell)->relay, .events = POLLIN};
    self->polled[SOCKET] = (struct pollfd){.fd = cell->control->socket, .events = POLLIN};
    self->count = FIRST_CALLER;
    say(cell->conn, self->proxying);
    close_now(&cell->conn);
    bool has_container = wait_for_end(self);
    end_proxy(cell, has_container);
    for (unsigned at = FIRST_CALLER; at < self->count; at++)
        say(self->polled[at].fd, "{\"ended\":{}}\n");
}
