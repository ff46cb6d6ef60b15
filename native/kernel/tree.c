/* Folders and symlinks that a container's root needs. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/util.h"
#include "kernel/container.h"
#include "kernel/inroot.h"
#include "wire/ops.h"

int take_mkdir(struct cell *cell, struct op *op) {
    if (!parse_octal(op->word[1], 07777, &op->flags))
        return fail(&cell->status, "mkdir", EINVAL, op->word[0], "Cannot make a folder of mode \"%.64s\"", op->word[1]);
    return 0;
}

int inside_mkdir(struct cell *cell, struct op *op) {
    cleanup_fd int folder = make_folder_in_root(cell->container->root_fd, op->word[0], op->flags);
    if (folder < 0)
        return fail(&cell->status, "mkdir", errno, op->word[0], "Cannot make the folder");
    /* mkdirat left out what the umask forbids; an O_PATH descriptor cannot be given a mode, its "." can */
    if (fchmodat(folder, ".", op->flags, 0) < 0)
        return fail(&cell->status, "mkdir", errno, op->word[0], "Cannot set the mode of the folder");
    return 0;
}

int inside_symlink(struct cell *cell, struct op *op) {
    const char *target = op->word[0], *inner = op->word[1];
    char last[NAME_MAX + 1], present[PATH_MAX];
    cleanup_fd int parent = make_parent_in_root(cell->container->root_fd, inner, last);
    if (parent < 0)
        return fail(&cell->status, "symlink", errno, inner, "Cannot open the folder of the symlink");
    if (symlinkat(target, parent, last) == 0)
        return 0;
    int error = errno;
    ssize_t length = readlinkat(parent, last, present, sizeof present - 1);
    if (error == EEXIST && length >= 0) {
        present[length] = '\0';
        if (strcmp(present, target) == 0)
            return 0;
    }
    return fail(&cell->status, "symlink", error, inner, "Cannot make the symlink");
}
