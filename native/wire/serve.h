/* The table of verbs. */
#pragma once

#include "wire/cell.h"

struct verb_kind {
    const char *name;
    enum verb verb;
    /** Hangs the parts in. NULL for a verb that has none. @param room how many words the request has, which is more than any list of them is long */
    void (*begin)(struct cell *cell, size_t room);
    /** Serves the parsed request over its connection. */
    void (*serve)(struct cell *cell);
};

/** @returns NULL for a verb that is not known */
const struct verb_kind *find_verb(const char *name);
/** Serves a parsed request over its connection. */
void serve(struct cell *cell);
