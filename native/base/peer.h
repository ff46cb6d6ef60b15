/* Who is at the other end of a unix socket. */
#pragma once

#include <stdbool.h>

/** @returns whether the caller runs as root or as the same user as we do */
bool is_allowed_peer(int connection);
