/* Device nodes of the host for a container: node TYPE MAJOR MINOR MODE UID GID INNER, and unnode INNER. */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/child.h"
#include "base/sys.h"
#include "base/util.h"
#include "kernel/container.h"
#include "kernel/inroot.h"
#include "kernel/mounts.h"
#include "kernel/userns.h"
#include "security/label.h"
#include "wire/ops.h"

/* a folder that every host has; in the private mount namespace of the child nobody needs what it covers */
#define NODE_FOLDER "/proc"
#define NODE_PATH NODE_FOLDER "/node"

enum { TYPE, MAJOR, MINOR, MODE, OWNER, GROUP, INNER };

struct node {
    mode_t mode;
    dev_t device;
    uint32_t uid, gid;
};

static bool read_node(const struct op *op, struct node *node) {
    uint64_t major_number, minor_number, uid, gid;
    unsigned mode;
    bool is_char = strcmp(op->word[TYPE], "c") == 0;
    if ((!is_char && strcmp(op->word[TYPE], "b") != 0) || !parse_number(op->word[MAJOR], 0xfff, &major_number) ||
        !parse_number(op->word[MINOR], 0xfffff, &minor_number) || !parse_octal(op->word[MODE], 07777, &mode) ||
        !parse_number(op->word[OWNER], UINT32_MAX - 1, &uid) || !parse_number(op->word[GROUP], UINT32_MAX - 1, &gid))
        return false;
    *node = (struct node){
        .mode = (is_char ? S_IFCHR : S_IFBLK) | (mode & 0777),
        .device = makedev((unsigned)major_number, (unsigned)minor_number),
        .uid = (uint32_t)uid,
        .gid = (uint32_t)gid,
    };
    return true;
}

int take_node(struct cell *cell, struct op *op) {
    struct node node;
    if (!read_node(op, &node))
        return fail(&cell->status, "node", EINVAL, op->word[INNER], "Cannot make the device node \"%.8s %.16s:%.16s\"", op->word[TYPE], op->word[MAJOR],
                    op->word[MINOR]);
    return 0;
}

/* A child in a mount namespace of its own, with our memory and descriptors. */

struct making {
    struct cell *cell;
    struct op *op;
    struct node node;
};

/** A file system of our own: that of the state folder may take no device nodes. */
static int make_node(void *context) {
    const struct making *making = context;
    const struct node *node = &making->node;
    cleanup_fd int folder = -1;
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        (folder = make_filesystem("tmpfs", "-", "mode=700,size=4k,nr_inodes=4", ATTR_NOSUID | ATTR_NOEXEC)) < 0 ||
        sys_move_mount(folder, "", AT_FDCWD, NODE_FOLDER, MOVE_FROM_EMPTY) < 0)
        return fail(&making->cell->status, "node", errno, NULL, "Cannot make a place for the device node");
    if (mknod(NODE_PATH, node->mode, node->device) < 0 || chown(NODE_PATH, node->uid, node->gid) < 0 || chmod(NODE_PATH, node->mode & 0777) < 0)
        return fail(&making->cell->status, "node", errno, making->op->word[INNER], "Cannot make the device node");
    const char *label = making->cell->container->contexts.devices;
    if (label != NULL && setxattr(NODE_PATH, CONTEXT_ATTRIBUTE, label, strlen(label) + 1, 0) < 0)
        return fail(&making->cell->status, "node", errno, making->op->word[INNER], "Cannot label the device node");
    making->op->fd = sys_open_tree(AT_FDCWD, NODE_PATH, TREE_CLONE | TREE_CLOEXEC);
    if (making->op->fd < 0)
        return fail(&making->cell->status, "node", errno, making->op->word[INNER], "Cannot hold the device node");
    return 0;
}

int host_node(struct cell *cell, struct op *op) {
    struct making making = {.cell = cell, .op = op};
    struct node *node = &making.node;
    if (!read_node(op, node))
        return take_node(cell, op);
    if (has_user_namespace(cell) &&
        (!map_id(&cell->container->uids, node->uid, &node->uid) || !map_id(&cell->container->gids, node->gid, &node->gid)))
        return fail(&cell->status, "node", EINVAL, op->word[INNER], "Cannot give the device node to %.16s:%.16s: the container has no such ids", op->word[OWNER],
                    op->word[GROUP]);
    pid_t child = lend_child(make_node, &making, CLONE_VM | CLONE_FILES);
    if (child < 0)
        return fail(&cell->status, "node", errno, NULL, "Cannot fork");
    reap_child(child);
    return op->fd < 0 ? -1 : 0;
}

/* The container's root in its namespaces. */

int inside_node(struct cell *cell, struct op *op) {
    const char *inner = op->word[INNER];
    cleanup_fd int target = make_target_in_root(cell->container->root_fd, inner, 0);
    if (target < 0)
        return fail(&cell->status, "node", errno, inner, "Cannot make the place of the device node");
    if (attach(op->fd, target) < 0)
        return fail(&cell->status, "node", errno, inner, "Cannot put the device node there");
    return 0;
}

int inside_unnode(struct cell *cell, struct op *op) {
    char last[NAME_MAX + 1];
    const char *inner = op->word[0];
    struct stat place;
    cleanup_fd int parent = open_parent_in_root(cell->container->root_fd, inner, last);
    if (parent < 0 && errno == ENOENT)
        return 0;
    if (parent < 0 || fchdir(parent) < 0)
        return fail(&cell->status, "unnode", errno, inner, "Cannot open the folder of the device node");
    /* EINVAL: the guest has unmounted it itself */
    if (umount2(last, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != ENOENT && errno != EINVAL)
        return fail(&cell->status, "unnode", errno, inner, "Cannot take the device node away");
    /* the empty file that it was put on */
    if (lstat(last, &place) == 0 && S_ISREG(place.st_mode) && place.st_size == 0)
        unlink(last);
    return 0;
}
