/* The container that a request is about: which ids its root has, and its files. Many verbs have this part. */
#pragma once

#include <stdint.h>

#include "wire/cell.h"

struct id_line {
    uint32_t inner, host, count;
};
struct id_map {
    struct id_line line[ID_LINES_MAX];
    unsigned count;
};

/* what SELinux knows what is made for the container by; NULL where it has no such label */
struct contexts {
    const char *files, *devices, *terminals;
};

struct container {
    struct id_map uids, gids; /* empty for one that shares the host's user namespace */
    int userns_fd;            /* the user namespace of these ids, once it is made or opened */
    int root_fd;              /* its root, once it is built or entered */
    struct contexts contexts;
};

#define EMPTY_CONTAINER {.userns_fd = -1, .root_fd = -1}

static inline bool has_user_namespace(const struct cell *cell) {
    return cell->container->uids.count + cell->container->gids.count > 0;
}
