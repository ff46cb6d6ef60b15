/* See attach.h. */
#include "stdio/attach.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"

/* what a full buffer holds must be taken within the patience; a caller that is slower loses output, and is waited for no more until it has caught up */
enum { OUTPUT_MAX = 64 * 1024, INPUT_MAX = 4096, PATIENCE_MS = 1000 };

static const char lost[] = "\r\n[bothy: this was read too slowly; some output is lost here]\r\n";

struct buffer {
    size_t begin, end;
};

struct attached {
    int fd;
    enum { FILLING, FLUSHING, LOSING } state;
    bool is_hurried;
    uint64_t deadline_ms; /* of FLUSHING */
    struct buffer out, in;
    char output[OUTPUT_MAX], input[INPUT_MAX];
};

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool is_empty(const struct buffer *buffer) {
    return buffer->begin == buffer->end;
}

static bool would_wait(void) {
    return errno == EAGAIN || errno == EINTR;
}

struct attached *attached_begin(int fd) {
    struct attached *self = calloc(1, sizeof *self);
    if (self != NULL)
        self->fd = fd;
    return self;
}

void attached_end(struct attached *self) {
    if (self == NULL)
        return;
    close(self->fd);
    free(self);
}

size_t attached_room(const struct attached *self, size_t wanted) {
    if (self == NULL || self->state == LOSING)
        return wanted;
    size_t room = self->state == FLUSHING ? 0 : OUTPUT_MAX - self->out.end;
    return wanted < room ? wanted : room;
}

/** @returns whether the caller takes more; not when it has left, which attached_move() tells */
static bool send_output(struct attached *self) {
    while (!is_empty(&self->out)) {
        ssize_t sent = send(self->fd, self->output + self->out.begin, self->out.end - self->out.begin, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0)
            return false;
        self->out.begin += (size_t)sent;
    }
    self->out = (struct buffer){0};
    return true;
}

static void add(struct attached *self, const char *bytes, size_t count) {
    memcpy(self->output + self->out.end, bytes, count);
    self->out.end += count;
}

static void flush(struct attached *self) {
    bool was_losing = self->state == LOSING;
    if (send_output(self)) {
        self->state = FILLING;
        if (was_losing && !self->is_hurried)
            add(self, lost, sizeof lost - 1);
        return;
    }
    if (self->state == FILLING && self->out.end == OUTPUT_MAX) {
        self->state = self->is_hurried ? LOSING : FLUSHING;
        self->deadline_ms = now_ms() + PATIENCE_MS;
    }
    if (self->state == FLUSHING && (self->is_hurried || now_ms() >= self->deadline_ms))
        self->state = LOSING;
}

void attached_print(struct attached *self, const char *bytes, size_t count) {
    if (self == NULL || self->state == LOSING)
        return;
    add(self, bytes, count);
    flush(self);
}

void attached_hurry(struct attached *self) {
    if (self == NULL)
        return;
    self->is_hurried = true;
    flush(self);
}

int attached_prepare(const struct attached *self, struct pollfd *caller, struct pollfd *console) {
    caller->fd = self == NULL ? -1 : self->fd;
    console->events = attached_room(self, 1) > 0 ? POLLIN : 0;
    if (self == NULL)
        return -1;
    caller->events = (short)((is_empty(&self->in) ? POLLIN : 0) | (is_empty(&self->out) ? 0 : POLLOUT));
    console->events = (short)(console->events | (is_empty(&self->in) ? 0 : POLLOUT));
    if (self->state != FLUSHING)
        return -1;
    uint64_t now = now_ms();
    return self->deadline_ms > now ? (int)(self->deadline_ms - now) : 0;
}

/** Types what has come. What the terminal does not take yet waits, and so does the caller. */
static void type_input(struct attached *self, int master) {
    while (!is_empty(&self->in)) {
        ssize_t wrote = write(master, self->input + self->in.begin, self->in.end - self->in.begin);
        if (wrote < 0 && would_wait())
            return;
        /* one that hung up takes nothing: what was typed to it is gone */
        self->in.begin = wrote < 0 ? self->in.end : self->in.begin + (size_t)wrote;
    }
}

bool attached_move(struct attached *self, int master, short caller_events) {
    bool has_left = (caller_events & (POLLHUP | POLLERR)) != 0;
    type_input(self, master);
    if (is_empty(&self->in) && (has_left || (caller_events & POLLIN) != 0)) {
        ssize_t got = recv(self->fd, self->input, sizeof self->input, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && !would_wait()))
            return false;
        self->in = (struct buffer){.end = got > 0 ? (size_t)got : 0};
        type_input(self, master);
    }
    if (has_left && !is_empty(&self->in))
        return false;
    flush(self);
    return true;
}
