/* Mounts inside a container: each is made detached and then moved onto a target that was resolved within the root. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/sys.h"
#include "base/util.h"
#include "kernel/container.h"
#include "kernel/inroot.h"
#include "kernel/mounts.h"
#include "kernel/rootfs.h"
#include "kernel/tables.h"
#include "security/label.h"
#include "wire/ops.h"

int take_flags(struct cell *cell, struct op *op, const char *words) {
    if (!parse_mount_flags(words, &op->flags))
        return fail(&cell->status, op->kind->name, EINVAL, NULL, "Cannot mount with the flags \"%.128s\"", words);
    return 0;
}

int attach(int mount_fd, int target_fd) {
    return sys_move_mount(mount_fd, "", target_fd, "", MOVE_FROM_EMPTY | MOVE_TO_EMPTY);
}

int is_folder(int mount_fd) {
    struct sys_statx about = {0};
    if (sys_statx(mount_fd, "", AT_EMPTY_PATH | STATX_AS_KNOWN, STATX_WANT_TYPE, &about) < 0)
        return -1;
    return S_ISDIR(about.mode);
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

static unsigned propagation_of(unsigned flags) {
    return (flags & FLAG_SLAVE) != 0        ? PROPAGATE_SLAVE
           : (flags & FLAG_SHARED) != 0     ? PROPAGATE_SHARED
           : (flags & FLAG_UNBINDABLE) != 0 ? PROPAGATE_UNBINDABLE
                                            : PROPAGATE_PRIVATE;
}

/**
 * Of the whole tree, so that nothing below is left a peer of the host's by accident. A clone of a mount that the host shares is a peer of it, which is what
 * makes a slave of it: one that was made private first would be a slave of nobody.
 */
static int set_propagation(int mount_fd, unsigned flags) {
    struct sys_mount_attr attr = {.propagation = propagation_of(flags)};
    return sys_mount_setattr(mount_fd, "", AT_EMPTY_PATH | TREE_RECURSIVE, &attr);
}

int finish_tree(struct cell *cell, struct op *op, int *tree) {
    const char *source = op->word[0], *name = op->kind->name;
    bool recursive = (op->flags & FLAG_RECURSIVE) != 0;
    if ((op->flags & FLAG_SHIFT) != 0 && shift_mount(cell, *tree, recursive) < 0)
        return fail(&cell->status, "shift", errno, source, "Cannot mount the source through the id map");
    /* one that is unbindable could not be cloned, nor put on a mount that is shared: it becomes so at its place */
    if (set_propagation(*tree, op->flags & ~(unsigned)FLAG_UNBINDABLE) < 0 || set_attributes(*tree, op->flags & FLAG_ATTRIBUTES, recursive) < 0)
        return fail(&cell->status, name, errno, source, "Cannot set the mount flags of the source");
    op->fd = steal_fd(tree);
    return 0;
}

int host_bind(struct cell *cell, struct op *op) {
    const char *source = op->word[0];
    bool recursive = (op->flags & FLAG_RECURSIVE) != 0;
    cleanup_fd int tree = sys_open_tree(AT_FDCWD, source, TREE_CLONE | TREE_CLOEXEC | (recursive ? TREE_RECURSIVE : 0));
    if (tree < 0 && errno == ENOENT && (op->flags & FLAG_OPTIONAL) != 0)
        return 0;
    if (tree < 0)
        return fail(&cell->status, "bind", errno, source, "Cannot open the source");
    return finish_tree(cell, op, &tree);
}

int share_mount(struct cell *cell, int mount_fd, const char *inner) {
    struct sys_mount_attr attr = {.propagation = PROPAGATE_SHARED};
    if (sys_mount_setattr(mount_fd, "", AT_EMPTY_PATH, &attr) < 0)
        return fail(&cell->status, "mount", errno, inner, "Cannot share the mount among the container's mount namespaces");
    return 0;
}

int inside_bind(struct cell *cell, struct op *op) {
    if (op->fd < 0)
        return 0;
    const char *inner = op->word[1];
    int folder = is_folder(op->fd);
    if (folder < 0)
        return fail(&cell->status, "bind", errno, op->word[0], "Cannot examine the source");
    cleanup_fd int target = make_target_in_root(cell->container->root_fd, inner, folder);
    if (target < 0)
        return fail(&cell->status, "bind", errno, inner, "Cannot make the place to mount on");
    if (attach(op->fd, target) < 0)
        return fail(&cell->status, "bind", errno, inner, "Cannot mount %.256s", op->word[0]);
    /* where the place is shared, what is put there is so by now */
    if ((op->flags & (FLAG_PRIVATE | FLAG_UNBINDABLE)) != 0 && set_propagation(op->fd, op->flags) < 0)
        return fail(&cell->status, "bind", errno, inner, "Cannot keep the mount from being shared");
    return (op->flags & FLAGS_PROPAGATION) != 0 ? 0 : share_mount(cell, op->fd, inner);
}

/* mount TYPE SOURCE INNER FLAGS DATA */

int take_mount(struct cell *cell, struct op *op) {
    return take_flags(cell, op, op->word[3]);
}

int set_options(int filesystem, const char *data) {
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

static int configure(int filesystem, const char *source, const char *data) {
    if (*source != '\0' && strcmp(source, "-") != 0 && sys_fsconfig(filesystem, FS_SET_STRING, "source", source, 0) < 0)
        return -1;
    return set_options(filesystem, data);
}

int make_filesystem(const char *type, const char *source, const char *data, unsigned attributes) {
    cleanup_fd int filesystem = sys_fsopen(type);
    if (filesystem < 0 || configure(filesystem, source, data) < 0 || sys_fsconfig(filesystem, FS_CREATE, NULL, NULL, 0) < 0)
        return -1;
    return sys_fsmount(filesystem, attributes);
}

/** Whether its files are of who mounts it: those of other kinds show the kernel, which labels them itself. */
static bool is_in_memory(const char *type) {
    return strcmp(type, "tmpfs") == 0 || strcmp(type, "ramfs") == 0;
}

int open_mount(struct cell *cell, struct op *op) {
    const char *type = op->word[0], *inner = op->word[2];
    if (op->is_open)
        return 0;
    op->is_open = true;
    op->fd = make_filesystem(type, op->word[1], op->word[4], op->flags & FLAG_ATTRIBUTES);
    if (op->fd < 0 && (op->flags & FLAG_OPTIONAL) == 0)
        return fail(&cell->status, "mount", errno, inner, "Cannot mount %.64s on %.256s", type, inner);
    if (op->fd >= 0 && is_in_memory(type) && label_root(cell, op->fd) < 0)
        return fail(&cell->status, "mount", errno, inner, "Cannot label the %.64s of %.256s", type, inner);
    return 0;
}

int open_mounts(struct cell *cell) {
    for (unsigned i = 0; i < cell->op_count; i++)
        if (cell->ops[i].kind->inside == inside_mount && open_mount(cell, &cell->ops[i]) < 0)
            return -1;
    return 0;
}

static size_t inner_length(const struct op *mount) {
    size_t length = strlen(mount->word[2]);
    while (length > 0 && mount->word[2][length - 1] == '/')
        length--;
    return length;
}

struct op *mount_above(struct cell *cell, const char *path) {
    struct op *found = NULL;
    for (unsigned i = 0; i < cell->op_count; i++) {
        struct op *op = &cell->ops[i];
        if (op->kind->inside != inside_mount)
            continue;
        size_t length = inner_length(op);
        if (strncmp(path, op->word[2], length) == 0 && path[length] == '/' && (found == NULL || length >= inner_length(found)))
            found = op;
    }
    return found;
}

int root_above(struct cell *cell, const char **path) {
    struct op *mount = mount_above(cell, *path);
    if (mount == NULL)
        return cell->container->root_fd;
    *path += inner_length(mount);
    return open_mount(cell, mount) < 0 ? -1 : mount->fd;
}

int inside_mount(struct cell *cell, struct op *op) {
    const char *type = op->word[0], *inner = op->word[2];
    if (op->fd < 0)
        return 0;
    cleanup_fd int target = make_target_in_root(cell->container->root_fd, inner, (op->flags & FLAG_FILE) == 0);
    if (target < 0)
        return fail(&cell->status, "mount", errno, inner, "Cannot make the place to mount on");
    if (attach(op->fd, target) < 0)
        return fail(&cell->status, "mount", errno, inner, "Cannot mount %.64s on %.256s", type, inner);
    return share_mount(cell, op->fd, inner);
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
    cleanup_fd int target = make_target_in_root(cell->container->root_fd, inner, 0);
    if (target < 0 || attach(op->fd, target) < 0)
        return fail(&cell->status, "dev", errno, inner, "Cannot mount the device node");
    return 0;
}

/* mask INNER, readonly INNER, cover SOURCE INNER FLAGS */

int take_cover(struct cell *cell, struct op *op) {
    return *op->word[1] == '/' ? take_flags(cell, op, op->word[2])
                               : fail(&cell->status, "cover", EINVAL, op->word[1], "Cannot cover a path that does not begin with a slash");
}

const char *covered_path(const struct op *op) {
    return op->word[op->kind->take == take_cover ? 1 : 0];
}

int take_mask(struct cell *cell, struct op *op) {
    return *op->word[0] == '/' ? 0 : fail(&cell->status, "mask", EINVAL, op->word[0], "Cannot mask a path that does not begin with a slash");
}

int take_readonly(struct cell *cell, struct op *op) {
    return *op->word[0] == '/' ? 0 : fail(&cell->status, "readonly", EINVAL, op->word[0], "Cannot make read-only a path that does not begin with a slash");
}

int open_mask(struct cell *cell) {
    /* the second inode is what the kernel counts for the label of the first */
    cleanup_fd int mask = make_filesystem("tmpfs", "-", "size=0,nr_inodes=2,mode=755", ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC);
    if (mask < 0 || label_root(cell, mask) < 0 || set_attributes(mask, ATTR_RDONLY, false) < 0)
        return fail(&cell->status, "mask", errno, NULL, "Cannot make a folder to mask others");
    return steal_fd(&mask);
}

static int cover_by_mask(struct cell *cell, const struct op *op, int target, int folder) {
    const char *inner = op->word[0];
    struct stat about;
    if (fstat(target, &about) < 0)
        return fail(&cell->status, "mask", errno, inner, "Cannot examine the path to mask");
    cleanup_fd int mask = S_ISDIR(about.st_mode)
                              ? sys_open_tree(folder, "", AT_EMPTY_PATH | TREE_CLONE | TREE_CLOEXEC)
                              : sys_open_tree(AT_FDCWD, "/dev/null", TREE_CLONE | TREE_CLOEXEC); /* our root still is the host's */
    if (mask < 0 || attach(mask, target) < 0)
        return fail(&cell->status, "mask", errno, inner, "Cannot mask the path");
    return 0;
}

static int cover_read_only(struct cell *cell, const struct op *op, int target) {
    cleanup_fd int tree = sys_open_tree(target, "", AT_EMPTY_PATH | TREE_CLONE | TREE_CLOEXEC | TREE_RECURSIVE);
    if (tree < 0 || set_attributes(tree, ATTR_RDONLY, true) < 0 || attach(tree, target) < 0)
        return fail(&cell->status, "readonly", errno, op->word[0], "Cannot make the path read-only");
    return 0;
}

/** What is not there on the host covers nothing. */
static int cover_by_source(struct cell *cell, const struct op *op, int target) {
    if (op->fd >= 0 && attach(op->fd, target) < 0)
        return fail(&cell->status, "cover", errno, op->word[1], "Cannot cover the path");
    return 0;
}

int cover(struct cell *cell, const struct op *op, int root, const char *path, int mask) {
    cleanup_fd int target = open_in_root(root, path, O_PATH, 0);
    if (target < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (target < 0)
        return fail(&cell->status, op->kind->name, errno, covered_path(op), "Cannot open the path to cover");
    if (op->kind->take == take_cover)
        return cover_by_source(cell, op, target);
    return op->kind->take == take_mask ? cover_by_mask(cell, op, target, mask) : cover_read_only(cell, op, target);
}
