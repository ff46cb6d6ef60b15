/* See relay.h. */
#include "stdio/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <time.h>

#include "base/util.h"
#include "stdio/console.h"

/* how long to wait for a reader: at first, and at most, for one that takes the character for input */
enum { FIRST_WAIT_MS = 25, LONGEST_WAIT_MS = 1000, DOUBLINGS_MAX = 6 };

static int set_nonblocking(int fd) {
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

struct relay *relay_new(int master, int input, int output) {
    struct relay *relay = must_alloc(sizeof *relay);
    relay->slave = -1;
    relay->in = (struct flow){.from = input, .to = master};
    relay->out = (struct flow){.from = fcntl(master, F_DUPFD_CLOEXEC, 0), .to = output};
    if (relay->out.from < 0 || set_nonblocking(master) < 0 || set_nonblocking(input) < 0 || set_nonblocking(output) < 0) {
        relay_free(relay);
        return NULL;
    }
    return relay;
}

static bool is_empty(const struct flow *flow) {
    return flow->begin == flow->end;
}

static void prepare(const struct flow *flow, struct pollfd *from, struct pollfd *to) {
    /* a side in which nothing is expected is left out, since poll would report its hang-up over and over */
    *from = (struct pollfd){.fd = is_empty(flow) ? flow->from : -1, .events = POLLIN};
    *to = (struct pollfd){.fd = is_empty(flow) ? -1 : flow->to, .events = POLLOUT};
}

void relay_prepare(const struct relay *relay, struct pollfd polled[RELAY_POLLED]) {
    prepare(&relay->in, &polled[0], &polled[1]);
    prepare(&relay->out, &polled[2], &polled[3]);
    /* a caller that closes its reading end is noticed though there is nothing to write */
    if (polled[3].fd < 0)
        polled[3] = (struct pollfd){.fd = relay->out.to, .events = 0};
}

static bool would_wait(void) {
    return errno == EAGAIN || errno == EINTR;
}

/** One read and the writes it takes. @returns whether anything moved */
static bool move(struct flow *flow) {
    if (is_empty(flow)) {
        if (flow->from < 0)
            return false;
        ssize_t got = read(flow->from, flow->bytes, sizeof flow->bytes);
        if (got < 0 && would_wait())
            return false;
        if (got <= 0) {
            close_now(&flow->from);
            return false;
        }
        flow->begin = 0;
        flow->end = (size_t)got;
    }
    if (flow->to < 0) {
        flow->begin = flow->end; /* nobody listens any more: the terminal must not stop for that */
        return true;
    }
    ssize_t wrote = write(flow->to, flow->bytes + flow->begin, flow->end - flow->begin);
    if (wrote < 0 && would_wait())
        return false;
    if (wrote < 0)
        close_now(&flow->to);
    else
        flow->begin += (size_t)wrote;
    return true;
}

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool has_ended(const struct relay *relay) {
    return relay->in.from < 0 && is_empty(&relay->in) && relay->in.to >= 0;
}

int relay_rest_timeout(const struct relay *relay) {
    return is_empty(&relay->out) ? 0 : -1;
}

int relay_timeout(const struct relay *relay) {
    uint64_t now = now_ms();
    if (!has_ended(relay))
        return -1;
    return relay->next_end_ms > now ? (int)(relay->next_end_ms - now) : 0;
}

static void type_end(struct relay *relay) {
    if (relay->slave < 0)
        relay->slave = open_slave(relay->in.to);
    struct pollfd typed = {.fd = relay->slave, .events = POLLIN};
    struct termios settings;
    bool is_read = relay->slave >= 0 && poll(&typed, 1, 0) == 0;
    if (is_read && tcgetattr(relay->in.to, &settings) == 0) {
        char end = settings.c_cc[VEOF] != 0 ? (char)settings.c_cc[VEOF] : 4;
        if (write(relay->in.to, &end, 1) == 1 && relay->ends < DOUBLINGS_MAX)
            relay->ends++;
    }
    unsigned wait = FIRST_WAIT_MS << relay->ends;
    relay->next_end_ms = now_ms() + (wait < LONGEST_WAIT_MS ? wait : LONGEST_WAIT_MS);
}

void relay_move(struct relay *relay) {
    move(&relay->in);
    if (has_ended(relay) && relay_timeout(relay) == 0)
        type_end(relay);
    move(&relay->out);
}

bool relay_is_dry(struct relay *relay) {
    /* one step at a time: who still writes to the terminal must not keep us from hearing the caller */
    return relay->out.to < 0 || (!move(&relay->out) && is_empty(&relay->out));
}

void relay_free(struct relay *relay) {
    close_now(&relay->in.from);
    close_now(&relay->in.to);
    close_now(&relay->out.from);
    close_now(&relay->out.to);
    close_now(&relay->slave);
    free(relay);
}
