/*
 * See guest-api.h. It listens at a socket whose folder the container sees as /dev/lxd and /dev/incus, looks who calls, and hands the call on to the daemon with a
 * line before it that says for whom: what the guest sends cannot be taken for that line, since the daemon reads one, and this process writes it first.
 *
 * It is there before the container is, so that the first program inside finds it; then it is told the container's first process, with which it ends. It
 * outlives the daemon: while none listens, callers hear so.
 */
#include "verbs/guest-api/guest-api.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/detach.h"
#include "base/peer.h"
#include "base/phase.h"
#include "base/socket-file.h"
#include "base/sys.h"
#include "base/util.h"
#include "kernel/target.h"
#include "verbs/guest-api/guest-link.h"
#include "wire/commands.h"
#include "wire/ops.h"
#include "wire/request.h"

enum { LINKS_MAX = 32, HOST_CALLERS_MAX = 8, DEPTH_MAX = 33, LISTENER = 0, TARGET, FIRST, TICK_MS = 1000 };

struct gate {
    struct cell *cell;
    struct stat pid_namespace; /* of the container */
    uid_t root;                /* the container's root, as the host sees it */
    struct guest_link *links[LINKS_MAX];
    unsigned link_count;
    int callers[HOST_CALLERS_MAX];
    struct command_reader readers[HOST_CALLERS_MAX];
    unsigned caller_count;
    bool is_told; /* to end */
    char head[512]; /* the line for the daemon */
    char proxying[96];
};

void begin_guest_api(struct cell *cell, size_t room) {
    (void)room;
    struct guest_request *guest = cell->own = request_memory(cell, sizeof *guest);
    *guest = (struct guest_request){.container = EMPTY_CONTAINER, .target = EMPTY_TARGET, .control = EMPTY_CONTROL};
    cell->container = &guest->container;
    cell->target = &guest->target;
    cell->control = &guest->control;
}

int take_upstream(struct cell *cell, struct op *op) {
    guest_of(cell)->upstream = op->word[0];
    return 0;
}

static int listen_for_guests(struct cell *cell) {
    const char *slash = cell->control->path != NULL ? strrchr(cell->control->path, '/') : NULL;
    if (slash == NULL || *cell->control->path != '/' || slash[1] == '\0' || cell->name == NULL || guest_of(cell)->upstream == NULL)
        return fail(&cell->status, "control", EINVAL, cell->control->path, "Cannot guard without a socket, a name and the daemon's socket");
    cleanup_free char *folder = strndup(cell->control->path, (size_t)(slash - cell->control->path) + 1);
    cell->control->folder = folder != NULL ? open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (cell->control->folder < 0)
        return fail(&cell->status, "control", errno, cell->control->path, "Cannot open the folder of the socket");
    cell->control->socket = listen_at_file(cell->control->folder, slash + 1, geteuid(), getegid(), 0666);
    if (cell->control->socket < 0)
        return fail(&cell->status, "control", errno, cell->control->path, "Cannot listen on the socket");
    return 0;
}

/* Who calls. */

enum side { INSIDE, OUTSIDE, NOBODY };

/** Whether a process is in the container's PID namespace or in one below it. One that has ended may have been anybody's: it counts for neither. */
static enum side side_of(const struct gate *self, pid_t pid) {
    char path[32];
    struct stat about;
    snprintf(path, sizeof path, "/proc/%d/ns/pid", (int)pid);
    int at = open(path, O_RDONLY | O_CLOEXEC);
    if (at < 0)
        return NOBODY;
    for (int depth = 0; at >= 0 && depth < DEPTH_MAX; depth++) {
        if (fstat(at, &about) == 0 && about.st_ino == self->pid_namespace.st_ino && about.st_dev == self->pid_namespace.st_dev) {
            close(at);
            return INSIDE;
        }
        const int above = ioctl(at, NS_GET_PARENT);
        close(at);
        at = above;
    }
    close_owned(&at);
    return OUTSIDE;
}

static int connect_to_daemon(const struct cell *cell) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const char *slash = strrchr(guest_of(cell)->upstream, '/');
    if (fd < 0 || slash == NULL || strlen(slash + 1) >= sizeof address.sun_path)
        return -1;
    /* an address holds 108 bytes: the last part alone, from its folder */
    cleanup_free char *folder = strndup(guest_of(cell)->upstream, (size_t)(slash - guest_of(cell)->upstream) + 1);
    strcpy(address.sun_path, slash + 1);
    if (folder == NULL || chdir(folder) < 0)
        return -1;
    const int result = connect(fd, (struct sockaddr *)&address, sizeof address);
    (void)!chdir("/");
    return result == 0 ? steal_fd(&fd) : -1;
}

enum { ANSWER_MAX = 512 };

static void refusal(char answer[ANSWER_MAX], const char *status, const char *text) {
    snprintf(answer, ANSWER_MAX, "HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s\n", status,
             strlen(text) + 1, text);
}

/** @returns the new link, NULL when there is no memory for one: the caller finds a closed connection */
static struct guest_link *add_link(struct gate *self, int guest, int host) {
    struct guest_link *link = guest_link_open(guest, host);
    if (link != NULL)
        self->links[self->link_count++] = link;
    return link;
}

static void refuse(struct gate *self, int guest, const char *status, const char *text) {
    char answer[ANSWER_MAX];
    struct guest_link *link = add_link(self, guest, -1);
    refusal(answer, status, text);
    if (link != NULL)
        guest_link_say(&link->down, answer);
}

/** There is no room to wait until it is read. */
static void turn_away(int guest) {
    char answer[ANSWER_MAX];
    refusal(answer, "503 Service Unavailable", "There are too many connections of this container. Try again later.");
    (void)send(guest, answer, strlen(answer), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void welcome(struct gate *self, int guest, const struct ucred *caller) {
    if (caller->uid != self->root) {
        refuse(self, guest, "401 Unauthorized", "Access denied for non-root user");
        return;
    }
    const int host = connect_to_daemon(self->cell);
    if (host < 0) {
        refuse(self, guest, "503 Service Unavailable", "The daemon does not answer now. Try again later.");
        return;
    }
    struct guest_link *link = add_link(self, guest, host);
    if (link != NULL)
        guest_link_say(&link->up, self->head);
}

static void accept_one(struct gate *self) {
    struct ucred caller;
    socklen_t size = sizeof caller;
    cleanup_fd int fd = accept4(self->cell->control->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &caller, &size) < 0)
        return;
    const enum side side = side_of(self, caller.pid);
    if (side == INSIDE) {
        if (self->link_count < LINKS_MAX)
            welcome(self, steal_fd(&fd), &caller);
        else
            turn_away(fd);
    } else if (side == OUTSIDE && is_allowed_peer(fd) && self->caller_count < HOST_CALLERS_MAX) {
        (void)send(fd, self->proxying, strlen(self->proxying), MSG_DONTWAIT | MSG_NOSIGNAL);
        self->readers[self->caller_count].length = 0;
        self->callers[self->caller_count++] = steal_fd(&fd);
    }
}

static void handle_command(const char *line, void *context) {
    struct gate *self = context;
    self->is_told = self->is_told || strcmp(line, "end") == 0;
}

/* Until the end. */

static void move_links(struct gate *self, const struct pollfd *polled) {
    for (unsigned at = self->link_count; at-- > 0;) {
        if (guest_link_move(self->links[at], polled + 2 * at))
            continue;
        guest_link_close(self->links[at]);
        self->links[at] = self->links[--self->link_count];
    }
}

static void hear_callers(struct gate *self, const struct pollfd *polled) {
    for (unsigned at = self->caller_count; at-- > 0;) {
        if (polled[at].revents == 0 || read_commands(&self->readers[at], self->callers[at], handle_command, self) > 0)
            continue;
        close(self->callers[at]);
        self->callers[at] = self->callers[--self->caller_count];
        self->readers[at] = self->readers[self->caller_count];
    }
}

static void guard(struct gate *self) {
    static struct pollfd polled[FIRST + 2 * LINKS_MAX + HOST_CALLERS_MAX];
    while (!self->is_told) {
        bool is_timed = false;
        /* the daemon comes here as well: it must not wait for the guest to make room */
        polled[LISTENER] = (struct pollfd){.fd = self->cell->control->socket, .events = POLLIN};
        polled[TARGET] = (struct pollfd){.fd = self->cell->target->fd, .events = POLLIN};
        const unsigned links = self->link_count, callers = self->caller_count;
        for (unsigned i = 0; i < links; i++) {
            guest_link_wants(self->links[i], polled + FIRST + 2 * i);
            is_timed = is_timed || self->links[i]->host < 0;
        }
        struct pollfd *host = polled + FIRST + 2 * links;
        for (unsigned i = 0; i < callers; i++)
            host[i] = (struct pollfd){.fd = self->callers[i], .events = POLLIN};
        if (poll(polled, FIRST + 2 * links + callers, is_timed ? TICK_MS : -1) < 0)
            continue;
        if (polled[TARGET].revents != 0)
            return;
        hear_callers(self, host);
        move_links(self, polled + FIRST);
        if (polled[LISTENER].revents != 0)
            accept_one(self);
    }
}

/** Before there is a container: who leaves without one takes this process along. */
static void handle_target(const char *line, void *context) {
    struct cell *cell = context;
    char pid[24], start[32];
    struct op op = {.word = (char *[]){pid, start}};
    if (cell->target->pid == 0 && sscanf(line, "target %23s %31s", pid, start) == 2 && take_target(cell, &op) < 0)
        cell->target->pid = -1;
}

static int await_target(struct cell *cell, struct gate *self) {
    struct command_reader reader = {.length = 0};
    char path[32];
    while (cell->target->pid == 0) {
        struct pollfd polled = {.fd = cell->conn, .events = POLLIN};
        if (poll(&polled, 1, -1) > 0 && read_commands(&reader, cell->conn, handle_target, cell) <= 0 && cell->target->pid == 0)
            return -1;
    }
    if (cell->target->pid < 0 || open_target(cell) < 0)
        return -1;
    snprintf(path, sizeof path, "/proc/%d/ns/pid", (int)cell->target->pid);
    /* alive after that means that the namespace was the container's */
    if (stat(path, &self->pid_namespace) < 0 || sys_pidfd_send_signal(cell->target->fd, 0) < 0)
        return fail(&cell->status, "target", ESRCH, NULL, "Cannot guard the container: no such container");
    return 0;
}

static const struct phase phases[] = {
    {"keeper", detach},
    {"control", listen_for_guests},
};

static uid_t root_of(const struct cell *cell) {
    for (unsigned i = 0; i < cell->container->uids.count; i++)
        if (cell->container->uids.line[i].inner == 0)
            return cell->container->uids.line[i].host;
    return 0;
}

void serve_guest_api(struct cell *cell) {
    set_title("bothy guest: ", cell->name != NULL ? cell->name : "");
    if (run_phases(cell, phases, COUNT_OF(phases)) < 0) {
        answer_error(&cell->status, cell->conn);
        return;
    }
    struct gate *self = must_alloc(sizeof *self);
    memset(self, 0, sizeof *self);
    self->cell = cell;
    self->root = root_of(cell);
    snprintf(self->head, sizeof self->head, "guest %s\n", cell->name);
    snprintf(self->proxying, sizeof self->proxying, "{\"proxying\":{\"pid\":%d,\"startTime\":%llu}}\n", (int)getpid(),
             (unsigned long long)process_start_time(getpid()));
    (void)dprintf(cell->conn, "{\"listening\":{}}\n");
    if (await_target(cell, self) == 0) {
        (void)send(cell->conn, self->proxying, strlen(self->proxying), MSG_DONTWAIT | MSG_NOSIGNAL);
        close_now(&cell->conn);
        guard(self);
    } else if (cell->status.error != NULL) {
        answer_error(&cell->status, cell->conn);
    }
    const char *file = strrchr(cell->control->path, '/') + 1;
    unlinkat(cell->control->folder, file, 0);
    close_now(&cell->control->socket);
    for (unsigned i = 0; i < self->caller_count; i++)
        (void)send(self->callers[i], "{\"ended\":{}}\n", 13, MSG_DONTWAIT | MSG_NOSIGNAL);
}
