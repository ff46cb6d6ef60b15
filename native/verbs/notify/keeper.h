/* The supervisor's part of interception: it keeps the listeners, and a helper that answers for as long as the container lives. */
#pragma once

#include "verbs/notify/notify.h"

struct keeper;

/** Begins to keep a listener, which is taken over. @param listener -1 for none @returns NULL when the container intercepts nothing */
struct keeper *keeper_begin(const struct interception *container, int *listener);
/** What to poll for POLLIN; -1 for no keeper. */
int keeper_fd(const struct keeper *keeper);
/** Does what is due. @returns a line for the watchers, or NULL: the helper died, and another one is there or will be */
const char *keeper_serve(struct keeper *keeper);
/** Ends the helper, and takes the socket away. */
void keeper_end(struct keeper *keeper);
