/* The relay's loop: one process, one epoll, nothing that waits anywhere else. */
#pragma once

#include <stddef.h>

#include "verbs/proxy/proxy.h"

enum {
    RETRY_MS = 20,
    CHUNK = 64 * 1024,          /* what is moved at once, and what is held of a direction at most; any datagram fits */
    DATAGRAM_CHUNK = 16 * 1024, /* what of a stream becomes one datagram at most */
    BUCKETS = 1024,
};

struct relay;
struct session;

/** Something that epoll looks at. */
struct watch {
    void (*ready)(struct relay *relay, struct watch *watch, unsigned events);
    int fd;
    int events; /* what epoll has been told; UNWATCHED when it does not look, since it tells of errors even when nothing is asked for */
};
enum { UNWATCHED = -1 };

struct listener {
    struct watch watch; /* first, so that one is found by the other */
    const struct endpoint *endpoint, *to;
};

struct relay {
    const struct proxy *proxy;
    int epoll;
    struct watch door; /* an epoll of its own over all listeners of streams, so that one word closes all */
    uint64_t door_opens_ms; /* 0: it is open */
    struct listener *listeners;
    struct session *over;    /* freed when the events of this round have been handled, some of which may be theirs */
    struct session *waiting; /* for room in the queue of a unix listener */
    uint64_t retry_ms;       /* when they are tried again */
    struct session *oldest, *newest; /* those that end by being idle, by when they were used */
    unsigned idle_count, idle_max;
    struct session *bucket[BUCKETS]; /* those of datagram clients, by client */
    uint64_t seed, now_ms;
    char bytes[CHUNK];
};

/** Prepares everything that can fail. @returns NULL with the error in cell's status */
struct relay *relay_begin(struct cell *cell);
_Noreturn void relay_run(struct relay *relay);

/** Tells epoll what to look for from now on. @returns 0, or -1 with errno */
int watch_for(struct relay *relay, struct watch *watch, int events);
/** Accepts nothing for a moment, or until a session ends: what it takes has run out. */
void close_door(struct relay *relay);
