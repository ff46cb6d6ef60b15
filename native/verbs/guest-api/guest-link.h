/* One caller of the guest API, and what is on its way between it and the daemon. */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum { GUEST_BUFFER = 16 * 1024 };

/** Bytes on their way from one end to the other. */
struct flow {
    size_t from, to;
    bool is_over;  /* nothing more comes */
    bool is_told;  /* and the other end knows */
    unsigned char bytes[GUEST_BUFFER];
};

struct guest_link {
    int guest, host;      /* host is -1 for one that is refused: what it still sends is for nobody */
    time_t refused_at;
    struct flow up, down; /* from the guest, to it */
};

/** @param host an open connection to the daemon, -1 refuses; both ends are the link's from now on @returns NULL when there is no memory, and both are closed */
struct guest_link *guest_link_open(int guest, int host);
void guest_link_close(struct guest_link *link);
/** Puts bytes on their way before all others. */
void guest_link_say(struct flow *flow, const char *text);
/** What to wait for, at both ends. */
void guest_link_wants(const struct guest_link *link, struct pollfd ends[2]);
/** Moves what can be moved. @returns whether the link goes on */
bool guest_link_move(struct guest_link *link, const struct pollfd ends[2]);
