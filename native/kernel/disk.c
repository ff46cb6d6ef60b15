/* A disk of the host's: a path that must lie beneath a folder, or the file system of a block device (docs/kernel.md, Disks of the host). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/sys.h"
#include "base/util.h"
#include "kernel/mounts.h"
#include "kernel/rootfs.h"
#include "kernel/tables.h"
#include "wire/ops.h"

/* disk SOURCE INNER FLAGS PREFIX TYPE OPTIONS */

static const char *source_of(const struct op *op) { return op->word[0]; }
static const char *prefix_of(const struct op *op) { return op->word[3]; }
static const char *type_of(const struct op *op) { return op->word[4]; }

/** @returns the source as seen from its prefix, or NULL when it does not begin with it */
static const char *below_prefix(const struct op *op) {
    const char *source = source_of(op);
    size_t length = strlen(prefix_of(op));
    while (length > 0 && prefix_of(op)[length - 1] == '/')
        length--;
    if (strncmp(source, prefix_of(op), length) != 0 || (source[length] != '/' && source[length] != '\0'))
        return NULL;
    source += length;
    while (*source == '/')
        source++;
    return *source != '\0' ? source : ".";
}

int take_disk(struct cell *cell, struct op *op) {
    if (take_flags(cell, op, op->word[2]) < 0)
        return -1;
    if (*source_of(op) != '/' || (*prefix_of(op) != '\0' && (*prefix_of(op) != '/' || below_prefix(op) == NULL)))
        return fail(&cell->status, "disk", EINVAL, source_of(op), "Cannot take a source that is no absolute path below its prefix");
    return 0;
}

/** The kernel answers EAGAIN when a rename anywhere made it unsure about ".."; a few tries are enough in practice. */
static int open_resolved(int folder, const char *path, uint64_t resolve) {
    struct sys_open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = resolve};
    int fd = -1;
    for (int tries = 0; tries < 64; tries++) {
        fd = sys_openat2(folder, path, &how);
        if (fd >= 0 || errno != EAGAIN)
            break;
    }
    return fd;
}

/**
 * Who owns what is in the prefix may put a symlink in the place of anything there at any time, so the source is opened once, by the kernel, and never by
 * name again. The prefix itself may have no symlink in it: one that somebody else owns would lead everything elsewhere.
 */
static int open_beneath(struct cell *cell, const struct op *op) {
    cleanup_fd int prefix = open_resolved(AT_FDCWD, prefix_of(op), SYS_RESOLVE_NO_SYMLINKS);
    if (prefix < 0 && errno == ENOENT && (op->flags & FLAG_OPTIONAL) != 0)
        return -1;
    if (prefix < 0)
        return fail(&cell->status, "disk-prefix", errno, prefix_of(op), "Cannot open the folder that the source must lie in");
    int source = open_resolved(prefix, below_prefix(op), SYS_RESOLVE_BENEATH | SYS_RESOLVE_NO_MAGICLINKS);
    if (source < 0 && errno == ENOENT && (op->flags & FLAG_OPTIONAL) != 0)
        return -1;
    if (source < 0 && errno == EXDEV)
        return fail(&cell->status, "disk", EXDEV, source_of(op),
                    "Cannot open the source: Source path \"%.256s\" resolves outside of restricted parent source path \"%.256s\"", source_of(op), prefix_of(op));
    return source < 0 ? fail(&cell->status, "disk", errno, source_of(op), "Cannot open the source beneath \"%.256s\"", prefix_of(op)) : source;
}

static int open_source(struct cell *cell, const struct op *op) {
    if (*prefix_of(op) != '\0')
        return open_beneath(cell, op);
    int source = open(source_of(op), O_PATH | O_CLOEXEC);
    if (source < 0 && (errno != ENOENT || (op->flags & FLAG_OPTIONAL) == 0))
        return fail(&cell->status, "disk", errno, source_of(op), "Cannot open the source");
    return source;
}

/** What the file system itself says of an error, such as an option that it does not know. */
static void read_complaint(int filesystem, char *said, size_t room) {
    ssize_t length;
    *said = '\0';
    while ((length = read(filesystem, said, room - 1)) > 0) {
        said[length] = '\0';
        said[strcspn(said, "\n")] = '\0';
        if (strncmp(said, "e ", 2) == 0) {
            memmove(said, said + 2, strlen(said + 2) + 1);
            return;
        }
    }
    *said = '\0';
}

static int make_superblock(const struct op *op, const char *device, bool readonly, char *said, size_t room) {
    cleanup_fd int filesystem = sys_fsopen(type_of(op));
    *said = '\0';
    if (filesystem < 0)
        return -1;
    if (sys_fsconfig(filesystem, FS_SET_STRING, "source", device, 0) < 0 || (readonly && sys_fsconfig(filesystem, FS_SET_FLAG, "ro", NULL, 0) < 0) ||
        set_options(filesystem, op->word[5]) < 0 || sys_fsconfig(filesystem, FS_CREATE, NULL, NULL, 0) < 0) {
        int error = errno;
        read_complaint(filesystem, said, room);
        errno = error;
        return -1;
    }
    return sys_fsmount(filesystem, op->flags & FLAG_ATTRIBUTES);
}

/** @param source keeps the device that was judged: its name may be another's by now */
static int mount_device(struct cell *cell, const struct op *op, int source) {
    char device[32], said[256];
    snprintf(device, sizeof device, "/proc/self/fd/%d", source);
    const char *name = *prefix_of(op) != '\0' ? device : source_of(op);
    bool readonly = (op->flags & ATTR_RDONLY) != 0;
    int tree = make_superblock(op, name, readonly, said, sizeof said);
    /* somebody else has it mounted for writing: the file system is one for all of them, this mount of it is read-only all the same */
    if (tree < 0 && errno == EBUSY && readonly)
        tree = make_superblock(op, name, false, said, sizeof said);
    if (tree < 0)
        return fail(&cell->status, "disk", errno, source_of(op), "Cannot mount its file system (%.32s)%s%s", type_of(op), *said != '\0' ? ": " : "", said);
    return tree;
}

int host_disk(struct cell *cell, struct op *op) {
    cleanup_fd int source = open_source(cell, op);
    if (source < 0)
        return cell->status.error != NULL ? -1 : 0;
    bool recursive = (op->flags & FLAG_RECURSIVE) != 0;
    cleanup_fd int tree = *type_of(op) != '\0' ? mount_device(cell, op, source)
                                               : sys_open_tree(source, "", AT_EMPTY_PATH | TREE_CLONE | TREE_CLOEXEC | (recursive ? TREE_RECURSIVE : 0));
    if (tree < 0)
        return fail(&cell->status, "disk", errno, source_of(op), "Cannot take the source as a mount");
    return finish_tree(cell, op, &tree);
}
