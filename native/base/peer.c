/* See peer.h. */
#include "base/peer.h"

#include <sys/socket.h>
#include <unistd.h>

bool is_allowed_peer(int connection) {
    struct ucred caller;
    socklen_t size = sizeof caller;
    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &caller, &size) < 0)
        return false;
    return caller.uid == 0 || caller.uid == geteuid();
}
