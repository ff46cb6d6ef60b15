/* The messages of protocol.h's diagram over a SOCK_SEQPACKET pair. */
#pragma once

#include "wire/cell.h"

struct message {
    enum step step; /* 0: the other side closed its end */
    int number;     /* a pid or an errno */
    int fd;         /* owned by the receiver; -1 for none */
    char line[ERROR_LINE_MAX];
};

/** Room for a message, to be freed. It is not cleared: pages that nothing was written to cost a supervisor no memory. */
struct message *new_message(void);
/** @returns 0, or -1 with errno */
int handshake_pair(int pair[2]);
/**
 * Forks a child with a handshake between; it leaves with what run returns.
 * @param run gets the child's end, which goes with the child
 * @param peer becomes our end; -1 when nothing was forked
 * @returns the child's pid, or -1 with errno
 */
pid_t fork_with_handshake(int (*run)(int peer, void *context), void *context, int *peer);
/** @param fd a descriptor that goes along, or -1. @returns 0, or -1 with errno */
int send_step(int peer, enum step step, int number, int fd);
/** Sends the kept error line. */
void send_failure(int peer, const struct status *status);
/** Waits for one message. @param timeout_ms -1 waits for ever. @returns 0, or -1 with errno (ETIMEDOUT) */
int receive_step(int peer, struct message *message, int timeout_ms);
