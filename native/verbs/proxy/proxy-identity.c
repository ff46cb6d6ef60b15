/* See proxy-identity.h. */
#include "verbs/proxy/proxy-identity.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "base/sys.h"
#include "base/util.h"
#include "kernel/target.h"
#include "security/caps.h"
#include "verbs/proxy/proxy-listen.h"

enum { NOBODY = 65534 };

struct identity {
    uint32_t uid, gid;
    uint64_t caps;
};

static bool connects_to_unix(const struct proxy *proxy) {
    for (unsigned i = 0; i < proxy->connect_count; i++)
        if (proxy->connect[i].type == ENDPOINT_UNIX)
            return true;
    return false;
}

/** Only the other end of a unix socket sees who connects; for the rest root's name would be a power without a use. */
static struct identity choose_identity(const struct proxy *proxy) {
    if (connects_to_unix(proxy))
        return (struct identity){proxy->uid, proxy->gid, proxy->uid == 0 ? 1ULL << CAP_DAC_OVERRIDE : 0};
    bool is_named = proxy->connect[0].side == SIDE_HOST;
    return (struct identity){is_named && proxy->uid != 0 ? proxy->uid : NOBODY, is_named && proxy->gid != 0 ? proxy->gid : NOBODY, 0};
}

static int enter(struct cell *cell) {
    const struct proxy *proxy = proxy_of(cell);
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return fail(&cell->status, "proxy-connect", errno, NULL, "Cannot hide the relay's memory");
    if (proxy->connect[0].side == SIDE_HOST)
        return 0;
    if (connects_to_unix(proxy))
        return enter_target(cell, CLONE_NEWNET | (has_path(proxy->connect, proxy->connect_count, SIDE_INSTANCE) ? CLONE_NEWNS : 0));
    if (setns(cell->target->fd, CLONE_NEWNET) < 0)
        return fail(&cell->status, "proxy-connect", errno, NULL, "Cannot enter the container's network");
    return 0;
}

static int by_number(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

static int close_others(struct cell *cell) {
    const struct proxy *proxy = proxy_of(cell);
    cleanup_free int *kept = must_alloc((proxy->listen_count + 1) * sizeof *kept);
    for (unsigned i = 0; i < proxy->listen_count; i++)
        kept[i] = proxy->listen[i].fd;
    kept[proxy->listen_count] = proxy_of(cell)->peer;
    qsort(kept, proxy->listen_count + 1, sizeof *kept, by_number);
    int next = 3;
    for (unsigned i = 0; i <= proxy->listen_count; next = kept[i++] + 1)
        if (kept[i] > next && sys_close_range((unsigned)next, (unsigned)kept[i] - 1, 0) < 0)
            return fail(&cell->status, "proxy-connect", errno, NULL, "Cannot close the helper's descriptors");
    if (sys_close_range((unsigned)next, UINT_MAX, 0) < 0)
        return fail(&cell->status, "proxy-connect", errno, NULL, "Cannot close the helper's descriptors");
    return 0;
}

static int drop_privileges_to(struct cell *cell, const struct identity *identity) {
    struct cap_sets sets = {.effective = identity->caps, .permitted = identity->caps};
    if (bound_caps(identity->caps) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return fail(&cell->status, "proxy-user", errno, NULL, "Cannot bound the relay's capabilities");
    if (sys_setgroups(0, NULL) < 0 || sys_setresgid(identity->gid) < 0)
        return fail(&cell->status, "proxy-user", errno, NULL, "Cannot become the group %u", identity->gid);
    if (sys_setresuid(identity->uid) < 0)
        return fail(&cell->status, "proxy-user", errno, NULL, "Cannot become the user %u", identity->uid);
    if (set_caps(&sets) < 0)
        return fail(&cell->status, "proxy-user", errno, NULL, "Cannot lower the relay's capabilities");
    return 0;
}

int become_relay(struct cell *cell, pid_t keeper) {
    const struct identity identity = choose_identity(proxy_of(cell));
    if (enter(cell) < 0 || close_others(cell) < 0 || drop_privileges_to(cell, &identity) < 0)
        return -1;
    /* a change of ids has taken both back */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return fail(&cell->status, "proxy-connect", errno, NULL, "Cannot tie the relay to its keeper");
    if (getppid() != keeper)
        return fail(&cell->status, "proxy-connect", ESRCH, NULL, "Cannot relay: the keeper has ended");
    return 0;
}
