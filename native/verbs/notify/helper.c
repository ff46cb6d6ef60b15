/*
 * The helper of interception: receives calls and sends answers. It reads nothing of a caller itself, since the memory and the file systems of a guest answer when
 * the guest likes: each call has a process of its own, which is ended when it takes too long.
 */
#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>

#include "base/child.h"
#include "base/sys.h"
#include "base/util.h"
#include "kernel/limits.h"
#include "security/caps.h"
#include "verbs/notify/answer.h"
#include "verbs/notify/calls.h"
#include "wire/handshake.h"

enum { CALL_TIMEOUT_MS = 5000, MOUNT_TIMEOUT_MS = 30000, PAIR = 3 };

struct helper {
    const struct interception *container;
    pid_t pid;
    struct shared *shared;
    int listeners[LISTENERS_MAX];
    unsigned turn; /* the listener that is looked at first, so that one that has always calls keeps no other waiting */
    struct answering {
        pid_t pid;
        int fd;           /* its pidfd */
        int64_t deadline; /* in milliseconds; 0 once it was told to end, and the caller has its answer */
    } answering[SLOTS_MAX];
};

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What it takes: to look into a caller CAP_SYS_PTRACE and CAP_DAC_OVERRIDE, since its folder in /proc is its own; to be it CAP_SETUID, CAP_SETGID and CAP_SYS_CHROOT. */
static uint64_t needed_caps(unsigned what) {
    const uint64_t enter = CAP_BIT(CAP_SYS_ADMIN) | CAP_BIT(CAP_SYS_CHROOT) | CAP_BIT(CAP_SETUID) | CAP_BIT(CAP_SETGID) | CAP_BIT(CAP_KILL);
    uint64_t caps = CAP_BIT(CAP_SYS_PTRACE) | CAP_BIT(CAP_DAC_OVERRIDE);
    if ((what & INTERCEPT_MKNOD) != 0)
        caps |= enter | CAP_BIT(CAP_MKNOD) | CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_FOWNER);
    if ((what & INTERCEPT_SCHEDULER) != 0)
        caps |= CAP_BIT(CAP_SYS_ADMIN) | CAP_BIT(CAP_SYS_NICE);
    /* what a group has on it is the business of who may do anything */
    if ((what & INTERCEPT_BPF_DEVICES) != 0)
        caps |= CAP_BIT(CAP_SYS_ADMIN);
    if ((what & (INTERCEPT_SETXATTR | INTERCEPT_MOUNT)) != 0)
        caps |= enter;
    return caps;
}

static int become_helper(const struct interception *container, int pair) {
    const uint64_t caps = needed_caps(container->what);
    const struct cap_sets sets = {.effective = caps, .permitted = caps};
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    unshield_from_oom();
    if (dup2(pair, PAIR) < 0 || sys_close_range(PAIR + 1, UINT_MAX, 0) < 0)
        return -1;
    if (bound_caps(caps) < 0 || set_caps(&sets) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return -1;
    /* a change of ids or capabilities may have taken it back */
    return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

/* One call. */

static _Noreturn void be_answerer(const struct helper *self, struct slot *slot, int listener) {
    struct caller caller = {.container = self->container, .shared = self->shared, .call = &slot->call, .listener = listener};
    const struct intercepted_call *call = find_call(&slot->call.data);
    struct verdict verdict = goes_on();
    end_with(self->pid);
    if (call != NULL && (call->what & self->container->what) != 0) {
        caller.form = call->form;
        verdict = open_caller(&caller) < 0 ? result_of(EPERM) : call->answer(&caller);
    }
    verdict.is_found = true;
    slot->verdict = verdict;
    _exit(0);
}

static void send_answer(struct helper *self, struct slot *slot, const struct verdict *verdict) {
    const int number = atomic_load(&slot->listener);
    struct seccomp_notif_resp answer = {.id = slot->call.id};
    if (verdict->goes_on)
        answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    else if (verdict->error != 0)
        answer.error = -verdict->error;
    else
        answer.val = verdict->value;
    /* ENOENT: the caller was killed, or took a signal, and waits no more */
    if (self->listeners[number - 1] >= 0)
        (void)ioctl(self->listeners[number - 1], SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

static void refuse(struct helper *self, struct slot *slot, int error) {
    const struct verdict verdict = result_of(error);
    send_answer(self, slot, &verdict);
}

static void begin_answer(struct helper *self, unsigned at) {
    struct slot *slot = &self->shared->slots[at];
    const int listener = self->listeners[atomic_load(&slot->listener) - 1];
    slot->verdict = (struct verdict){0};
    pid_t pid = fork();
    if (pid == 0)
        be_answerer(self, slot, listener);
    const int fd = pid < 0 ? -1 : sys_pidfd_open(pid);
    if (fd < 0) {
        if (pid > 0) {
            kill(pid, SIGKILL);
            reap_child(pid);
        }
        refuse(self, slot, EAGAIN);
        atomic_store(&slot->listener, 0);
        return;
    }
    const struct intercepted_call *call = find_call(&slot->call.data);
    const int patience = call != NULL && call->what == INTERCEPT_MOUNT ? MOUNT_TIMEOUT_MS : CALL_TIMEOUT_MS;
    self->answering[at] = (struct answering){.pid = pid, .fd = fd, .deadline = now_ms() + patience};
}

/** An answerer has ended: its caller gets what it found. */
static void end_answer(struct helper *self, unsigned at) {
    struct slot *slot = &self->shared->slots[at];
    struct answering *answering = &self->answering[at];
    reap_child(answering->pid);
    close_now(&answering->fd);
    if (answering->deadline != 0 && slot->verdict.is_found)
        send_answer(self, slot, &slot->verdict);
    else if (answering->deadline != 0)
        refuse(self, slot, EIO);
    answering->pid = 0;
    atomic_store(&slot->listener, 0);
}

/** The caller has its answer, whether or not the process can be ended: one that hangs in the kernel keeps its slot. */
static void give_up(struct helper *self, unsigned at) {
    sys_pidfd_send_signal(self->answering[at].fd, SIGKILL);
    self->answering[at].deadline = 0;
    refuse(self, &self->shared->slots[at], ETIMEDOUT);
}

/** @returns a slot that is free; -1 when there is none; -2 when there is none since answerers do not die */
static int free_slot(const struct helper *self) {
    bool is_stuck = false;
    for (int i = 0; i < SLOTS_MAX - 1; i++) {
        if (self->answering[i].pid == 0)
            return i;
        is_stuck = is_stuck || self->answering[i].deadline == 0;
    }
    return is_stuck ? -2 : -1;
}

/** Receives a call. Its slot says so before the kernel hands the id over. @returns whether there was one */
static bool receive(struct helper *self, unsigned at, unsigned number) {
    struct slot *slot = &self->shared->slots[at];
    memset(slot->room, 0, sizeof slot->room);
    atomic_store(&slot->listener, (int)number);
    if (ioctl(self->listeners[number - 1], SECCOMP_IOCTL_NOTIF_RECV, &slot->call) == 0)
        return true;
    atomic_store(&slot->listener, 0);
    return false;
}

static void serve_listener(struct helper *self, unsigned number) {
    const int at = free_slot(self);
    if (at >= 0) {
        if (receive(self, (unsigned)at, number))
            begin_answer(self, (unsigned)at);
    } else if (at == -2 && receive(self, SLOTS_MAX - 1, number)) {
        refuse(self, &self->shared->slots[SLOTS_MAX - 1], EAGAIN);
        atomic_store(&self->shared->slots[SLOTS_MAX - 1].listener, 0);
    }
}

/* Until the supervisor ends it. */

static void take_listener(struct helper *self) {
    static struct message message;
    if (receive_step(PAIR, &message, 0) < 0 || message.step != STEP_CALLS || message.fd < 0 || message.number < 1 || message.number > LISTENERS_MAX)
        _exit(1);
    /* the number was another's whose end we have not seen yet */
    close_owned(&self->listeners[message.number - 1]);
    self->listeners[message.number - 1] = message.fd;
}

/** Whether a listener is anybody's still: one that has ended leaves calls that nobody waits for. */
static void look_at_listener(struct helper *self, unsigned number, short events) {
    if ((events & POLLIN) != 0)
        serve_listener(self, number);
    else if ((events & (POLLHUP | POLLERR | POLLNVAL)) != 0)
        close_now(&self->listeners[number - 1]);
}

static void serve_calls(struct helper *self) {
    static struct pollfd polled[1 + SLOTS_MAX + LISTENERS_MAX];
    for (;;) {
        int64_t first = INT64_MAX;
        polled[0] = (struct pollfd){.fd = PAIR, .events = POLLIN};
        for (unsigned i = 0; i < SLOTS_MAX; i++) {
            const struct answering *one = &self->answering[i];
            polled[1 + i] = (struct pollfd){.fd = one->pid != 0 ? one->fd : -1, .events = POLLIN};
            if (one->pid != 0 && one->deadline != 0 && one->deadline < first)
                first = one->deadline;
        }
        const bool has_room = free_slot(self) != -1;
        for (unsigned i = 0; i < LISTENERS_MAX; i++)
            polled[1 + SLOTS_MAX + i] = (struct pollfd){.fd = self->listeners[i], .events = has_room ? POLLIN : 0};
        const int64_t left = first == INT64_MAX ? -1 : first - now_ms();
        if (poll(polled, COUNT_OF(polled), left < 0 && first != INT64_MAX ? 0 : (int)left) < 0)
            continue;
        for (unsigned i = 0; i < SLOTS_MAX; i++)
            if (polled[1 + i].revents != 0)
                end_answer(self, i);
            else if (self->answering[i].pid != 0 && self->answering[i].deadline != 0 && self->answering[i].deadline <= now_ms())
                give_up(self, i);
        const unsigned turn = self->turn;
        for (unsigned n = 0; n < LISTENERS_MAX; n++) {
            const unsigned i = (turn + n) % LISTENERS_MAX;
            if (self->listeners[i] < 0 || polled[1 + SLOTS_MAX + i].revents == 0)
                continue;
            look_at_listener(self, i + 1, polled[1 + SLOTS_MAX + i].revents);
            self->turn = i + 1;
        }
        if (polled[0].revents != 0)
            take_listener(self);
    }
}

_Noreturn void run_notify_helper(const struct interception *container, struct shared *shared, int pair) {
    struct helper *self = must_alloc(sizeof *self);
    memset(self, 0, sizeof *self);
    self->container = container;
    self->pid = getpid();
    self->shared = shared;
    for (unsigned i = 0; i < LISTENERS_MAX; i++)
        self->listeners[i] = -1;
    set_title("bothy calls", "");
    if (become_helper(container, pair) < 0)
        _exit(1);
    serve_calls(self);
    _exit(0);
}
