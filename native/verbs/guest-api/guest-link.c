/* See guest-link.h. What a receiver does not take is held, and no more is read meanwhile. */
#include "verbs/guest-api/guest-link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/util.h"

/* for a refusal to be read */
enum { REFUSED_S = 2 };

struct guest_link *guest_link_open(int guest, int host) {
    struct guest_link *link = malloc(sizeof *link);
    if (link == NULL) {
        close(guest);
        close_owned(&host);
        return NULL;
    }
    link->guest = guest;
    link->host = host;
    link->refused_at = host < 0 ? time(NULL) : 0;
    link->up.from = link->up.to = link->down.from = link->down.to = 0;
    link->up.is_told = link->down.is_told = link->up.is_over = false;
    link->down.is_over = host < 0;
    return link;
}

void guest_link_close(struct guest_link *link) {
    close(link->guest);
    if (link->host >= 0)
        close(link->host);
    free(link);
}

void guest_link_say(struct flow *flow, const char *text) {
    const size_t size = strlen(text);
    if (size > GUEST_BUFFER - flow->to)
        return;
    memcpy(flow->bytes + flow->to, text, size);
    flow->to += size;
}

static short wants_in(const struct flow *flow) {
    return !flow->is_over && flow->to < GUEST_BUFFER ? POLLIN : 0;
}
static short wants_out(const struct flow *flow) {
    return flow->from < flow->to ? POLLOUT : 0;
}

/** An end of which nothing is expected is left out: poll would report its hang-up over and over. */
static void watch(struct pollfd *end, int fd, int events) {
    *end = (struct pollfd){.fd = events != 0 ? fd : -1, .events = (short)events};
}

void guest_link_wants(const struct guest_link *link, struct pollfd ends[2]) {
    const bool is_refused = link->host < 0;
    watch(&ends[0], link->guest, (is_refused && !link->up.is_over ? POLLIN : wants_in(&link->up)) | wants_out(&link->down));
    watch(&ends[1], link->host, wants_in(&link->down) | wants_out(&link->up));
}

/** @returns false when the connection is broken */
static bool take(struct flow *flow, int fd) {
    const ssize_t got = recv(fd, flow->bytes + flow->to, GUEST_BUFFER - flow->to, MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    flow->is_over = got == 0;
    flow->to += (size_t)got;
    return true;
}

static bool give(struct flow *flow, int fd) {
    const ssize_t sent = send(fd, flow->bytes + flow->from, flow->to - flow->from, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0)
        return errno == EAGAIN || errno == EINTR;
    flow->from += (size_t)sent;
    if (flow->from == flow->to)
        flow->from = flow->to = 0;
    return true;
}

/** Tells the other end once nothing more comes. */
static void pass_end(struct flow *flow, int fd) {
    if (!flow->is_over || flow->is_told || flow->from < flow->to)
        return;
    flow->is_told = true;
    if (fd >= 0)
        shutdown(fd, SHUT_WR);
}

bool guest_link_move(struct guest_link *link, const struct pollfd ends[2]) {
    const bool is_refused = link->host < 0;
    if (is_refused)
        link->up.from = link->up.to = 0;
    const bool reads_guest = ends[0].revents & (POLLIN | POLLHUP | POLLERR) && !link->up.is_over && link->up.to < GUEST_BUFFER;
    if (reads_guest && !take(&link->up, link->guest))
        return false;
    if (ends[0].revents & POLLOUT && link->down.from < link->down.to && !give(&link->down, link->guest))
        return false;
    if (is_refused) {
        pass_end(&link->down, link->guest);
        return !link->up.is_over && time(NULL) - link->refused_at <= REFUSED_S;
    }
    const bool reads_host = ends[1].revents & (POLLIN | POLLHUP | POLLERR) && !link->down.is_over && link->down.to < GUEST_BUFFER;
    if (reads_host && !take(&link->down, link->host))
        return false;
    if (ends[1].revents & POLLOUT && link->up.from < link->up.to && !give(&link->up, link->host))
        return false;
    pass_end(&link->up, link->host);
    pass_end(&link->down, link->guest);
    /* once the daemon has said all, nobody reads what the guest still sends */
    return !link->down.is_told;
}
