/* See proxy-listen.h. */
#include "verbs/proxy/proxy-listen.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/socket-file.h"
#include "base/util.h"
#include "kernel/inroot.h"

enum { BACKLOG = 4096 };

bool has_path(const struct endpoint *list, unsigned count, int side) {
    for (unsigned i = 0; i < count; i++)
        if ((int)list[i].side == side && list[i].path != NULL)
            return true;
    return false;
}

static int set(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value);
}

static int set_options(const struct endpoint *listen, int fd) {
    int family = listen->address.any.sa_family;
    if (listen->type == ENDPOINT_UNIX)
        return 0;
    /* both families by the wildcard of IPv6, as programs in Go listen */
    if (family == AF_INET6 && set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0) < 0)
        return -1;
    /* a container that has just started gets its addresses later */
    if (listen->side == SIDE_INSTANCE && set(fd, IPPROTO_IP, IP_FREEBIND, 1) < 0)
        return -1;
    if (listen->type == ENDPOINT_TCP)
        return set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    /* an answer comes from the address that was asked */
    return family == AF_INET ? set(fd, IPPROTO_IP, IP_PKTINFO, 1) : set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

static int bind_address(struct endpoint *listener) {
    cleanup_fd int fd = socket(listener->address.any.sa_family, socket_type(listener) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || set_options(listener, fd) < 0 || bind(fd, &listener->address.any, listener->size) < 0)
        return -1;
    if (listener->type != ENDPOINT_UDP && listen(fd, BACKLOG) < 0)
        return -1;
    listener->fd = steal_fd(&fd);
    return 0;
}

static int bind_path(const struct proxy *proxy, struct endpoint *listener, int root_fd) {
    char last[NAME_MAX + 1];
    cleanup_fd int folder = open_parent_in_root(root_fd, listener->path, last);
    if (folder < 0)
        return -1;
    listener->fd = listen_at_file(folder, last, proxy->file_uid, proxy->file_gid, proxy->file_mode);
    listener->is_made = listener->fd >= 0;
    return listener->fd < 0 ? -1 : 0;
}

/** A proxy that was killed leaves a relay that dies with it, and listens until then. */
static int bind_listener(const struct proxy *proxy, struct endpoint *listener, int root_fd) {
    unsigned tries = 0;
    int result;
    do
        result = listener->path != NULL ? bind_path(proxy, listener, root_fd) : bind_address(listener);
    while (result < 0 && errno == EADDRINUSE && may_soon_be_free(&tries));
    return result;
}

int bind_listeners(struct cell *cell, int side, int root_fd) {
    const struct proxy *proxy = proxy_of(cell);
    for (unsigned i = 0; i < proxy->listen_count; i++) {
        struct endpoint *listener = &proxy->listen[i];
        if ((int)listener->side != side || bind_listener(proxy, listener, root_fd) == 0)
            continue;
        char name[ENDPOINT_NAME_MAX];
        fail(&cell->status, "proxy-listen", errno, endpoint_name(listener, name), "Cannot listen on the %s",
             side == SIDE_HOST ? "host" : "container's side");
        for (unsigned made = 0; made < i; made++)
            if ((int)proxy->listen[made].side == side)
                close_now(&proxy->listen[made].fd);
        remove_listener_files(proxy, side, root_fd);
        return -1;
    }
    return 0;
}

void remove_listener_files(const struct proxy *proxy, int side, int root_fd) {
    for (unsigned i = 0; i < proxy->listen_count; i++) {
        const struct endpoint *listener = &proxy->listen[i];
        char last[NAME_MAX + 1];
        if ((int)listener->side != side || !listener->is_made)
            continue;
        cleanup_fd int folder = open_parent_in_root(root_fd, listener->path, last);
        /* by what it is now, since others may have put something else in its place */
        if (folder >= 0)
            remove_dead_socket(folder, last);
    }
}
