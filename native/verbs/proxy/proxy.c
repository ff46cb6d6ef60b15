/* See proxy.h. The keeper's way to a proxy that works. */
#include "verbs/proxy/proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/detach.h"
#include "base/phase.h"
#include "base/sys.h"
#include "base/util.h"
#include "kernel/limits.h"
#include "kernel/target.h"
#include "verbs/proxy/proxy-identity.h"
#include "verbs/proxy/proxy-keep.h"
#include "verbs/proxy/proxy-listen.h"
#include "verbs/proxy/proxy-place.h"
#include "verbs/proxy/proxy-relay.h"
#include "wire/handshake.h"

enum { RELAY_TIMEOUT_MS = 30000 };

static int check_request(struct cell *cell) {
    const struct proxy *proxy = proxy_of(cell);
    if (proxy->listen_count == 0 || (proxy->connect_count != 1 && proxy->connect_count != proxy->listen_count))
        return fail(&cell->status, "proxy-connect", EINVAL, NULL, "Cannot connect %u listeners to %u addresses: it takes one for all, or one for each",
                    proxy->listen_count, proxy->connect_count);
    for (unsigned i = 1; i < proxy->connect_count; i++)
        if (proxy->connect[i].side != proxy->connect[0].side)
            return fail(&cell->status, "proxy-connect", EINVAL, NULL, "Cannot connect on both sides at once");
    return 0;
}

/** Each connection takes two descriptors, each listener one. */
static int raise_open_files(struct cell *cell) {
    struct rlimit limit;
    (void)cell;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    return 0;
}

static int listen_on_host(struct cell *cell) {
    cleanup_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return fail(&cell->status, "proxy-listen", errno, "/", "Cannot open the host's root");
    return bind_listeners(cell, SIDE_HOST, root);
}

/* The relay. */

struct relaying {
    struct cell *cell;
    pid_t keeper;
};

static int be_relay(int peer, void *context) {
    const struct relaying *relaying = context;
    struct cell *cell = relaying->cell;
    proxy_of(cell)->peer = peer;
    set_title("bothy proxy relay: ", cell->name != NULL ? cell->name : "");
    struct relay *relay = NULL;
    /* what it holds is for others to say, those in the container too */
    unshield_from_oom();
    if (become_relay(cell, relaying->keeper) == 0)
        relay = relay_begin(cell);
    if (relay == NULL) {
        send_failure(proxy_of(cell)->peer, &cell->status);
        return 1;
    }
    (void)send_step(proxy_of(cell)->peer, STEP_EXECUTING, 0, -1);
    close_now(&proxy_of(cell)->peer);
    relay_run(relay);
}

/* The keeper. */

static int await_relay(struct cell *cell, int peer) {
    cleanup_free struct message *message = new_message();
    if (receive_step(peer, message, RELAY_TIMEOUT_MS) < 0)
        return fail(&cell->status, "proxy-connect", errno, NULL, "Cannot wait for the relay");
    if (message->step == STEP_FAILED)
        return fail_with_line(&cell->status, message->line);
    if (message->step != STEP_EXECUTING)
        return fail(&cell->status, "proxy-connect", ESRCH, NULL, "Cannot relay: the relay was killed");
    /* until it has let go of this end as well, and is all that it will be */
    if (receive_step(peer, message, RELAY_TIMEOUT_MS) < 0)
        return fail(&cell->status, "proxy-connect", errno, NULL, "Cannot wait for the relay");
    return 0;
}

static int start_relay(struct cell *cell) {
    struct proxy *proxy = proxy_of(cell);
    struct relaying relaying = {.cell = cell, .keeper = getpid()};
    cleanup_fd int ours = -1;
    proxy->relay_pid = fork_with_handshake(be_relay, &relaying, &ours);
    if (proxy->relay_pid < 0)
        return fail(&cell->status, "proxy-connect", errno, NULL, "Cannot fork");
    proxy->relay = sys_pidfd_open(proxy->relay_pid);
    if (proxy->relay < 0)
        return fail(&cell->status, "proxy-connect", errno, NULL, "Cannot hold the relay");
    if (await_relay(cell, ours) < 0)
        return -1;
    for (unsigned i = 0; i < proxy->listen_count; i++)
        close_now(&proxy->listen[i].fd);
    return 0;
}

static const struct phase phases[] = {
    {"request", check_request},
    {"target", open_target},
    {"keeper", detach},
    {"limits", raise_open_files},
    {"control", open_control_socket},
    {"host", listen_on_host},
    {"instance", place_listeners},
    {"relay", start_relay},
};

void serve_proxy(struct cell *cell) {
    set_title("bothy proxy: ", cell->name != NULL ? cell->name : "");
    if (run_phases(cell, phases, COUNT_OF(phases)) < 0) {
        end_proxy(cell, cell->target->fd >= 0);
        answer_error(&cell->status, cell->conn);
        return;
    }
    keep_proxy(cell);
}
