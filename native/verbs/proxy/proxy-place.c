/* See proxy-place.h. */
#include "verbs/proxy/proxy-place.h"

#include <errno.h>
#include <sched.h>

#include "base/child.h"
#include "base/util.h"
#include "kernel/target.h"
#include "verbs/proxy/proxy-listen.h"
#include "wire/handshake.h"

enum { PLACE_TIMEOUT_MS = 30000, REMOVE_TIMEOUT_MS = 5000 };

static bool has_listener(const struct proxy *proxy) {
    for (unsigned i = 0; i < proxy->listen_count; i++)
        if (proxy->listen[i].side == SIDE_INSTANCE)
            return true;
    return false;
}

/* The placer, in the container. */

static int enter(struct cell *cell) {
    const struct proxy *proxy = proxy_of(cell);
    return enter_target(cell, CLONE_NEWNET | (has_path(proxy->listen, proxy->listen_count, SIDE_INSTANCE) ? CLONE_NEWNS : 0));
}

static int hand_out(struct cell *cell) {
    const struct proxy *proxy = proxy_of(cell);
    for (unsigned i = 0; i < proxy->listen_count; i++)
        if (proxy->listen[i].side == SIDE_INSTANCE && send_step(proxy_of(cell)->peer, STEP_LISTENER, (int)i, proxy->listen[i].fd) < 0)
            return fail(&cell->status, "proxy-listen", errno, NULL, "Cannot hand a listener out");
    return 0;
}

static int place(int peer, void *context) {
    struct cell *cell = context;
    proxy_of(cell)->peer = peer;
    if (enter(cell) == 0 && bind_listeners(cell, SIDE_INSTANCE, cell->container->root_fd) == 0 && hand_out(cell) == 0)
        return 0;
    send_failure(peer, &cell->status);
    return 1;
}

static int remove_files(void *context) {
    struct cell *cell = context;
    if (enter(cell) < 0)
        return 1;
    remove_listener_files(proxy_of(cell), SIDE_INSTANCE, cell->container->root_fd);
    return 0;
}

/* The keeper. */

static int take_over(struct cell *cell, const struct message *message) {
    struct proxy *proxy = proxy_of(cell);
    bool is_one = message->step == STEP_LISTENER && message->number >= 0 && (unsigned)message->number < proxy->listen_count;
    struct endpoint *listener = is_one ? &proxy->listen[message->number] : NULL;
    if (!is_one || listener->side != SIDE_INSTANCE || listener->fd >= 0 || message->fd < 0) {
        if (message->fd >= 0)
            close(message->fd);
        return fail(&cell->status, "proxy-listen", EPROTO, NULL, "Cannot take a listener of the container over");
    }
    listener->fd = message->fd;
    listener->is_made = listener->path != NULL;
    return 0;
}

static int receive_listeners(struct cell *cell, int peer) {
    cleanup_free struct message *message = new_message();
    unsigned missing = 0;
    for (unsigned i = 0; i < proxy_of(cell)->listen_count; i++)
        missing += proxy_of(cell)->listen[i].side == SIDE_INSTANCE;
    for (; missing > 0; missing--) {
        if (receive_step(peer, message, PLACE_TIMEOUT_MS) < 0)
            return fail(&cell->status, "proxy-listen", errno, NULL, "Cannot wait for a listener in the container");
        if (message->step == STEP_FAILED)
            return fail_with_line(&cell->status, message->line);
        if (message->step == 0)
            return fail(&cell->status, "proxy-listen", ESRCH, NULL, "Cannot listen in the container: the process that entered was killed");
        if (take_over(cell, message) < 0)
            return -1;
    }
    return 0;
}

int place_listeners(struct cell *cell) {
    int code;
    if (!has_listener(proxy_of(cell)))
        return 0;
    cleanup_fd int ours = -1;
    pid_t placer = fork_with_handshake(place, cell, &ours);
    if (placer < 0)
        return fail(&cell->status, "proxy-listen", errno, NULL, "Cannot fork");
    int result = receive_listeners(cell, ours);
    close_now(&ours);
    /* after a failure too: what it has made it removes itself, unless a file system of the guest's own holds it */
    reap_within(placer, REMOVE_TIMEOUT_MS, &code);
    return result;
}

void remove_placed(struct cell *cell) {
    int code;
    bool is_any = false;
    for (unsigned i = 0; i < proxy_of(cell)->listen_count; i++)
        is_any = is_any || (proxy_of(cell)->listen[i].side == SIDE_INSTANCE && proxy_of(cell)->listen[i].is_made);
    pid_t pid = is_any ? fork_child(remove_files, cell) : -1;
    if (pid > 0)
        reap_within(pid, REMOVE_TIMEOUT_MS, &code);
}
