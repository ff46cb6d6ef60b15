/* Connecting for a client. */
#include <errno.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <string.h>

#include "base/util.h"
#include "verbs/proxy/proxy-session.h"

enum { PATIENCE_MS = 10000 };

bool is_short_of_resources(void) {
    return errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
}

int open_server(const struct endpoint *to) {
    int family = to->path != NULL ? AF_UNIX : to->address.any.sa_family;
    return socket(family, socket_type(to) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

void tune_tcp(int fd) {
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

/** The last part from within its folder, since an address holds 108 bytes and a path may be longer. */
static int connect_path(int fd, const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char folder[PATH_MAX];
    size_t length = (size_t)(strrchr(path, '/') - path) + 1;
    memcpy(folder, path, length);
    folder[length] = '\0';
    strcpy(address.sun_path, path + length);
    if (chdir(folder) < 0)
        return -1;
    int result = connect(fd, (const struct sockaddr *)&address, sizeof address);
    int error = errno;
    /* so that the relay holds no folder that somebody wants to unmount */
    (void)!chdir("/");
    errno = error;
    return result;
}

int connect_server(struct relay *relay, struct session *session) {
    const struct endpoint *to = session->listener->to;
    int fd = session->server.watch.fd;
    if (to->type == ENDPOINT_TCP)
        tune_tcp(fd);
    if ((to->path != NULL ? connect_path(fd, to->path) : connect(fd, &to->address.any, to->size)) == 0)
        return 0;
    if (errno == EINPROGRESS || errno == EINTR)
        return 1;
    /* of a unix socket: nothing tells when there is room in the listener's queue */
    if (errno != EAGAIN)
        return -1;
    if (session->patience_ms == 0)
        session->patience_ms = relay->now_ms + PATIENCE_MS;
    if (relay->now_ms >= session->patience_ms)
        return -1;
    session->next_waiting = relay->waiting;
    relay->waiting = session;
    return 1;
}

void forget_waiting(struct relay *relay, const struct session *session) {
    struct session **at = &relay->waiting;
    while (*at != NULL && *at != session)
        at = &(*at)->next_waiting;
    if (*at != NULL)
        *at = session->next_waiting;
}
