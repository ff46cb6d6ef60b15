/* See locks.h. */
#include "kernel/locks.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/child.h"
#include "base/sys.h"
#include "base/util.h"
#include "kernel/container.h"
#include "kernel/inroot.h"
#include "kernel/kernel-settings.h"
#include "kernel/mounts.h"
#include "kernel/network.h"
#include "kernel/tables.h"
#include "security/command.h"
#include "wire/handshake.h"
#include "wire/ops.h"

enum { LOCK_TIMEOUT_MS = 60000 };

/* a folder that every host has; in the private mount namespaces of this file nobody needs what it covers */
#define LAYOUT "/proc"

/* A bind that is to be a part of the mount that it lies in, and locked with it. */
static bool is_pinned(const struct op *op) {
    return op->kind->inside == inside_bind && (op->flags & FLAG_PINNED) != 0;
}

/* What is locked: the root, binds, and mounts with covered parts, numbered in this order. */

static bool is_tree(const struct op *op) {
    return op->fd >= 0 && (op->is_locked || (op->kind->inside == inside_bind && !is_pinned(op)));
}

/** @param at where to go on, 0 at first. @returns the next descriptor of one, NULL at the end */
static int *next_tree(struct cell *cell, unsigned *at) {
    if (*at == 0) {
        *at = 1;
        if (cell->container->root_fd >= 0)
            return &cell->container->root_fd;
    }
    while (*at <= cell->op_count) {
        struct op *op = &cell->ops[*at - 1];
        (*at)++;
        if (is_tree(op))
            return &op->fd;
    }
    return NULL;
}

static int lay_out(struct cell *cell, int mount_fd, const char *path) {
    int folder = is_folder(mount_fd);
    if (folder < 0 || (folder ? mkdir(path, 0700) : mknod(path, S_IFREG | 0600, 0)) < 0 ||
        sys_move_mount(mount_fd, "", AT_FDCWD, path, MOVE_FROM_EMPTY) < 0)
        return fail(&cell->status, "lock", errno, NULL, "Cannot lay out a mount to lock");
    return 0;
}

/** Attaches what is to be locked below LAYOUT, each by its number. @returns how many, or -1 */
static int lay_out_trees(struct cell *cell) {
    int count = 0, *tree;
    cleanup_fd int layout = make_filesystem("tmpfs", "-", "mode=700", 0);
    if (layout < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || sys_move_mount(layout, "", AT_FDCWD, LAYOUT, MOVE_FROM_EMPTY) < 0)
        return fail(&cell->status, "lock", errno, LAYOUT, "Cannot make a place for the mounts to lock");
    for (unsigned at = 0; (tree = next_tree(cell, &at)) != NULL; count++) {
        char path[32];
        snprintf(path, sizeof path, LAYOUT "/%d", count);
        if (lay_out(cell, *tree, path) < 0)
            return -1;
    }
    return count;
}

/**
 * Copies the mount namespace for another user namespace than the one of who laid out. A container without a user namespace has the host's root, so what is
 * locked for it is a matter of order more than of safety: where the host gives no user namespace it goes without.
 */
static int copy_for_another(struct cell *cell) {
    int flags = CLONE_NEWNS | (has_user_namespace(cell) ? 0 : CLONE_NEWUSER);
    if (unshare(flags) == 0 || (!has_user_namespace(cell) && (errno == EINVAL || errno == ENOSPC || errno == EPERM || errno == EUSERS)))
        return 0;
    return fail(&cell->status, "lock", errno, NULL, "Cannot copy the mounts");
}

/** In the copy: sends a clone of each. */
static int hand_out(struct cell *cell, int count, int peer) {
    for (int i = 0; i < count; i++) {
        char path[32];
        snprintf(path, sizeof path, LAYOUT "/%d", i);
        cleanup_fd int tree = sys_open_tree(AT_FDCWD, path, TREE_CLONE | TREE_CLOEXEC | TREE_RECURSIVE);
        if (tree < 0)
            return fail(&cell->status, "lock", errno, NULL, "Cannot clone a locked mount");
        /* when nobody hears it the other process has ended, and the one that waits for that one says so */
        if (send_step(peer, STEP_LOCK, i, tree) < 0 && errno != EPIPE)
            return fail(&cell->status, "lock", errno, NULL, "Cannot hand out a locked mount");
    }
    return 0;
}

/** Puts what hand_out sent in the places of the mounts. */
static int collect(struct cell *cell, int peer) {
    cleanup_free struct message *message = new_message();
    int *tree;
    unsigned at = 0;
    tree = next_tree(cell, &at);
    while (tree != NULL) {
        if (receive_step(peer, message, LOCK_TIMEOUT_MS) < 0)
            return fail(&cell->status, "lock", errno, NULL, "Cannot wait for the locked mounts");
        if (message->step == STEP_FAILED)
            return fail_with_line(&cell->status, message->line);
        if (message->step == STEP_NETWORK) {
            if (take_network(cell) < 0)
                return -1;
            continue;
        }
        if (message->step != STEP_LOCK || message->fd < 0)
            return fail(&cell->status, "lock", EPIPE, NULL, "Cannot lock the mounts");
        close(*tree);
        *tree = message->fd;
        tree = next_tree(cell, &at);
    }
    return 0;
}

/* S, which comes back, or where that cannot be a process of its own. */

struct locking {
    struct cell *cell;
    const struct locker *locker;
};

static int lock_laid_out(void *context) {
    const struct locking *locking = context;
    struct cell *cell = locking->cell;
    const struct locker *locker = locking->locker;
    int result = setns(locker->container, CLONE_NEWNS);
    if (result < 0 && errno == ESRCH)
        return 0; /* C has failed meanwhile, and has said so */
    if (result < 0)
        fail(&cell->status, "lock", errno, NULL, "Cannot enter the container's mounts");
    if (result < 0 || copy_for_another(cell) < 0 || hand_out(cell, locker->count, locker->peer) < 0)
        send_failure(locker->peer, &cell->status);
    return 0;
}

int serve_locks(struct cell *cell, struct locker *locker) {
    struct locking locking = {.cell = cell, .locker = locker};
    if (!has_user_namespace(cell)) {
        /* nobody comes back from a user namespace */
        locker->pid = lend_child(lock_laid_out, &locking, 0);
        return locker->pid < 0 ? fail(&cell->status, "lock", errno, NULL, "Cannot fork") : 0;
    }
    cleanup_fd int home = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (home < 0)
        return fail(&cell->status, "lock", errno, "/proc/self/ns/mnt", "Cannot keep the own mounts");
    lock_laid_out(&locking);
    return setns(home, CLONE_NEWNS) < 0 ? fail(&cell->status, "lock", errno, NULL, "Cannot go back to the own mounts") : 0;
}

void reap_locker(struct locker *locker) {
    reap_child(locker->pid);
    locker->pid = 0;
}

/* C */

static bool covers(const struct op *op) {
    return op->kind->take == take_mask || op->kind->take == take_readonly;
}

static int open_covered_mounts(struct cell *cell) {
    for (unsigned i = 0; i < cell->op_count; i++) {
        const struct op *op = &cell->ops[i];
        struct op *mount = covers(op) ? mount_above(cell, op->word[0]) : is_pinned(op) ? mount_above(cell, op->word[1]) : NULL;
        if (mount == NULL)
            continue;
        if (open_mount(cell, mount) < 0)
            return -1;
        mount->is_locked = true;
    }
    return 0;
}

static int cover_parts(struct cell *cell, int mask) {
    for (unsigned i = 0; i < cell->op_count; i++) {
        const struct op *op = &cell->ops[i];
        const char *path = op->word[0];
        int root = covers(op) ? root_above(cell, &path) : -1;
        if (root >= 0 && cover(cell, op, root, path, mask) < 0)
            return -1;
    }
    return 0;
}

static int pin_binds(struct cell *cell) {
    for (unsigned i = 0; i < cell->op_count; i++) {
        struct op *op = &cell->ops[i];
        const char *path = op->word[1];
        int root = op->fd >= 0 && is_pinned(op) ? root_above(cell, &path) : -1;
        if (root < 0)
            continue;
        cleanup_fd int target = open_in_root(root, path, O_PATH, 0);
        if (target < 0 || attach(op->fd, target) < 0)
            return fail(&cell->status, "bind", errno, op->word[1], "Cannot mount %.256s", op->word[0]);
        close_now(&op->fd);
    }
    return 0;
}

int ask_for_locks(struct cell *cell) {
    /* a sysctl may lie below what is to be read-only */
    if (open_covered_mounts(cell) < 0 || set_sysctls(cell) < 0)
        return -1;
    cleanup_fd int mask = open_mask(cell);
    if (mask < 0)
        return -1;
    int count = lay_out_trees(cell);
    if (count < 0 || lay_out(cell, mask, LAYOUT "/mask") < 0 || cover_parts(cell, mask) < 0 || pin_binds(cell) < 0)
        return -1;
    if (send_step(cell->command->peer, STEP_LOCK, count, -1) < 0)
        return fail(&cell->status, "lock", errno, NULL, "Cannot ask for locked mounts");
    return 0;
}

int collect_locks(struct cell *cell) {
    return collect(cell, cell->command->peer);
}

/* For a container that runs. */

static int copy_laid_out(struct cell *cell, int peer) {
    if (unshare(CLONE_NEWNS) < 0)
        return fail(&cell->status, "lock", errno, NULL, "Cannot make a private mount namespace");
    int count = lay_out_trees(cell);
    if (count < 0)
        return -1;
    if (cell->container->userns_fd >= 0 && setns(cell->container->userns_fd, CLONE_NEWUSER) < 0)
        return fail(&cell->status, "lock", errno, NULL, "Cannot enter the container's user namespace");
    return copy_for_another(cell) < 0 ? -1 : hand_out(cell, count, peer);
}

static int lock_in_child(int peer, void *context) {
    struct cell *cell = context;
    /* it becomes a process of the container's user namespace, whose root may trace those */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || copy_laid_out(cell, peer) < 0)
        send_failure(peer, &cell->status);
    return 0;
}

int lock_binds(struct cell *cell) {
    unsigned at = 0;
    if (next_tree(cell, &at) == NULL)
        return 0;
    cleanup_fd int peer = -1;
    pid_t child = fork_with_handshake(lock_in_child, cell, &peer);
    if (child < 0)
        return fail(&cell->status, "lock", errno, NULL, "Cannot fork");
    int result = collect(cell, peer);
    reap_child(child);
    return result;
}
