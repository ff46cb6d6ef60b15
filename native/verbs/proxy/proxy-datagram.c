/* Clients of datagrams: each that sends has a session, until it has been idle for long or its room is needed. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include "base/util.h"
#include "verbs/proxy/proxy-session.h"

enum { IDLE_MS = 180000, SESSIONS_MAX = 4096, DATAGRAMS_AT_ONCE = 32 };

int begin_datagrams(struct relay *relay) {
    struct rlimit limit = {0};
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    /* each takes one descriptor; half of them stay for others */
    relay->idle_max = limit.rlim_cur / 2 < SESSIONS_MAX ? (unsigned)limit.rlim_cur / 2 : SESSIONS_MAX;
    /* a client who knew the bucket could make us search for long */
    return getrandom(&relay->seed, sizeof relay->seed, 0) == sizeof relay->seed ? 0 : -1;
}

static struct session **bucket_of(struct relay *relay, const struct datagram_client *client) {
    uint64_t hash = relay->seed;
    const unsigned char *bytes = (const unsigned char *)&client->address;
    for (size_t i = 0; i < client->size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3;
    return &relay->bucket[(hash ^ hash >> 32) % BUCKETS];
}

static bool is_from(const struct session *session, const struct listener *listener, const struct datagram_client *client) {
    return session->listener == listener && session->from.size == client->size &&
           memcmp(&session->from.address, &client->address, client->size) == 0 && memcmp(&session->from.to, &client->to, sizeof client->to) == 0;
}

static void unlink_idle(struct relay *relay, struct session *session) {
    if (!session->is_idle)
        return;
    *(session->older != NULL ? &session->older->newer : &relay->oldest) = session->newer;
    *(session->newer != NULL ? &session->newer->older : &relay->newest) = session->older;
    session->is_idle = false;
    relay->idle_count--;
}

void touch_session(struct relay *relay, struct session *session) {
    unlink_idle(relay, session);
    session->used_ms = relay->now_ms;
    session->older = relay->newest;
    session->newer = NULL;
    *(relay->newest != NULL ? &relay->newest->newer : &relay->oldest) = session;
    relay->newest = session;
    session->is_idle = true;
    relay->idle_count++;
}

void forget_datagrams(struct relay *relay, struct session *session) {
    unlink_idle(relay, session);
    if (!session->client.is_datagram)
        return;
    struct session **at = bucket_of(relay, &session->from);
    while (*at != NULL && *at != session)
        at = &(*at)->next_in_bucket;
    if (*at != NULL)
        *at = session->next_in_bucket;
}

void expire_sessions(struct relay *relay) {
    while (relay->oldest != NULL && (relay->idle_count > relay->idle_max || relay->oldest->used_ms + IDLE_MS <= relay->now_ms))
        end_session(relay, relay->oldest);
}

int64_t next_expiry_ms(const struct relay *relay) {
    if (relay->oldest == NULL)
        return -1;
    uint64_t at = relay->oldest->used_ms + IDLE_MS;
    return at > relay->now_ms ? (int64_t)(at - relay->now_ms) : 0;
}

/** Room for what tells or says of which of our addresses a datagram is. */
union about {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

/** @returns the size of the datagram, now in relay->bytes, or -1 with errno */
static ssize_t receive(struct relay *relay, int fd, struct datagram_client *client) {
    union about about;
    struct iovec whole = {relay->bytes, CHUNK};
    struct msghdr message = {.msg_name = &client->address, .msg_namelen = sizeof client->address, .msg_iov = &whole, .msg_iovlen = 1, .msg_control = &about, .msg_controllen = sizeof about};
    *client = (struct datagram_client){0};
    ssize_t size = recvmsg(fd, &message, MSG_DONTWAIT);
    client->size = message.msg_namelen;
    for (struct cmsghdr *part = size < 0 ? NULL : CMSG_FIRSTHDR(&message); part != NULL; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
            memcpy(&client->to.four, CMSG_DATA(part), sizeof client->to.four);
            /* the way back is the routing's, not the interface's that it came by */
            client->to.four.ipi_ifindex = 0;
            client->to.four.ipi_addr.s_addr = 0;
        }
        if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
            memcpy(&client->to.six, CMSG_DATA(part), sizeof client->to.six);
            if (!IN6_IS_ADDR_LINKLOCAL(&client->to.six.ipi6_addr))
                client->to.six.ipi6_ifindex = 0;
            if (IN6_IS_ADDR_MULTICAST(&client->to.six.ipi6_addr))
                client->to.six = (struct in6_pktinfo){0};
        }
    }
    return size;
}

void send_to_client(struct session *session, const char *bytes, size_t size) {
    const struct datagram_client *client = &session->from;
    bool is_four = client->address.any.sa_family == AF_INET;
    size_t about_size = is_four ? sizeof client->to.four : sizeof client->to.six;
    union about about;
    memset(&about, 0, sizeof about);
    about.header.cmsg_level = is_four ? IPPROTO_IP : IPPROTO_IPV6;
    about.header.cmsg_type = is_four ? IP_PKTINFO : IPV6_PKTINFO;
    about.header.cmsg_len = CMSG_LEN(about_size);
    memcpy(CMSG_DATA(&about.header), &client->to, about_size);
    struct iovec whole = {(void *)bytes, size};
    struct msghdr message = {.msg_name = (void *)&client->address, .msg_namelen = client->size, .msg_iov = &whole, .msg_iovlen = 1, .msg_control = &about, .msg_controllen = CMSG_SPACE(about_size)};
    (void)sendmsg(session->listener->watch.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static struct session *begin_datagram_session(struct relay *relay, struct listener *listener, const struct datagram_client *client) {
    int server = open_server(listener->to);
    if (server < 0 && is_short_of_resources() && relay->oldest != NULL) {
        end_session(relay, relay->oldest);
        server = open_server(listener->to);
    }
    struct session *session = server < 0 ? NULL : begin_session(relay, listener, server, -1, client);
    if (session == NULL)
        return NULL;
    struct session **bucket = bucket_of(relay, client);
    session->next_in_bucket = *bucket;
    *bucket = session;
    return session;
}

void datagrams_ready(struct relay *relay, struct watch *watch, unsigned events) {
    struct listener *listener = (struct listener *)watch;
    struct datagram_client client;
    (void)events;
    for (int count = 0; count < DATAGRAMS_AT_ONCE; count++) {
        ssize_t size = receive(relay, watch->fd, &client);
        if (size < 0)
            return;
        struct session *session = *bucket_of(relay, &client);
        while (session != NULL && !is_from(session, listener, &client))
            session = session->next_in_bucket;
        if (session == NULL)
            session = begin_datagram_session(relay, listener, &client);
        if (session == NULL)
            continue;
        touch_session(relay, session);
        pass_datagram(relay, session, (size_t)size);
    }
}
