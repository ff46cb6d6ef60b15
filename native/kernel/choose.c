/* See choose.h. */
#include "kernel/choose.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/util.h"
#include "kernel/container.h"
#include "kernel/inroot.h"
#include "kernel/tables.h"
#include "wire/ops.h"

/* names of libraries lie among the first pages of a program */
enum { LOOKED_AT = 64 * 1024 };

int take_choose(struct cell *cell, struct op *op) {
    uint64_t least;
    if (*op->word[0] != '/' || *op->word[1] == '\0' || !parse_number(op->word[2], UINT32_MAX, &least))
        return fail(&cell->status, "choose", EINVAL, op->word[0], "Cannot look for \"%.64s\" and a number of at least \"%.64s\"", op->word[1], op->word[2]);
    return 0;
}

bool names_number(const char *bytes, size_t size, const char *word, uint64_t least) {
    size_t length = strlen(word);
    const char *end = bytes + size, *found;
    while ((found = memmem(bytes, (size_t)(end - bytes), word, length)) != NULL) {
        uint64_t number = 0;
        for (bytes = found + length; bytes < end && *bytes >= '0' && *bytes <= '9' && number <= UINT32_MAX; bytes++)
            number = number * 10 + (uint64_t)(*bytes - '0');
        if (bytes > found + length && number >= least)
            return true;
    }
    return false;
}

/** A plain file alone: to open a device or a pipe of a guest may do something, or wait. @returns a descriptor, or -1 with errno */
static int open_plain_file(int root_fd, const char *inner) {
    struct stat about;
    cleanup_fd int place = open_in_root(root_fd, inner, O_PATH, 0);
    if (place < 0 || fstat(place, &about) < 0)
        return -1;
    if (!S_ISREG(about.st_mode)) {
        errno = EINVAL;
        return -1;
    }
    return open_in_root(root_fd, inner, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
}

/** What cannot be read says nothing: whoever executes it next tells why. */
static bool is_chosen(struct cell *cell, const struct op *op) {
    uint64_t least = 0;
    cleanup_fd int file = open_plain_file(cell->container->root_fd, op->word[0]);
    cleanup_free char *bytes = file < 0 ? NULL : malloc(LOOKED_AT);
    ssize_t size = bytes == NULL ? -1 : read(file, bytes, LOOKED_AT);
    return size > 0 && parse_number(op->word[2], UINT32_MAX, &least) && names_number(bytes, (size_t)size, op->word[1], least);
}

int choose_mounts(struct cell *cell) {
    bool chosen = false;
    for (unsigned i = 0; i < cell->op_count; i++)
        if (cell->ops[i].kind->take == take_choose)
            chosen = is_chosen(cell, &cell->ops[i]);
    for (unsigned i = 0; i < cell->op_count; i++) {
        struct op *op = &cell->ops[i];
        if (op->kind->take == take_choose || (op->flags & (chosen ? FLAG_UNCHOSEN : FLAG_CHOSEN)) == 0)
            continue;
        /* and has no file system, as an optional one that could not be made */
        op->is_open = true;
        close_now(&op->fd);
    }
    return 0;
}
