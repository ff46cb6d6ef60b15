/* See rootfs.h. The overlay's traps: docs/kernel.md, Overlays and mapped ids. */
#include "kernel/rootfs.h"

#include <errno.h>
#include <string.h>

#include "base/sys.h"
#include "base/util.h"
#include "kernel/container.h"
#include "kernel/overlay.h"
#include "kernel/userns.h"
#include "wire/ops.h"

int take_root_dir(struct cell *cell, struct op *op) {
    cell->root->kind = ROOT_DIR;
    cell->root->path = op->word[0];
    return 0;
}

int take_root_overlay(struct cell *cell, struct op *op) {
    cell->root->kind = ROOT_OVERLAY;
    cell->root->upper = op->word[0];
    cell->root->work = op->word[1];
    cell->root->lower = op->word[2];
    return 0;
}

int take_root_readonly(struct cell *cell, struct op *op) {
    (void)op;
    cell->root->readonly = true;
    return 0;
}

int take_root_unmapped(struct cell *cell, struct op *op) {
    (void)op;
    cell->root->unmapped = true;
    return 0;
}

/** Whether every id of the container is the same one outside. */
static bool is_identity(const struct id_map *map) {
    for (unsigned i = 0; i < map->count; i++)
        if (map->line[i].inner != map->line[i].host)
            return false;
    return true;
}

int shift_mount(const struct cell *cell, int mount_fd, bool recursive) {
    /* a daemon in a user namespace may map no mount, and its containers have its own ids */
    if (cell->container->userns_fd < 0 || (is_identity(&cell->container->uids) && is_identity(&cell->container->gids)))
        return 0;
    struct sys_mount_attr attr = {.set = ATTR_IDMAP, .userns_fd = (uint64_t)cell->container->userns_fd};
    return sys_mount_setattr(mount_fd, "", AT_EMPTY_PATH | (recursive ? TREE_RECURSIVE : 0), &attr);
}

int open_layer(struct cell *cell, const char *op, const char *path) {
    cleanup_fd int layer = sys_open_tree(AT_FDCWD, path, TREE_CLONE | TREE_CLOEXEC);
    if (layer < 0)
        return fail(&cell->status, op, errno, path, "Cannot open the folder");
    if (!cell->root->unmapped && shift_mount(cell, layer, false) < 0)
        return fail(&cell->status, op, errno, path, "Cannot mount the folder through the id map");
    return steal_fd(&layer);
}

static int build_dir(struct cell *cell) {
    cell->container->root_fd = open_layer(cell, "root-dir", cell->root->path);
    return cell->container->root_fd < 0 ? -1 : 0;
}

int build_root(struct cell *cell) {
    if (cell->root->kind == ROOT_NONE)
        return fail(&cell->status, "root-dir", EINVAL, NULL, "Cannot do without a root: root-dir or root-overlay is missing");
    if ((cell->root->kind == ROOT_DIR ? build_dir(cell) : build_overlay(cell)) < 0)
        return -1;
    struct sys_mount_attr attr = {
        .set = (cell->root->readonly ? ATTR_RDONLY : 0u) | (has_user_namespace(cell) ? ATTR_NODEV : 0u),
        .propagation = 1u << 18 /* MS_PRIVATE */,
    };
    if (sys_mount_setattr(cell->container->root_fd, "", AT_EMPTY_PATH, &attr) < 0)
        return fail(&cell->status, "root-dir", errno, NULL, "Cannot set the root's mount flags");
    return 0;
}
