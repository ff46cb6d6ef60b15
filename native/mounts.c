/* Mounts inside a container: each is made detached and then moved onto a target that was resolved within the root. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "inroot.h"
#include "ops.h"
#include "rootfs.h"
#include "sys.h"
#include "tables.h"
#include "util.h"

static int take_flags(struct cell *cell, struct op *op, const char *words) {
    if (!parse_mount_flags(words, &op->flags))
        return fail(&cell->status, op->kind->name, EINVAL, NULL, "Cannot mount with the flags \"%.128s\"", words);
    return 0;
}

static int attach(int mount_fd, int target_fd) {
    return sys_move_mount(mount_fd, "", target_fd, "", MOVE_FROM_EMPTY | MOVE_TO_EMPTY);
}

static int set_attributes(int mount_fd, unsigned attributes, bool recursive) {
    if (attributes == 0)
        return 0;
    /* the times of access are one field of several bits: setting one means clearing the others */
    struct sys_mount_attr attr = {
        .set = attributes,
        .clear = (attributes & (ATTR_NOATIME | ATTR_STRICTATIME)) != 0 ? ATTR_ATIME : 0u,
    };
    return sys_mount_setattr(mount_fd, "", AT_EMPTY_PATH | (recursive ? TREE_RECURSIVE : 0), &attr);
}

/* bind SOURCE INNER FLAGS */

int take_bind(struct cell *cell, struct op *op) {
    return take_flags(cell, op, op->word[2]);
}

int host_bind(struct cell *cell, struct op *op) {
    const char *source = op->word[0];
    bool recursive = (op->flags & FLAG_RECURSIVE) != 0;
    cleanup_fd int tree = sys_open_tree(AT_FDCWD, source, TREE_CLONE | TREE_CLOEXEC | (recursive ? TREE_RECURSIVE : 0));
    if (tree < 0 && errno == ENOENT && (op->flags & FLAG_OPTIONAL) != 0)
        return 0;
    if (tree < 0)
        return fail(&cell->status, "bind", errno, source, "Cannot open the source");
    if ((op->flags & FLAG_SHIFT) != 0 && shift_mount(cell, tree, recursive) < 0)
        return fail(&cell->status, "shift", errno, source, "Cannot mount the source through the id map");
    struct sys_mount_attr private = {.propagation = 1u << 18 /* MS_PRIVATE */};
    if (sys_mount_setattr(tree, "", AT_EMPTY_PATH | TREE_RECURSIVE, &private) < 0 ||
        set_attributes(tree, op->flags & FLAG_ATTRIBUTES, recursive) < 0)
        return fail(&cell->status, "bind", errno, source, "Cannot set the mount flags of the source");
    op->fd = steal_fd(&tree);
    return 0;
}

int inside_bind(struct cell *cell, struct op *op) {
    if (op->fd < 0)
        return 0;
    const char *inner = op->word[1];
    struct stat source;
    if (fstat(op->fd, &source) < 0)
        return fail(&cell->status, "bind", errno, op->word[0], "Cannot examine the source");
    cleanup_fd int target = make_target_in_root(cell->root_fd, inner, S_ISDIR(source.st_mode));
    if (target < 0)
        return fail(&cell->status, "bind", errno, inner, "Cannot make the place to mount on");
    if (attach(op->fd, target) < 0)
        return fail(&cell->status, "bind", errno, inner, "Cannot mount %.256s", op->word[0]);
    return 0;
}

/* mount TYPE SOURCE INNER FLAGS DATA */

int take_mount(struct cell *cell, struct op *op) {
    return take_flags(cell, op, op->word[3]);
}

static int configure(int filesystem, const char *source, const char *data) {
    if (*source != '\0' && strcmp(source, "-") != 0 && sys_fsconfig(filesystem, FS_SET_STRING, "source", source, 0) < 0)
        return -1;
    if (*data == '\0' || strcmp(data, "-") == 0)
        return 0;
    cleanup_free char *options = strdup(data);
    if (options == NULL)
        abort();
    char *rest = options;
    for (char *key = next_part(&rest, ','); key != NULL; key = next_part(&rest, ',')) {
        char *value = key;
        next_part(&value, '=');
        if (sys_fsconfig(filesystem, value != NULL ? FS_SET_STRING : FS_SET_FLAG, key, value, 0) < 0)
            return -1;
    }
    return 0;
}

/** A fresh file system as a detached mount. @returns a descriptor, or -1 with errno */
static int make_filesystem(const char *type, const char *source, const char *data, unsigned attributes) {
    cleanup_fd int filesystem = sys_fsopen(type);
    if (filesystem < 0 || configure(filesystem, source, data) < 0 || sys_fsconfig(filesystem, FS_CREATE, NULL, NULL, 0) < 0)
        return -1;
    return sys_fsmount(filesystem, attributes);
}

int inside_mount(struct cell *cell, struct op *op) {
    const char *type = op->word[0], *inner = op->word[2];
    bool optional = (op->flags & FLAG_OPTIONAL) != 0;
    cleanup_fd int mount_fd = make_filesystem(type, op->word[1], op->word[4], op->flags & FLAG_ATTRIBUTES);
    if (mount_fd < 0)
        return optional ? 0 : fail(&cell->status, "mount", errno, inner, "Cannot mount %.64s on %.256s", type, inner);
    cleanup_fd int target = make_target_in_root(cell->root_fd, inner, (op->flags & FLAG_FILE) == 0);
    if (target < 0)
        return fail(&cell->status, "mount", errno, inner, "Cannot make the place to mount on");
    if (attach(mount_fd, target) < 0)
        return fail(&cell->status, "mount", errno, inner, "Cannot mount %.64s on %.256s", type, inner);
    return 0;
}

/* dev NAME */

int host_dev(struct cell *cell, struct op *op) {
    char path[256];
    int length = snprintf(path, sizeof path, "/dev/%s", op->word[0]);
    if (length < 0 || (size_t)length >= sizeof path || strstr(path, "..") != NULL)
        return fail(&cell->status, "dev", EINVAL, op->word[0], "Cannot use this as the name of a device");
    op->fd = sys_open_tree(AT_FDCWD, path, TREE_CLONE | TREE_CLOEXEC);
    if (op->fd < 0 || set_attributes(op->fd, ATTR_NOSUID | ATTR_NOEXEC, false) < 0)
        return fail(&cell->status, "dev", errno, path, "Cannot open the device node");
    return 0;
}

int inside_dev(struct cell *cell, struct op *op) {
    char inner[256];
    snprintf(inner, sizeof inner, "/dev/%s", op->word[0]);
    cleanup_fd int target = make_target_in_root(cell->root_fd, inner, 0);
    if (target < 0 || attach(op->fd, target) < 0)
        return fail(&cell->status, "dev", errno, inner, "Cannot mount the device node");
    return 0;
}

/* mask INNER, readonly INNER */

int inside_mask(struct cell *cell, struct op *op) {
    const char *inner = op->word[0];
    cleanup_fd int target = open_in_root(cell->root_fd, inner, O_PATH, 0);
    if (target < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    struct stat about;
    if (target < 0 || fstat(target, &about) < 0)
        return fail(&cell->status, "mask", errno, inner, "Cannot examine the path to mask");
    cleanup_fd int cover = S_ISDIR(about.st_mode)
                               ? make_filesystem("tmpfs", "-", "size=0,nr_inodes=1,mode=755", ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC)
                               : sys_open_tree(AT_FDCWD, "/dev/null", TREE_CLONE | TREE_CLOEXEC); /* our root still is the host's */
    if (cover < 0 || attach(cover, target) < 0)
        return fail(&cell->status, "mask", errno, inner, "Cannot mask the path");
    return 0;
}

int inside_readonly(struct cell *cell, struct op *op) {
    const char *inner = op->word[0];
    cleanup_fd int target = open_in_root(cell->root_fd, inner, O_PATH, 0);
    if (target < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (target < 0)
        return fail(&cell->status, "readonly", errno, inner, "Cannot open the path");
    cleanup_fd int tree = sys_open_tree(target, "", AT_EMPTY_PATH | TREE_CLONE | TREE_CLOEXEC | TREE_RECURSIVE);
    if (tree < 0 || set_attributes(tree, ATTR_RDONLY, true) < 0 || attach(tree, target) < 0)
        return fail(&cell->status, "readonly", errno, inner, "Cannot make the path read-only");
    return 0;
}
