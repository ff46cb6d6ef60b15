/* One client's connection through the relay: two ends, and a flow of bytes in each direction. */
#pragma once

#include "verbs/proxy/proxy-relay.h"

struct end {
    struct watch watch; /* first; its fd is -1 for a client of datagrams, which has no socket of its own */
    struct session *session;
    bool is_datagram;
    bool has_ended; /* no more comes from it */
    bool is_gone;   /* nothing reaches it any more */
    bool is_told;   /* that no more comes */
};

/** What its receiver has not taken yet. As long as there is something nothing more is read from the sender. */
struct flow {
    char *bytes; /* room for CHUNK; NULL when there is nothing */
    size_t begin, end;
};

/** Who sends datagrams, and to which of our addresses. */
struct datagram_client {
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } address;
    socklen_t size;
    union {
        struct in_pktinfo four;
        struct in6_pktinfo six;
    } to;
};

struct session {
    struct end client, server;
    struct flow up, down; /* from the client, to the client */
    const struct listener *listener;
    bool is_connecting, is_over;
    struct session *next_over, *next_waiting;
    uint64_t patience_ms; /* until when it waits for room in the server's queue */
    bool is_idle;         /* whether it is among those that end by being idle */
    uint64_t used_ms;
    struct session *older, *newer;
    struct datagram_client from;
    struct session *next_in_bucket;
};

/**
 * Begins to connect for a client. @param server a socket from open_server @param client -1 for one of datagrams, who is in from; both become owned
 * @returns NULL when that failed at once
 */
struct session *begin_session(struct relay *relay, const struct listener *listener, int server, int client, const struct datagram_client *from);
/** Passes on what the client has sent in a datagram, relay->bytes; what there is no room for is lost, as datagrams are. */
void pass_datagram(struct relay *relay, struct session *session, size_t size);
void end_session(struct relay *relay, struct session *session);
/** Frees those that are over. @returns whether there was one */
bool bury_sessions(struct relay *relay);

/* proxy-connect.c */

/** @returns a socket to connect with, or -1 with errno */
int open_server(const struct endpoint *to);
/** Begins to connect, or begins again. @returns 0 when connected, 1 when epoll or retry_connects will tell, -1 for a failure */
int connect_server(struct relay *relay, struct session *session);
/** Takes it from those that wait for room. */
void forget_waiting(struct relay *relay, const struct session *session);
/** Connects those again that wait for room in a listener's queue. */
void retry_connects(struct relay *relay);
/** No waiting for more to send, and notice of a peer that is gone. */
void tune_tcp(int fd);
/** @returns whether errno says that something has run out that ended sessions give back */
bool is_short_of_resources(void);

/* proxy-datagram.c */

int begin_datagrams(struct relay *relay);
/** Of a listener of datagrams. */
void datagrams_ready(struct relay *relay, struct watch *watch, unsigned events);
/** Sends to a client of datagrams; what cannot be sent now is lost. */
void send_to_client(struct session *session, const char *bytes, size_t size);
/** The session was used; from now on it ends by being idle. */
void touch_session(struct relay *relay, struct session *session);
/** Takes it out of all lists of datagrams. */
void forget_datagrams(struct relay *relay, struct session *session);
/** Ends those that were idle for too long. */
void expire_sessions(struct relay *relay);
/** @returns for how long nothing expires; -1 for ever */
int64_t next_expiry_ms(const struct relay *relay);
