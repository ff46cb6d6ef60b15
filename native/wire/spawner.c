/* The resident role: a connection is a request is a process. See docs/native-protocol.md. */
#include "wire/spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/child.h"
#include "base/peer.h"
#include "base/util.h"
#include "wire/cell.h"
#include "wire/request.h"
#include "wire/serve.h"

enum { LIFELINE, LISTENER, POLLED, REQUEST_TIMEOUT_S = 30 };

/** The kernel takes net.core.somaxconn where that is less. */
enum { BACKLOG = 4096 };

/** Changes into the socket's folder and binds the last part, since an address holds 108 bytes. @returns a socket, or -1 with errno */
static int listen_at(const char *path, struct sockaddr_un *address) {
    cleanup_free char *folder = strdup(path);
    if (folder == NULL)
        abort();
    char *slash = strrchr(folder, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    if (slash != NULL)
        *slash = '\0';
    if (slash != NULL && chdir(*folder != '\0' ? folder : "/") < 0)
        return -1;
    if (*name == '\0' || strlen(name) >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address->sun_path, name);
    /* the daemon has made sure that it is the only one of its state folder */
    unlink(name);
    cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    umask(0077);
    if (fd < 0 || bind(fd, (struct sockaddr *)address, sizeof *address) < 0 || listen(fd, BACKLOG) < 0)
        return -1;
    return steal_fd(&fd);
}

/* What a child has of the spawner: its connection, and the listener, which it lets go. */
struct accepted {
    int conn, listener;
};

/** In the child: one request, and out. */
static int serve_connection(void *context) {
    const struct accepted *accepted = context;
    int conn = accepted->conn;
    close(accepted->listener);
    /* it waits for children of its own */
    signal(SIGCHLD, SIG_DFL);
    umask(0022);
    /* a caller that does not hear this asks again: its connection died in the queue of a spawner that was killed */
    if (dprintf(conn, "{\"accepted\":true}\n") < 0)
        return 0;
    struct cell cell;
    cell_begin(&cell, conn);
    struct timeval limit = {.tv_sec = REQUEST_TIMEOUT_S}, none_at_all = {0};
    setsockopt(conn, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    int result = read_request(&cell);
    setsockopt(conn, SOL_SOCKET, SO_RCVTIMEO, &none_at_all, sizeof none_at_all);
    if (result < 0)
        answer_error(&cell.status, conn);
    else
        serve(&cell);
    return 0;
}

static void accept_request(struct pollfd *polled) {
    cleanup_fd int conn = accept4(polled[LISTENER].fd, NULL, NULL, SOCK_CLOEXEC);
    if (conn < 0 || !is_allowed_peer(conn))
        return;
    struct accepted accepted = {.conn = conn, .listener = polled[LISTENER].fd};
    if (fork_child(serve_connection, &accepted) < 0) {
        struct status status = {.phase = "request"};
        fail(&status, "fork", errno, NULL, "Cannot fork");
        /* not by answer_error, which waits: the spawner waits for nobody */
        (void)!write(conn, status.error, strlen(status.error));
        forget_error(&status);
    }
}

int run_spawner(const char *socket_path, bool is_sealed) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    /* the lifeline ends the spawner; a supervisor, which inherits this, shall not go with its whole guest because somebody sent SIGTERM to all */
    ignore_signals();
    /* the kernel reaps its children by itself: a wait for any of them looks at each, and there is a supervisor for every container */
    signal(SIGCHLD, SIG_IGN);
    cleanup_fd int listener = listen_at(socket_path, &address);
    if (listener < 0) {
        dprintf(2, "bothy-cell: Cannot listen on \"%s\": %s\n", socket_path, strerror(errno));
        return 1;
    }
    prctl(PR_SET_NAME, "bothy-cell");
    if (dprintf(1, "{\"ready\":true,\"sealed\":%s}\n", is_sealed ? "true" : "false") < 0)
        return 1;
    struct pollfd polled[POLLED] = {
        [LIFELINE] = {.fd = 0, .events = POLLIN},
        [LISTENER] = {.fd = listener, .events = POLLIN},
    };
    for (;;) {
        if (poll(polled, POLLED, -1) < 0)
            continue;
        if (polled[LISTENER].revents != 0)
            accept_request(polled);
        char byte;
        if (polled[LIFELINE].revents != 0 && read(0, &byte, 1) <= 0)
            break;
    }
    unlink(address.sun_path);
    return 0;
}
