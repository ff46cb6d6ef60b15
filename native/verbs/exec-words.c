/* What only the operations of exec say: where its standard streams lead. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "verbs/exec.h"
#include "wire/ops.h"

int take_tty(struct cell *cell, struct op *op) {
    uint64_t width, height;
    if (!parse_number(op->word[0], UINT16_MAX, &width) || !parse_number(op->word[1], UINT16_MAX, &height))
        return fail(&cell->status, "tty", EINVAL, NULL, "Cannot make a terminal of %.16s columns and %.16s rows", op->word[0], op->word[1]);
    exec_of(cell)->stdio.has_tty = true;
    exec_of(cell)->stdio.width = (uint16_t)width;
    exec_of(cell)->stdio.height = (uint16_t)height;
    return 0;
}

/** file:MAXBYTES:PATH */
static bool take_file_stream(struct stream *stream, char *word) {
    char *path = strncmp(word, "file:", 5) == 0 ? strchr(word + 5, ':') : NULL;
    if (path == NULL || path[1] == '\0')
        return false;
    *path = '\0';
    *stream = (struct stream){.kind = STREAM_FILE, .path = path + 1};
    return parse_number(word + 5, INT64_MAX, &stream->max);
}

int take_stream(struct cell *cell, struct op *op) {
    static const char *const names[] = {"stdin", "stdout", "stderr"};
    for (size_t fd = 0; fd < COUNT_OF(names); fd++) {
        if (strcmp(op->kind->name, names[fd]) != 0)
            continue;
        struct stream *stream = &exec_of(cell)->stdio.stream[fd];
        if (strcmp(op->word[0], "pipe") == 0)
            *stream = (struct stream){.kind = STREAM_PIPE};
        else if (strcmp(op->word[0], "null") == 0)
            *stream = (struct stream){.kind = STREAM_NULL};
        else if (fd == 0 || !take_file_stream(stream, op->word[0]))
            return fail(&cell->status, op->kind->name, EINVAL, NULL, "Cannot connect %s to \"%.64s\"", op->kind->name, op->word[0]);
    }
    return 0;
}
