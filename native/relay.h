/* Moves bytes between the caller's pipes and a terminal's master. */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

enum { RELAY_SIZE = 16 * 1024 };

struct flow {
    int from, to; /* owned; -1 when that side has ended */
    size_t begin, end;
    char bytes[RELAY_SIZE];
};

struct relay {
    struct flow in, out; /* to the master, from the master */
};

/** @param input what the caller writes to  @param output what the caller reads from; all become owned and non-blocking. @returns NULL with errno */
struct relay *relay_new(int master, int input, int output);
/** Says what to wait for: two entries for the master, one for each pipe. */
enum { RELAY_POLLED = 4 };
void relay_prepare(const struct relay *relay, struct pollfd polled[RELAY_POLLED]);
/** Moves what can be moved without waiting. */
void relay_move(struct relay *relay);
/** @returns whether all that the terminal has printed has reached the caller, or the caller has closed its end */
bool relay_is_dry(struct relay *relay);
void relay_free(struct relay *relay);
