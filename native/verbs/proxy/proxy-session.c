/* See proxy-session.h. */
#include "verbs/proxy/proxy-session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/util.h"
#include "verbs/proxy/proxy-header.h"

enum { LAST_READS = 256 };

static bool is_empty(const struct flow *flow) {
    return flow->bytes == NULL;
}

/** @returns false when there is no memory to hold anything */
static bool hold(struct flow *flow, const char *bytes, size_t size) {
    if (is_empty(flow))
        *flow = (struct flow){.bytes = malloc(CHUNK)};
    if (is_empty(flow))
        return false;
    memmove(flow->bytes, flow->bytes + flow->begin, flow->end - flow->begin);
    flow->end -= flow->begin;
    flow->begin = 0;
    memcpy(flow->bytes + flow->end, bytes, size);
    flow->end += size;
    return true;
}

static void drop(struct flow *flow) {
    free(flow->bytes);
    *flow = (struct flow){0};
}

/** Gives to a receiver. @returns how much it has taken, or all of it when it never will take any */
static size_t give(struct end *to, const char *bytes, size_t size) {
    if (to->is_gone)
        return size;
    if (to->watch.fd < 0) {
        send_to_client(to->session, bytes, size);
        return size;
    }
    for (int tries = 0;; tries++) {
        ssize_t sent = send(to->watch.fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0)
            return (size_t)sent;
        if (errno == EAGAIN)
            return 0;
        /* of datagrams the first error is that of one before */
        if (errno == EINTR || (to->is_datagram && tries == 0))
            continue;
        to->is_gone = !to->is_datagram;
        return size;
    }
}

static void take_in(struct relay *relay, struct end *from, struct end *to, struct flow *flow) {
    ssize_t got = recv(from->watch.fd, relay->bytes, to->is_datagram && !from->is_datagram ? DATAGRAM_CHUNK : CHUNK, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR || from->is_datagram))
        return;
    if (got <= 0 && !from->is_datagram) {
        /* what it sent before is passed on all the same */
        from->has_ended = true;
        from->is_gone = from->is_gone || got < 0;
        return;
    }
    size_t given = give(to, relay->bytes, (size_t)got);
    /* what cannot be held is lost, so nothing may follow it: the connection is broken for both */
    if (given < (size_t)got && !hold(flow, relay->bytes + given, (size_t)got - given))
        from->is_gone = to->is_gone = true;
    if (from->session->is_idle)
        touch_session(relay, from->session);
}

/** Moves what can be moved now from one end to the other: what is held, or else what is read at once. */
static void pass(struct relay *relay, struct end *from, struct end *to, struct flow *flow) {
    if (!is_empty(flow)) {
        flow->begin += give(to, flow->bytes + flow->begin, flow->end - flow->begin);
        if (flow->begin < flow->end)
            return;
        drop(flow);
    }
    if (from->watch.fd >= 0 && !from->has_ended && !to->is_gone)
        take_in(relay, from, to, flow);
}

/** Whether all that ever came from this end has been passed on. @param flow from it */
static bool is_delivered(const struct end *from, const struct flow *flow) {
    return from->has_ended && is_empty(flow);
}

static void tell_end(const struct end *from, const struct flow *flow, struct end *to) {
    if (!is_delivered(from, flow) || to->is_told)
        return;
    to->is_told = true;
    if (!to->is_datagram)
        shutdown(to->watch.fd, SHUT_WR);
}

/** @param out the flow from this end, in the flow to it. @returns what epoll is to look for */
static int interest(const struct end *end, const struct end *other, const struct flow *out, const struct flow *in) {
    if (end->session->is_connecting)
        return end == &end->session->server ? EPOLLOUT : UNWATCHED;
    bool wants_in = !end->has_ended && is_empty(out) && !other->is_gone;
    bool wants_out = !is_empty(in) && !end->is_gone;
    if (wants_in || wants_out)
        return (wants_in ? EPOLLIN : 0) | (wants_out ? EPOLLOUT : 0);
    /* nothing but an end is expected of one that has said all; while something is held of one, an end that is there already would wake us for nothing */
    return is_delivered(end, out) && !end->is_gone ? 0 : UNWATCHED;
}

/** Draws the conclusions of what has been moved. */
static void settle(struct relay *relay, struct session *session) {
    struct end *client = &session->client, *server = &session->server;
    tell_end(client, &session->up, server);
    tell_end(server, &session->down, client);
    bool is_up_done = client->is_datagram || is_delivered(client, &session->up);
    bool is_down_done = server->is_datagram || is_delivered(server, &session->down);
    bool is_over = (client->is_gone && (is_up_done || server->is_gone)) || (server->is_gone && is_down_done) ||
                   (is_up_done && is_down_done && !server->is_datagram);
    int client_events = interest(client, server, &session->up, &session->down), server_events = interest(server, client, &session->down, &session->up);
    if (is_over || (client->watch.fd >= 0 && watch_for(relay, &client->watch, client_events) < 0) || watch_for(relay, &server->watch, server_events) < 0) {
        end_session(relay, session);
        return;
    }
    /* a server of datagrams never says that it has answered all */
    if (server->is_datagram && is_delivered(client, &session->up) && !session->is_idle)
        touch_session(relay, session);
}

static bool has_connected(const struct end *server) {
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(server->watch.fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

static void end_ready(struct relay *relay, struct watch *watch, unsigned events) {
    struct end *end = (struct end *)watch;
    struct session *session = end->session;
    bool is_client = end == &session->client;
    struct flow *out = is_client ? &session->up : &session->down, *in = is_client ? &session->down : &session->up;
    struct end *other = is_client ? &session->server : &session->client;
    /* another event of this round has ended it */
    if (session->is_over)
        return;
    if (session->is_connecting && !has_connected(end)) {
        end_session(relay, session);
        return;
    }
    session->is_connecting = false;
    bool is_broken = (events & (EPOLLHUP | EPOLLERR)) != 0;
    if (is_broken && end->has_ended && !end->is_datagram)
        end->is_gone = true;
    if ((events & EPOLLIN) != 0 || is_broken)
        pass(relay, end, other, out);
    if ((events & EPOLLOUT) != 0 || is_broken)
        pass(relay, other, end, in);
    settle(relay, session);
}

static void begin_end(struct end *end, struct session *session, int fd, bool is_datagram) {
    end->watch = (struct watch){.ready = end_ready, .fd = fd, .events = UNWATCHED};
    end->session = session;
    end->is_datagram = is_datagram;
}

struct session *begin_session(struct relay *relay, const struct listener *listener, int server, int client, const struct datagram_client *from) {
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        close(server);
        close_owned(&client);
        return NULL;
    }
    session->listener = listener;
    begin_end(&session->client, session, client, client < 0);
    begin_end(&session->server, session, server, listener->to->type == ENDPOINT_UDP);
    if (from != NULL)
        session->from = *from;
    if (listener->endpoint->type == ENDPOINT_TCP)
        tune_tcp(client);
    bool has_room = true;
    if (relay->proxy->has_header && !session->server.is_datagram) {
        char header[HEADER_MAX];
        has_room = hold(&session->up, header, write_header(client, header));
    }
    int result = has_room ? connect_server(relay, session) : -1;
    if (result < 0) {
        end_session(relay, session);
        return NULL;
    }
    session->is_connecting = result > 0;
    /* one that waits for room is connected later */
    if (relay->waiting != session)
        settle(relay, session);
    return session->is_over ? NULL : session;
}

void retry_connects(struct relay *relay) {
    struct session *next = relay->waiting;
    if (next == NULL || relay->now_ms < relay->retry_ms)
        return;
    relay->retry_ms = relay->now_ms + RETRY_MS;
    relay->waiting = NULL;
    while (next != NULL) {
        struct session *session = next;
        next = session->next_waiting;
        int result = connect_server(relay, session);
        session->is_connecting = result > 0;
        if (result < 0)
            end_session(relay, session);
        else if (result == 0)
            settle(relay, session);
    }
}

void pass_datagram(struct relay *relay, struct session *session, size_t size) {
    struct flow *up = &session->up;
    if (!session->is_connecting && is_empty(up)) {
        size_t given = give(&session->server, relay->bytes, size);
        if (given < size && !session->server.is_datagram && !hold(up, relay->bytes + given, size - given))
            session->server.is_gone = true;
    } else if (!session->server.is_datagram && size <= CHUNK - (up->end - up->begin)) {
        (void)hold(up, relay->bytes, size);
    }
    if (!session->is_connecting)
        settle(relay, session);
}

/** What nobody reads any more is read first: where something is left unread TCP takes back what was sent, and is not acknowledged yet. */
static void close_end(struct relay *relay, struct end *end) {
    if (end->watch.fd < 0)
        return;
    char discarded[4096];
    for (int tries = 0; tries < LAST_READS && !end->is_datagram && !end->has_ended; tries++)
        if (recv(end->watch.fd, discarded, sizeof discarded, MSG_DONTWAIT) <= 0)
            break;
    (void)watch_for(relay, &end->watch, UNWATCHED);
    close_now(&end->watch.fd);
}

void end_session(struct relay *relay, struct session *session) {
    if (session->is_over)
        return;
    session->is_over = true;
    close_end(relay, &session->client);
    close_end(relay, &session->server);
    drop(&session->up);
    drop(&session->down);
    forget_waiting(relay, session);
    forget_datagrams(relay, session);
    session->next_over = relay->over;
    relay->over = session;
}

bool bury_sessions(struct relay *relay) {
    struct session *next = relay->over;
    bool is_any = next != NULL;
    relay->over = NULL;
    while (next != NULL) {
        struct session *session = next;
        next = session->next_over;
        free(session);
    }
    return is_any;
}
