/* See rootfs.h. The overlay's traps: kernel.md 2. */
#include "rootfs.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/statfs.h>

#include "caps.h"
#include "ops.h"
#include "sys.h"
#include "userns.h"
#include "util.h"

/* overlayfs itself takes 500 */
#define MAX_LAYERS 64

int take_root_dir(struct cell *cell, struct op *op) {
    cell->root.kind = ROOT_DIR;
    cell->root.path = op->word[0];
    return 0;
}

int take_root_overlay(struct cell *cell, struct op *op) {
    cell->root.kind = ROOT_OVERLAY;
    cell->root.upper = op->word[0];
    cell->root.work = op->word[1];
    cell->root.lower = op->word[2];
    return 0;
}

int take_root_readonly(struct cell *cell, struct op *op) {
    (void)op;
    cell->root.readonly = true;
    return 0;
}

int shift_mount(const struct cell *cell, int mount_fd, bool recursive) {
    if (cell->userns_fd < 0)
        return 0;
    struct sys_mount_attr attr = {.set = ATTR_IDMAP, .userns_fd = (uint64_t)cell->userns_fd};
    return sys_mount_setattr(mount_fd, "", AT_EMPTY_PATH | (recursive ? TREE_RECURSIVE : 0), &attr);
}

/** A detached mount of a host folder, through the id map. */
static int open_layer(struct cell *cell, const char *op, const char *path) {
    cleanup_fd int layer = sys_open_tree(AT_FDCWD, path, TREE_CLONE | TREE_CLOEXEC);
    if (layer < 0)
        return fail(&cell->status, op, errno, path, "Cannot open the folder");
    if (shift_mount(cell, layer, false) < 0)
        return fail(&cell->status, op, errno, path, "Cannot mount the folder through the id map");
    return steal_fd(&layer);
}

static int build_dir(struct cell *cell) {
    cell->root_fd = open_layer(cell, "root-dir", cell->root.path);
    return cell->root_fd < 0 ? -1 : 0;
}

/**
 * Layers stay open until the overlay is created: closing the last descriptor of a detached mount dissolves it, and the kernel clones only mounts
 * that are whole.
 */
struct held_layers {
    size_t count;
    int fd[MAX_LAYERS];
};

static void close_layers(struct held_layers *held) {
    while (held->count > 0)
        close(held->fd[--held->count]);
}

static int hold(struct cell *cell, struct held_layers *held, int layer, const char *path) {
    if (layer < 0)
        return -1;
    if (held->count == MAX_LAYERS) {
        close(layer);
        return fail(&cell->status, "root-overlay", E2BIG, path, "Cannot use more than %d layers", MAX_LAYERS);
    }
    held->fd[held->count++] = layer;
    return layer;
}

static int set_layer(struct cell *cell, int overlay, const char *key, int layer, const char *path) {
    if (layer < 0)
        return -1;
    if (sys_fsconfig(overlay, FS_SET_FD, key, NULL, layer) < 0)
        return fail(&cell->status, "root-overlay", errno, path, "Cannot use the folder as the overlay's %s", key);
    return 0;
}

static int set_lower_layers(struct cell *cell, int overlay, struct held_layers *held) {
    cleanup_free char *list = strdup(cell->root.lower);
    if (list == NULL)
        abort();
    char *rest = list;
    for (char *path = next_part(&rest, ':'); path != NULL; path = next_part(&rest, ':'))
        if (set_layer(cell, overlay, "lowerdir+", hold(cell, held, open_layer(cell, "root-overlay", path), path), path) < 0)
            return -1;
    return 0;
}

/**
 * The upper and the work folder come from one mount of the folder that holds both: overlay demands that they share one.
 * Paths below it go by descriptor, so nothing is resolved twice.
 */
static int set_upper_layers(struct cell *cell, int overlay, struct held_layers *held) {
    const char *upper = cell->root.upper, *work = cell->root.work;
    const char *slash = strrchr(upper, '/');
    size_t length = slash != NULL ? (size_t)(slash - upper) : 0;
    if (slash == NULL || strncmp(upper, work, length + 1) != 0 || strchr(work + length + 1, '/') != NULL)
        return fail(&cell->status, "root-overlay", EXDEV, work, "Cannot use an upper and a work folder that do not lie side by side");
    cleanup_free char *holder = strndup(upper, length > 0 ? length : 1);
    if (holder == NULL)
        abort();
    int shared = hold(cell, held, open_layer(cell, "root-overlay", holder), holder);
    if (shared < 0)
        return -1;
    cleanup_fd int upper_fd = openat(shared, slash + 1, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (upper_fd < 0)
        return fail(&cell->status, "root-overlay", errno, upper, "Cannot open the folder");
    if (set_layer(cell, overlay, "upperdir", upper_fd, upper) < 0)
        return -1;
    cleanup_fd int work_fd = openat(shared, work + length + 1, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (work_fd < 0)
        return fail(&cell->status, "root-overlay", errno, work, "Cannot open the folder");
    return set_layer(cell, overlay, "workdir", work_fd, work);
}

static int create_overlay(struct cell *cell) {
    __attribute__((cleanup(close_layers))) struct held_layers held = {0};
    cleanup_fd int overlay = sys_fsopen("overlay");
    if (overlay < 0)
        return fail(&cell->status, "root-overlay", errno, NULL, "Cannot open an overlay");
    if (set_lower_layers(cell, overlay, &held) < 0 || set_upper_layers(cell, overlay, &held) < 0)
        return -1;
    if (sys_fsconfig(overlay, FS_SET_STRING, "source", "bothy", 0) < 0 || sys_fsconfig(overlay, FS_CREATE, NULL, NULL, 0) < 0)
        return fail(&cell->status, "root-overlay", errno, cell->root.upper, "Cannot create the overlay");
    cell->root_fd = sys_fsmount(overlay, 0);
    if (cell->root_fd < 0)
        return fail(&cell->status, "root-overlay", errno, cell->root.upper, "Cannot mount the overlay");
    /* the kernel falls back to read-only without an error when it cannot prepare the work folder */
    struct statfs about;
    if (fstatfs(cell->root_fd, &about) == 0 && (about.f_flags & 1 /* ST_RDONLY */) != 0)
        return fail(&cell->status, "root-overlay", EROFS, cell->root.work, "Cannot make the overlay writable");
    return 0;
}

/**
 * Overlay works on its layers with the ids of whoever creates it. Host root is not in the id map of the layers, so it could not write there;
 * the container's root can. Changing fsuid drops capabilities that are put back at once, because creating needs them.
 */
static int build_overlay(struct cell *cell) {
    uint32_t uid, gid;
    if (!has_user_namespace(cell))
        return create_overlay(cell);
    if (!map_id(&cell->uids, 0, &uid) || !map_id(&cell->gids, 0, &gid))
        return fail(&cell->status, "root-overlay", EINVAL, NULL, "Cannot make an overlay for an id map without root");
    struct cap_sets kept;
    if (get_caps(&kept) < 0)
        return fail(&cell->status, "root-overlay", errno, NULL, "Cannot read the capabilities");
    setfsgid(gid);
    setfsuid(uid);
    int result = set_caps(&kept) < 0 ? fail(&cell->status, "root-overlay", errno, NULL, "Cannot keep the capabilities") : create_overlay(cell);
    setfsuid(0);
    setfsgid(0);
    if (set_caps(&kept) < 0)
        return fail(&cell->status, "root-overlay", errno, NULL, "Cannot restore the capabilities");
    return result;
}

int build_root(struct cell *cell) {
    if (cell->root.kind == ROOT_NONE)
        return fail(&cell->status, "root-dir", EINVAL, NULL, "Cannot do without a root: root-dir or root-overlay is missing");
    if ((cell->root.kind == ROOT_DIR ? build_dir(cell) : build_overlay(cell)) < 0)
        return -1;
    struct sys_mount_attr attr = {
        .set = (cell->root.readonly ? ATTR_RDONLY : 0u) | (has_user_namespace(cell) ? ATTR_NODEV : 0u),
        .propagation = 1u << 18 /* MS_PRIVATE */,
    };
    if (sys_mount_setattr(cell->root_fd, "", AT_EMPTY_PATH, &attr) < 0)
        return fail(&cell->status, "root-dir", errno, NULL, "Cannot set the root's mount flags");
    return 0;
}
