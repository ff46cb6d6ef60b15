/* User namespaces and their id maps. */
#pragma once

#include "kernel/container.h"

/** Makes the user namespace of the request's id maps and keeps it in cell->container->userns_fd. Does nothing when there are none. @returns 0 or -1 */
int make_userns(struct cell *cell);
/** Becomes uid 0 and gid 0 of the user namespace that the process is in, with no supplementary groups. @returns 0, or -1 with errno */
int become_inner_root(void);
/** Whether this process is in another user namespace than the host's first one, as that of a user or a container: file systems of the host then belong to others. */
bool is_in_user_namespace(void);
/** The host id that an inner id is mapped to. @returns false when it is not mapped */
bool map_id(const struct id_map *map, uint32_t inner, uint32_t *host);
