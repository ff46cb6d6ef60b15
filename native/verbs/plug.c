/* See plug.h. */
#include "verbs/plug.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

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

enum { PLUG_TIMEOUT_MS = 30000, ERROR_MAX = 16384 };

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

struct inner {
    struct cell *cell;
    int told; /* takes the error, which is the parent's to answer */
};

static int go_inside(void *context) {
    struct inner *self = context;
    int result = run_phases(self->cell, inner_phases, COUNT_OF(inner_phases));
    if (result < 0)
        write_all(self->told, self->cell->status.error, strlen(self->cell->status.error));
    return result < 0;
}

/** Takes over the error of a process that has ended. */
static int take_error(struct cell *cell, int told) {
    char line[ERROR_MAX];
    /* all of it lies in the pipe by now */
    ssize_t size = read(told, line, sizeof line - 1);
    line[size > 0 ? size : 0] = '\0';
    return size > 0 ? fail_with_line(&cell->status, line) : fail(&cell->status, "plug", EIO, NULL, "The process in the container has ended");
}

/** A process of its own goes in, so that its parent can still undo on the host what was made there. */
static int plug_inside(struct cell *cell) {
    int ends[2], code = -1;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail(&cell->status, "plug", errno, NULL, "Cannot make a pipe");
    cleanup_fd int told = ends[0];
    pid_t pid = fork_child(go_inside, &(struct inner){.cell = cell, .told = ends[1]});
    close(ends[1]);
    if (pid < 0)
        return fail(&cell->status, "plug", errno, NULL, "Cannot fork");
    /* a file system of the guest's own may hold it for ever */
    if (!reap_within(pid, PLUG_TIMEOUT_MS, &code))
        return fail(&cell->status, "plug", ETIMEDOUT, NULL, "Cannot reach the place in the container: a file system there does not answer");
    return code == 0 ? 0 : take_error(cell, told);
}

void serve_plug(struct cell *cell) {
    set_title("bothy plug", "");
    if (run_phases(cell, host_phases, COUNT_OF(host_phases)) == 0 && plug_inside(cell) == 0) {
        dprintf(cell->conn, "{\"done\":{}}\n");
        return;
    }
    /* before the answer: whoever hears of the failure finds the host as it was */
    delete_nics(cell, ((struct plug_request *)cell->own)->netns);
    answer_error(&cell->status, cell->conn);
}
