/* See label.h. */
#include "security/label.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/util.h"
#include "kernel/container.h"
#include "wire/ops.h"

/* the kernel takes a page, the verb included */
enum { LABEL_MAX = 4000 };

static int take_label(struct cell *cell, struct op *op, bool is_context) {
    size_t length = strlen(op->word[0]);
    if (length == 0 || length > LABEL_MAX)
        return fail(&cell->status, op->kind->name, EINVAL, NULL, "Cannot use a label of %zu bytes", length);
    if (cell->label->text != NULL)
        return fail(&cell->status, op->kind->name, EINVAL, NULL, "Cannot use more than one label");
    cell->label->text = op->word[0];
    cell->label->is_context = is_context;
    return 0;
}

int take_apparmor(struct cell *cell, struct op *op) {
    return take_label(cell, op, false);
}

int take_selinux(struct cell *cell, struct op *op) {
    return take_label(cell, op, true);
}

int take_selinux_files(struct cell *cell, struct op *op) {
    for (int i = 0; i < 3; i++)
        if (*op->word[i] == '\0' || strchr(op->word[i], ',') != NULL)
            return fail(&cell->status, "selinux-files", EINVAL, NULL, "Cannot use the context \"%.128s\" for files", op->word[i]);
    cell->container->contexts = (struct contexts){.files = op->word[0], .devices = op->word[1], .terminals = op->word[2]};
    return 0;
}

static int cannot(struct cell *cell, int error) {
    const struct label *label = cell->label;
    return fail(&cell->status, label->is_context ? "selinux" : "apparmor", error, NULL, "Cannot take the %s \"%.200s\"",
                label->is_context ? "SELinux context" : "AppArmor profile", label->text);
}

/** AppArmor has a folder of its own: the files above it may be those of another security module. SELinux, where it is on, has those. */
static const char *place_of(const struct label *label) {
    if (label->is_context)
        return label->at_exec ? "/proc/self/attr/exec" : "/proc/self/attr/current";
    return label->at_exec ? "/proc/self/attr/apparmor/exec" : "/proc/self/attr/apparmor/current";
}

int open_label(struct cell *cell) {
    if (cell->label->text == NULL)
        return 0;
    cell->label->fd = open(place_of(cell->label), O_WRONLY | O_CLOEXEC);
    return cell->label->fd < 0 ? cannot(cell, errno) : 0;
}

int wear_label(struct cell *cell) {
    const struct label *label = cell->label;
    if (label->text == NULL)
        return 0;
    char words[LABEL_MAX + 32];
    const char *verb = label->is_context ? "" : label->at_exec ? "exec " : "changeprofile ";
    int size = snprintf(words, sizeof words, "%s%s", verb, label->text);
    /* in one piece: each write is a request of its own */
    ssize_t written = write(label->fd, words, (size_t)size);
    int error = written < 0 ? errno : EIO;
    close_now(&cell->label->fd);
    return written == size ? 0 : cannot(cell, error);
}

int label_root(const struct cell *cell, int mount_fd) {
    const char *context = cell->container->contexts.files;
    if (context == NULL)
        return 0;
    cleanup_fd int root = openat(mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return root < 0 ? -1 : fsetxattr(root, CONTEXT_ATTRIBUTE, context, strlen(context) + 1, 0);
}
