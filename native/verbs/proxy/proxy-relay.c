/* See proxy-relay.h. */
#include "verbs/proxy/proxy-relay.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

#include "base/util.h"
#include "verbs/proxy/proxy-session.h"

enum { EVENTS_MAX = 64, DOOR_CLOSED_MS = 100 };

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int tell_epoll(int epoll, struct watch *watch, int events) {
    if (watch->events == events)
        return 0;
    struct epoll_event event = {.events = (uint32_t)events, .data.ptr = watch};
    int operation = events == UNWATCHED ? EPOLL_CTL_DEL : watch->events == UNWATCHED ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (epoll_ctl(epoll, operation, watch->fd, &event) < 0)
        return -1;
    watch->events = events;
    return 0;
}

int watch_for(struct relay *relay, struct watch *watch, int events) {
    return tell_epoll(relay->epoll, watch, events);
}

void close_door(struct relay *relay) {
    (void)watch_for(relay, &relay->door, UNWATCHED);
    relay->door_opens_ms = relay->now_ms + DOOR_CLOSED_MS;
}

static void open_door(struct relay *relay) {
    if (watch_for(relay, &relay->door, EPOLLIN) == 0)
        relay->door_opens_ms = 0;
}

static bool is_listening(int fd) {
    int value = 0;
    socklen_t size = sizeof value;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value != 0;
}

static bool is_between_us_and_client(int error) {
    return error == EAGAIN || error == EINTR || error == ECONNABORTED || error == EPROTO;
}

/** One connection a time; epoll tells again of those that are left. */
static void accept_client(struct relay *relay, struct watch *watch, unsigned events) {
    struct listener *listener = (struct listener *)watch;
    (void)events;
    /* the server's socket first: a client whom there is none for stays in the queue */
    cleanup_fd int server = open_server(listener->to);
    if (server < 0 && is_short_of_resources()) {
        close_door(relay);
        return;
    }
    int client = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client >= 0 && server >= 0) {
        begin_session(relay, listener, steal_fd(&server), client, NULL);
    } else if (client >= 0) {
        close(client);
    } else if (!is_between_us_and_client(errno)) {
        /* a container's root may close sockets of its network from outside (sock_diag(7)): that one is lost, and would be told of for ever */
        if (!is_listening(watch->fd))
            (void)tell_epoll(relay->door.fd, watch, UNWATCHED);
        else
            close_door(relay);
    }
}

static void door_ready(struct relay *relay, struct watch *door, unsigned events) {
    struct epoll_event waiting[EVENTS_MAX];
    (void)events;
    int count = epoll_wait(door->fd, waiting, EVENTS_MAX, 0);
    for (int i = 0; i < count && relay->door_opens_ms == 0; i++) {
        struct watch *watch = waiting[i].data.ptr;
        watch->ready(relay, watch, waiting[i].events);
    }
}

static int begin_listener(struct relay *relay, unsigned at) {
    const struct proxy *proxy = relay->proxy;
    struct listener *listener = &relay->listeners[at];
    listener->endpoint = &proxy->listen[at];
    listener->to = &proxy->connect[proxy->connect_count > 1 ? at : 0];
    bool is_datagram = listener->endpoint->type == ENDPOINT_UDP;
    listener->watch = (struct watch){.ready = is_datagram ? datagrams_ready : accept_client, .fd = proxy->listen[at].fd, .events = UNWATCHED};
    return tell_epoll(is_datagram ? relay->epoll : relay->door.fd, &listener->watch, EPOLLIN);
}

struct relay *relay_begin(struct cell *cell) {
    struct relay *relay = must_alloc(sizeof *relay);
    relay->proxy = proxy_of(cell);
    relay->listeners = must_alloc(proxy_of(cell)->listen_count * sizeof *relay->listeners);
    relay->epoll = epoll_create1(EPOLL_CLOEXEC);
    relay->door = (struct watch){.ready = door_ready, .fd = epoll_create1(EPOLL_CLOEXEC), .events = UNWATCHED};
    int result = relay->epoll < 0 || relay->door.fd < 0 ? -1 : watch_for(relay, &relay->door, EPOLLIN);
    for (unsigned i = 0; i < proxy_of(cell)->listen_count && result == 0; i++)
        result = begin_listener(relay, i);
    if (result < 0 || begin_datagrams(relay) < 0) {
        fail(&cell->status, "proxy-listen", errno, NULL, "Cannot wait for connections");
        return NULL;
    }
    return relay;
}

static int timeout_of(const struct relay *relay) {
    int64_t timeout = next_expiry_ms(relay);
    if (relay->door_opens_ms != 0 && (timeout < 0 || timeout > DOOR_CLOSED_MS))
        timeout = DOOR_CLOSED_MS;
    if (relay->waiting != NULL && (timeout < 0 || timeout > RETRY_MS))
        timeout = RETRY_MS;
    return (int)timeout;
}

_Noreturn void relay_run(struct relay *relay) {
    struct epoll_event events[EVENTS_MAX];
    for (;;) {
        int count = epoll_wait(relay->epoll, events, EVENTS_MAX, timeout_of(relay));
        relay->now_ms = now_ms();
        for (int i = 0; i < count; i++) {
            struct watch *watch = events[i].data.ptr;
            watch->ready(relay, watch, events[i].events);
        }
        retry_connects(relay);
        expire_sessions(relay);
        bool has_more = bury_sessions(relay);
        if (relay->door_opens_ms != 0 && (has_more || relay->now_ms >= relay->door_opens_ms))
            open_door(relay);
    }
}
