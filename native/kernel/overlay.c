/*
 * See overlay.h. The traps: docs/kernel.md, Overlays and mapped ids.
 *
 * Layers are detached mounts through the id map. Linux 6.13 takes them by descriptor. Older kernels know a layer only by a path to a mount of the caller's own
 * namespace, so there a child attaches them in a mount namespace that ends with it; the overlay keeps private copies.
 */
#include "kernel/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "base/child.h"
#include "base/sys.h"
#include "base/util.h"
#include "kernel/container.h"
#include "kernel/rootfs.h"
#include "kernel/userns.h"
#include "security/caps.h"
#include "wire/handshake.h"

/* overlayfs itself takes 500; by path they share one page of options */
enum { LAYERS_MAX = 64 };

/* A detached mount is dissolved when its last descriptor is closed, so all stay open until the overlay is created. */
struct layers {
    int lower[LAYERS_MAX];
    unsigned count;
    int shared; /* the folder that holds upper and work: overlay demands that both are of one mount */
    const char *upper, *work;
    bool has_user_attributes; /* what overlay notes in the upper folder goes by user.overlay.*, the only ones that it may write in a user namespace */
};

static void close_layers(struct layers *layers) {
    while (layers->count > 0)
        close(layers->lower[--layers->count]);
    close_now(&layers->shared);
}

static int open_lower(struct cell *cell, struct layers *layers) {
    cleanup_free char *list = strdup(cell->root->lower);
    if (list == NULL)
        abort();
    char *rest = list;
    for (char *path = next_part(&rest, ':'); path != NULL; path = next_part(&rest, ':')) {
        if (layers->count == LAYERS_MAX)
            return fail(&cell->status, "root-overlay", E2BIG, path, "Cannot use more than %d layers", LAYERS_MAX);
        layers->lower[layers->count] = open_layer(cell, "root-overlay", path);
        if (layers->lower[layers->count] < 0)
            return -1;
        layers->count++;
    }
    return 0;
}

static int open_upper(struct cell *cell, struct layers *layers) {
    const char *upper = cell->root->upper, *work = cell->root->work;
    const char *slash = strrchr(upper, '/');
    size_t length = slash != NULL ? (size_t)(slash - upper) : 0;
    if (slash == NULL || strncmp(upper, work, length + 1) != 0 || strchr(work + length + 1, '/') != NULL)
        return fail(&cell->status, "root-overlay", EXDEV, work, "Cannot use an upper and a work folder that do not lie side by side");
    cleanup_free char *holder = strndup(upper, length > 0 ? length : 1);
    if (holder == NULL)
        abort();
    layers->upper = slash + 1;
    layers->work = work + length + 1;
    layers->shared = open_layer(cell, "root-overlay", holder);
    return layers->shared < 0 ? -1 : 0;
}

static int finish(struct cell *cell, const struct layers *layers, int overlay) {
    if (layers->has_user_attributes && sys_fsconfig(overlay, FS_SET_FLAG, "userxattr", NULL, 0) < 0)
        return fail(&cell->status, "root-overlay", errno, cell->root->upper, "Cannot have an overlay in a user namespace");
    if (sys_fsconfig(overlay, FS_SET_STRING, "source", "bothy", 0) < 0 || sys_fsconfig(overlay, FS_CREATE, NULL, NULL, 0) < 0)
        return fail(&cell->status, "root-overlay", errno, cell->root->upper, "Cannot create the overlay");
    cell->container->root_fd = sys_fsmount(overlay, 0);
    if (cell->container->root_fd < 0)
        return fail(&cell->status, "root-overlay", errno, cell->root->upper, "Cannot mount the overlay");
    return 0;
}

/* By descriptor. */

static int set_folder(struct cell *cell, int overlay, int shared, const char *key, const char *name) {
    cleanup_fd int folder = openat(shared, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return fail(&cell->status, "root-overlay", errno, name, "Cannot open the folder");
    if (sys_fsconfig(overlay, FS_SET_FD, key, NULL, folder) < 0)
        return fail(&cell->status, "root-overlay", errno, name, "Cannot use the folder as the overlay's %s", key);
    return 0;
}

/** @param is_known set to false when the kernel does not take layers by descriptor */
static int create_by_descriptor(struct cell *cell, struct layers *layers, bool *is_known) {
    cleanup_fd int overlay = sys_fsopen("overlay");
    if (overlay < 0)
        return fail(&cell->status, "root-overlay", errno, NULL, "Cannot open an overlay");
    for (unsigned i = 0; i < layers->count; i++) {
        if (sys_fsconfig(overlay, FS_SET_FD, "lowerdir+", NULL, layers->lower[i]) == 0)
            continue;
        /* no kernel says it the same way: EINVAL, EOPNOTSUPP before overlay knew fsconfig, EBADF before fsconfig knew descriptors of O_PATH */
        *is_known = i > 0;
        return *is_known ? fail(&cell->status, "root-overlay", errno, cell->root->lower, "Cannot use a lower layer") : -1;
    }
    if (set_folder(cell, overlay, layers->shared, "upperdir", layers->upper) < 0 ||
        set_folder(cell, overlay, layers->shared, "workdir", layers->work) < 0)
        return -1;
    return finish(cell, layers, overlay);
}

/* By path, in a child with a mount namespace of its own. */

/** Attaches a layer at /proc/NAME; a tmpfs lies on /proc, a folder that every host has. */
static int attach_layer(int layer, const char *name) {
    char path[32];
    snprintf(path, sizeof path, "/proc/%s", name);
    return mkdir(path, 0755) < 0 ? -1 : sys_move_mount(layer, "", AT_FDCWD, path, MOVE_FROM_EMPTY);
}

static int attach_layers(struct cell *cell, struct layers *layers, char *lower, size_t room) {
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("tmpfs", "/proc", "tmpfs", 0, "mode=777") < 0)
        return fail(&cell->status, "root-overlay", errno, NULL, "Cannot make a place for the layers");
    size_t length = 0;
    for (unsigned i = 0; i < layers->count; i++) {
        char name[16];
        snprintf(name, sizeof name, "%u", i);
        if (attach_layer(layers->lower[i], name) < 0)
            return fail(&cell->status, "root-overlay", errno, cell->root->lower, "Cannot attach a lower layer");
        length += (size_t)snprintf(lower + length, room - length, "%s/proc/%s", i > 0 ? ":" : "", name);
    }
    if (attach_layer(layers->shared, "shared") < 0)
        return fail(&cell->status, "root-overlay", errno, cell->root->upper, "Cannot attach the upper folder");
    return 0;
}

static int create_attached(struct cell *cell, struct layers *layers) {
    char lower[LAYERS_MAX * 16], upper[NAME_MAX + 16], work[NAME_MAX + 16];
    if (attach_layers(cell, layers, lower, sizeof lower) < 0)
        return -1;
    snprintf(upper, sizeof upper, "/proc/shared/%s", layers->upper);
    snprintf(work, sizeof work, "/proc/shared/%s", layers->work);
    cleanup_fd int overlay = sys_fsopen("overlay");
    if (overlay < 0 || sys_fsconfig(overlay, FS_SET_STRING, "lowerdir", lower, 0) < 0 ||
        sys_fsconfig(overlay, FS_SET_STRING, "upperdir", upper, 0) < 0 || sys_fsconfig(overlay, FS_SET_STRING, "workdir", work, 0) < 0)
        return fail(&cell->status, "root-overlay", errno, cell->root->upper, "Cannot name the overlay's layers");
    return finish(cell, layers, overlay);
}

struct attaching {
    struct cell *cell;
    struct layers *layers;
};

static int create_in_child(int peer, void *context) {
    const struct attaching *attaching = context;
    struct cell *cell = attaching->cell;
    if (create_attached(cell, attaching->layers) < 0)
        send_failure(peer, &cell->status);
    else
        (void)send_step(peer, STEP_CREATED, 0, cell->container->root_fd);
    return 0;
}

static int create_by_path(struct cell *cell, struct layers *layers) {
    struct attaching attaching = {.cell = cell, .layers = layers};
    cleanup_free struct message *message = new_message();
    cleanup_fd int peer = -1;
    pid_t child = fork_with_handshake(create_in_child, &attaching, &peer);
    if (child < 0)
        return fail(&cell->status, "root-overlay", errno, NULL, "Cannot fork");
    int error = receive_step(peer, message, -1) < 0 ? errno : ECHILD;
    reap_child(child);
    if (message->step == STEP_FAILED)
        return fail_with_line(&cell->status, message->line);
    if (message->fd < 0)
        return fail(&cell->status, "root-overlay", error, NULL, "Cannot create the overlay");
    cell->container->root_fd = message->fd;
    return 0;
}

static int create(struct cell *cell, enum overlay_way way) {
    struct layers layers = {.shared = -1, .has_user_attributes = is_in_user_namespace()};
    bool is_known = true;
    int result = open_lower(cell, &layers);
    if (result == 0)
        result = open_upper(cell, &layers);
    if (result == 0 && way == OVERLAY_BY_DESCRIPTOR)
        result = create_by_descriptor(cell, &layers, &is_known);
    if (!is_known || (result == 0 && way == OVERLAY_BY_PATH))
        result = create_by_path(cell, &layers);
    close_layers(&layers);
    if (result < 0)
        return -1;
    /* the kernel falls back to read-only without an error when it cannot prepare the work folder */
    struct statfs about;
    if (fstatfs(cell->container->root_fd, &about) == 0 && (about.f_flags & 1 /* ST_RDONLY */) != 0)
        return fail(&cell->status, "root-overlay", EROFS, cell->root->work, "Cannot make the overlay writable");
    return 0;
}

/**
 * Overlay works on its layers with the ids of whoever creates it. Host root is not in the id map of the layers, so it could not write there;
 * the container's root can. Changing fsuid drops capabilities that are put back at once, because creating needs them.
 */
int build_overlay_in_way(struct cell *cell, enum overlay_way way) {
    uint32_t uid, gid;
    if (!has_user_namespace(cell))
        return create(cell, way);
    if (!map_id(&cell->container->uids, 0, &uid) || !map_id(&cell->container->gids, 0, &gid))
        return fail(&cell->status, "root-overlay", EINVAL, NULL, "Cannot make an overlay for an id map without root");
    struct cap_sets kept;
    if (get_caps(&kept) < 0)
        return fail(&cell->status, "root-overlay", errno, NULL, "Cannot read the capabilities");
    setfsgid(gid);
    setfsuid(uid);
    int result = set_caps(&kept) < 0 ? fail(&cell->status, "root-overlay", errno, NULL, "Cannot keep the capabilities") : create(cell, way);
    setfsuid(0);
    setfsgid(0);
    if (set_caps(&kept) < 0)
        return fail(&cell->status, "root-overlay", errno, NULL, "Cannot restore the capabilities");
    return result;
}

int build_overlay(struct cell *cell) {
    return build_overlay_in_way(cell, OVERLAY_BY_DESCRIPTOR);
}
