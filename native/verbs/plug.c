/* See plug.h. */
#include "verbs/plug.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>

#include "base/child.h"
#include "base/phase.h"
#include "base/util.h"
#include "kernel/inroot.h"
#include "kernel/locks.h"
#include "kernel/mounts.h"
#include "kernel/network.h"
#include "kernel/target.h"
#include "wire/ops.h"
#include "wire/request.h"

enum { PLUG_TIMEOUT_MS = 30000 };

void begin_plug(struct cell *cell, size_t room) {
    (void)room;
    struct plug_request *plug = cell->own = request_memory(cell, sizeof *plug);
    *plug = (struct plug_request){.container = EMPTY_CONTAINER, .target = EMPTY_TARGET, .groups = EMPTY_GROUPS, .netns = -1};
    cell->container = &plug->container;
    cell->target = &plug->target;
    cell->groups = &plug->groups;
}

/* Host root in the host's namespaces. */

/** For mounts through the container's id map. */
static int hold_userns(struct cell *cell) {
    if (!has_user_namespace(cell))
        return 0;
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/ns/user", (int)cell->target->pid);
    cell->container->userns_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (cell->container->userns_fd < 0)
        return fail(&cell->status, "target", errno, path, "Cannot reach the container's user namespace");
    return 0;
}

static int plug_nics(struct cell *cell) {
    struct plug_request *plug = cell->own;
    plug->netns = open_network(cell->target->pid);
    if (plug->netns < 0)
        return fail(&cell->status, "nic", errno, NULL, "Cannot reach the container's network");
    return make_nics(cell, plug->netns);
}

static int enter(struct cell *cell) {
    return enter_target(cell, CLONE_NEWNS | CLONE_NEWNET);
}

/* The container's root in its namespaces. */

int inside_unbind(struct cell *cell, struct op *op) {
    char last[NAME_MAX + 1];
    const char *inner = op->word[0];
    cleanup_fd int parent = open_parent_in_root(cell->container->root_fd, inner, last);
    if (parent < 0 && errno == ENOENT)
        return 0;
    if (parent < 0 || fchdir(parent) < 0)
        return fail(&cell->status, "unbind", errno, inner, "Cannot open the folder of the mount");
    /* EINVAL: the guest has unmounted it itself */
    if (umount2(last, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != ENOENT && errno != EINVAL)
        return fail(&cell->status, "unbind", errno, inner, "Cannot unmount");
    return 0;
}

static const struct phase host_phases[] = {
    {"target", open_target},
    {"user namespace", hold_userns},
    {"host", run_host_side},
    {"locks", lock_binds},
    {"network", plug_nics},
};

static const struct phase inner_phases[] = {
    {"enter", enter},
    {"links", set_nics_up},
    {"file systems", open_mounts},
    {"mounts", run_inside},
};

static int go_inside(void *context) {
    struct cell *cell = context;
    int result = run_phases(cell, inner_phases, COUNT_OF(inner_phases));
    if (result < 0)
        answer_error(&cell->status, cell->conn);
    return result < 0;
}

/** A process of its own goes in, so that its parent can still undo on the host what was made there. @returns whether it succeeded */
static bool plug_inside(struct cell *cell) {
    pid_t pid = fork_child(go_inside, cell);
    int code = -1;
    if (pid < 0) {
        fail(&cell->status, "plug", errno, NULL, "Cannot fork");
        answer_error(&cell->status, cell->conn);
        return false;
    }
    /* a file system of the guest's own may hold it for ever */
    if (!reap_within(pid, PLUG_TIMEOUT_MS, &code)) {
        fail(&cell->status, "plug", ETIMEDOUT, NULL, "Cannot reach the place in the container: a file system there does not answer");
        answer_error(&cell->status, cell->conn);
    }
    return code == 0;
}

void serve_plug(struct cell *cell) {
    set_title("bothy plug", "");
    if (run_phases(cell, host_phases, COUNT_OF(host_phases)) < 0)
        answer_error(&cell->status, cell->conn);
    else if (plug_inside(cell)) {
        dprintf(cell->conn, "{\"done\":{}}\n");
        return;
    }
    delete_nics(cell, ((struct plug_request *)cell->own)->netns);
}
