/* See label.h. */
#include "security/label.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "wire/ops.h"

/* the kernel takes a page, the verb included */
enum { LABEL_MAX = 4000 };

int take_apparmor(struct cell *cell, struct op *op) {
    size_t length = strlen(op->word[0]);
    if (length == 0 || length > LABEL_MAX)
        return fail(&cell->status, "apparmor", EINVAL, NULL, "Cannot use an AppArmor profile whose name has %zu bytes", length);
    cell->label->profile = op->word[0];
    return 0;
}

static int cannot(struct cell *cell, int error) {
    return fail(&cell->status, "apparmor", error, NULL, "Cannot take the AppArmor profile \"%.200s\"", cell->label->profile);
}

int open_label(struct cell *cell) {
    if (cell->label->profile == NULL)
        return 0;
    /* AppArmor's own folder: the files above it may be those of another security module */
    cell->label->fd = open(cell->label->at_exec ? "/proc/self/attr/apparmor/exec" : "/proc/self/attr/apparmor/current", O_WRONLY | O_CLOEXEC);
    return cell->label->fd < 0 ? cannot(cell, errno) : 0;
}

int wear_label(struct cell *cell) {
    if (cell->label->profile == NULL)
        return 0;
    char words[LABEL_MAX + 32];
    int size = snprintf(words, sizeof words, "%s %s", cell->label->at_exec ? "exec" : "changeprofile", cell->label->profile);
    /* in one piece: each write is a request of its own */
    ssize_t written = write(cell->label->fd, words, (size_t)size);
    int error = written < 0 ? errno : EIO;
    close_now(&cell->label->fd);
    return written == size ? 0 : cannot(cell, error);
}
