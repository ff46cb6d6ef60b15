/* See keeper.h. The supervisor waits for nobody here: what cannot be said at once counts as a helper that died. */
#include "verbs/notify/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>

#include "base/child.h"
#include "base/peer.h"
#include "base/sys.h"
#include "base/util.h"
#include "kernel/limits.h"
#include "verbs/notify/notify.h"
#include "wire/handshake.h"

enum { CALLERS_MAX = 8, HELPER = 0, SOCKET = LISTENERS_MAX + 1, TIMER, CALLER, PAIR_BUFFER = 1024 * 1024, SOON_MS = 20, LATER_MS = 1000, STEADY_S = 5 };

struct keeper {
    const struct interception *container;
    int epoll, socket, timer;
    int listeners[LISTENERS_MAX]; /* the one of number n is at n - 1; -1 for none */
    int callers[CALLERS_MAX];     /* who are about to hand a listener over; -1 for none */
    struct shared *shared;        /* with the helper */
    pid_t helper;                 /* 0 for none */
    int helper_fd, pair;
    time_t helper_since;
    unsigned deaths;
    char line[64];
};

static time_t now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static int watch_fd(struct keeper *self, int fd, uint32_t what, uint32_t events) {
    struct epoll_event event = {.events = events, .data.u32 = what};
    return epoll_ctl(self->epoll, EPOLL_CTL_ADD, fd, &event);
}

/* Listeners. */

/** @returns its number, or 0 when there is no room */
static unsigned keep_listener(struct keeper *self, int fd) {
    for (unsigned i = 0; i < LISTENERS_MAX; i++) {
        if (self->listeners[i] >= 0)
            continue;
        /* no events but the end, which the kernel tells when no process has the filter any more */
        if (watch_fd(self, fd, i + 1, 0) < 0)
            return 0;
        self->listeners[i] = fd;
        return i + 1;
    }
    return 0;
}

static void tell_listener(struct keeper *self, unsigned number) {
    if (self->pair >= 0 && send_step(self->pair, STEP_CALLS, (int)number, self->listeners[number - 1]) < 0)
        sys_pidfd_send_signal(self->helper_fd, SIGKILL);
}

/* The helper. */

static void arm(struct keeper *self, int ms) {
    struct itimerspec when = {.it_value = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000}};
    timerfd_settime(self->timer, 0, &when, NULL);
}

static void start_helper(struct keeper *self) {
    int pair[2];
    if (handshake_pair(pair) < 0) {
        arm(self, LATER_MS);
        return;
    }
    int size = PAIR_BUFFER;
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    pid_t helper = fork();
    if (helper == 0)
        run_notify_helper(self->container, self->shared, pair[1]);
    close(pair[1]);
    self->helper_fd = helper < 0 ? -1 : sys_pidfd_open(helper);
    if (self->helper_fd < 0 || watch_fd(self, self->helper_fd, HELPER, EPOLLIN) < 0) {
        if (helper > 0) {
            kill(helper, SIGKILL);
            reap_child(helper);
        }
        close_now(&self->helper_fd);
        close(pair[0]);
        arm(self, LATER_MS);
        return;
    }
    self->helper = helper;
    self->pair = pair[0];
    self->helper_since = now_s();
    for (unsigned i = 0; i < LISTENERS_MAX; i++)
        if (self->listeners[i] >= 0)
            tell_listener(self, i + 1);
}

/** Answers what the helper that died had received: the kernel hands a call over once. */
static void answer_orphans(struct keeper *self) {
    for (unsigned i = 0; i < SLOTS_MAX; i++) {
        struct slot *slot = &self->shared->slots[i];
        const int number = atomic_load(&slot->listener);
        if (number > 0 && number <= LISTENERS_MAX && self->listeners[number - 1] >= 0) {
            struct seccomp_notif_resp answer = {.id = slot->call.id, .error = -EAGAIN};
            /* one that was answered, or whose caller is gone, is not known any more */
            (void)ioctl(self->listeners[number - 1], SECCOMP_IOCTL_NOTIF_SEND, &answer);
        }
        memset(slot, 0, sizeof *slot);
    }
}

/** Its answerers die with it, by their signal of a parent's death. */
static void bury_helper(struct keeper *self) {
    reap_child(self->helper);
    self->helper = 0;
    close_now(&self->helper_fd);
    close_now(&self->pair);
    answer_orphans(self);
    self->deaths++;
    arm(self, now_s() - self->helper_since > STEADY_S ? SOON_MS : LATER_MS);
}

/* Listeners of processes that enter. */

static void accept_caller(struct keeper *self) {
    cleanup_fd int fd = accept4(self->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 || !is_allowed_peer(fd))
        return;
    for (unsigned i = 0; i < CALLERS_MAX; i++) {
        if (self->callers[i] >= 0)
            continue;
        if (watch_fd(self, fd, CALLER + i, EPOLLIN) == 0)
            self->callers[i] = steal_fd(&fd);
        return;
    }
}

/** Takes what a caller hands over, tells it whether there was room, and lets it go. */
static void serve_caller(struct keeper *self, int *caller) {
    static struct message message; /* no memory is asked for while a container runs (docs/native.md) */
    unsigned number = 0;
    if (receive_step(*caller, &message, 0) == 0 && message.fd >= 0) {
        number = message.step == STEP_CALLS ? keep_listener(self, message.fd) : 0;
        if (number == 0)
            close(message.fd);
    }
    (void)send_step(*caller, STEP_CALLS, number == 0 ? EMFILE : 0, -1);
    close_now(caller);
    if (number > 0)
        tell_listener(self, number);
}

static int open_socket(struct keeper *self) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/calls", self->container->folder);
    unlinkat(self->container->folder, "calls", 0);
    self->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (self->socket < 0 || bind(self->socket, (struct sockaddr *)&address, sizeof address) < 0 || fchmodat(self->container->folder, "calls", 0600, 0) < 0)
        return -1;
    return listen(self->socket, CALLERS_MAX);
}

struct keeper *keeper_begin(const struct interception *container, int *listener) {
    if (*listener < 0 || container == NULL) {
        /* without a listener the kernel answers ENOSYS; one that nobody serves would keep its callers waiting */
        close_now(listener);
        return NULL;
    }
    struct keeper *self = must_alloc(sizeof *self);
    *self = (struct keeper){.container = container, .helper_fd = -1, .pair = -1};
    for (unsigned i = 0; i < LISTENERS_MAX; i++)
        self->listeners[i] = -1;
    for (unsigned i = 0; i < CALLERS_MAX; i++)
        self->callers[i] = -1;
    self->shared = mmap(NULL, sizeof *self->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    self->epoll = epoll_create1(EPOLL_CLOEXEC);
    self->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    /* no memory or descriptors at the start of a container: as for all that is allocated here, it ends with its supervisor */
    if (self->shared == MAP_FAILED || self->epoll < 0 || self->timer < 0 || open_socket(self) < 0 || watch_fd(self, self->timer, TIMER, EPOLLIN) < 0 ||
        watch_fd(self, self->socket, SOCKET, EPOLLIN) < 0 || keep_listener(self, steal_fd(listener)) == 0)
        abort();
    start_helper(self);
    return self;
}

int keeper_fd(const struct keeper *self) {
    return self == NULL ? -1 : self->epoll;
}

const char *keeper_serve(struct keeper *self) {
    struct epoll_event events[16];
    bool has_died = false;
    const int count = epoll_wait(self->epoll, events, COUNT_OF(events), 0);
    for (int i = 0; i < count; i++) {
        const uint32_t what = events[i].data.u32;
        uint64_t times;
        if (what == HELPER && self->helper > 0) {
            bury_helper(self);
            has_died = true;
        } else if (what == TIMER && read(self->timer, &times, sizeof times) > 0 && self->helper == 0) {
            start_helper(self);
        } else if (what == SOCKET) {
            accept_caller(self);
        } else if (what >= CALLER) {
            serve_caller(self, &self->callers[what - CALLER]);
        } else if (what > HELPER && what <= LISTENERS_MAX) {
            close_now(&self->listeners[what - 1]);
        }
    }
    if (!has_died)
        return NULL;
    snprintf(self->line, sizeof self->line, "{\"interception\":{\"deaths\":%u}}\n", self->deaths);
    return self->line;
}

void keeper_end(struct keeper *self) {
    if (self == NULL)
        return;
    if (self->helper > 0) {
        sys_pidfd_send_signal(self->helper_fd, SIGKILL);
        reap_child(self->helper);
    }
    unlinkat(self->container->folder, "calls", 0);
}
