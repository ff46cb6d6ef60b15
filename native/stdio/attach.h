/* The console, attached: one caller sees what it prints, and types into it. */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct attached;

/** Attaches a caller. @param fd its connection, which is closed at the end @returns what is freed by attached_end(); NULL when there is no memory, and the connection stays the caller's */
struct attached *attached_begin(int fd);
void attached_end(struct attached *self);

/** How many bytes of the console may be read now; all when nobody is attached or waited for. @param self NULL for nobody @param wanted no more than these */
size_t attached_room(const struct attached *self, size_t wanted);
/** What the console has printed, no more than there is room for. */
void attached_print(struct attached *self, const char *bytes, size_t count);
/** From now on nobody waits for the caller: what it does not take at once is lost. */
void attached_hurry(struct attached *self);

/** What to wait for at the caller and, besides what is there, at the console. @returns milliseconds to wait at most; -1 without end */
int attached_prepare(const struct attached *self, struct pollfd *caller, struct pollfd *console);
/** Moves what can be moved after a poll. @param master the console's, where the caller types @returns false when the caller has left */
bool attached_move(struct attached *self, int master, short caller_events);
