/* Moves bytes between the caller's pipes and a terminal's master. */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RELAY_SIZE = 16 * 1024 };

struct flow {
    int from, to; /* owned; -1 when that side has ended */
    size_t begin, end;
    char bytes[RELAY_SIZE];
};

struct relay {
    struct flow in, out; /* to the master, from the master */
    int slave;           /* to see whether what was typed has been read; -1 before the input's end */
    unsigned ends;       /* how often the end was typed */
    uint64_t next_end_ms; /* when to look next, on the monotonic clock */
};

/** @param input what the caller writes to  @param output what the caller reads from; all become owned and non-blocking. @returns NULL with errno */
struct relay *relay_new(int master, int input, int output);
/** Says what to wait for: two entries for the master, one for each pipe. */
enum { RELAY_POLLED = 4 };
void relay_prepare(const struct relay *relay, struct pollfd polled[RELAY_POLLED]);
/** @returns for how long to wait at most, as poll(2) takes it */
int relay_timeout(const struct relay *relay);
/**
 * The same once the command has ended: only for the caller to read. Nobody tells that the terminal has no more to say, since whoever still has it open, as we may,
 * keeps it from hanging up.
 */
int relay_rest_timeout(const struct relay *relay);
/**
 * Moves what can be moved without waiting. A terminal knows no end of input, only its character for one, which ends what one reader reads: after the end of the
 * caller's input that is typed whenever nothing typed is left to read, so that the end stays an end, as that of a pipe does.
 */
void relay_move(struct relay *relay);
/** @returns whether all that the terminal has printed has reached the caller, or the caller has closed its end */
bool relay_is_dry(struct relay *relay);
void relay_free(struct relay *relay);
