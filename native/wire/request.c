/* See request.h. */
#include "wire/request.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "wire/ops.h"
#include "wire/serve.h"

/* A piece of the request's memory; what was asked for begins behind it. */
struct block {
    struct block *next;
    max_align_t begin[];
};

void cell_begin(struct cell *cell, int conn) {
    *cell = (struct cell){.conn = conn};
}

void *request_memory(struct cell *cell, size_t size) {
    struct block *block = must_alloc(sizeof *block + size);
    block->next = cell->memory;
    cell->memory = block;
    return block->begin;
}

void release_request(struct cell *cell) {
    struct cell rest = {.status = cell->status, .conn = cell->conn, .verb = cell->verb};
    for (struct block *block = cell->memory, *next; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    *cell = rest;
}

/** The decimal length line that begins a frame. */
static int read_length(struct cell *cell, size_t *size) {
    char digits[16] = "";
    for (size_t at = 0; at < sizeof digits - 1; at++) {
        if (read_all(cell->conn, digits + at, 1) < 0)
            return fail(&cell->status, "frame", errno, NULL, "Cannot read the length of the request");
        if (digits[at] != '\n')
            continue;
        digits[at] = '\0';
        uint64_t length;
        if (!parse_number(digits, REQUEST_SIZE_MAX, &length) || length == 0)
            return fail(&cell->status, "frame", EMSGSIZE, NULL, "Cannot accept a request of %s bytes", digits);
        *size = (size_t)length;
        return 0;
    }
    return fail(&cell->status, "frame", EPROTO, NULL, "Cannot read the length of the request");
}

int read_request(struct cell *cell) {
    size_t size = 0;
    cell->status.phase = "request";
    if (read_length(cell, &size) < 0)
        return -1;
    char *bytes = request_memory(cell, size);
    if (read_all(cell->conn, bytes, size) < 0)
        return fail(&cell->status, "frame", errno, NULL, "Cannot read the request");
    return parse_request(cell, bytes, size);
}

static int split_words(struct cell *cell, char *bytes, size_t size, size_t *count) {
    if (bytes[size - 1] != '\0')
        return fail(&cell->status, "frame", EPROTO, NULL, "Cannot parse the request: its last word is not ended");
    *count = 0;
    for (size_t at = 0; at < size; at++)
        *count += bytes[at] == '\0';
    if (*count > REQUEST_WORDS_MAX)
        return fail(&cell->status, "frame", EMSGSIZE, NULL, "Cannot accept a request of %zu words", *count);
    cell->words = request_memory(cell, (*count + 1) * sizeof *cell->words);
    char *word = bytes;
    for (size_t i = 0; i < *count; i++) {
        cell->words[i] = word;
        word += strlen(word) + 1;
    }
    return 0;
}

int parse_request(struct cell *cell, char *bytes, size_t size) {
    size_t count = 0;
    if (split_words(cell, bytes, size, &count) < 0)
        return -1;
    const struct verb_kind *verb = find_verb(cell->words[0]);
    if (verb == NULL)
        return fail(&cell->status, "frame", EPROTO, NULL, "Cannot serve the verb \"%.64s\": it is not known", cell->words[0]);
    cell->verb = verb->verb;
    if (verb->begin != NULL)
        verb->begin(cell, count);
    /* no operation is shorter than a word */
    cell->ops = request_memory(cell, count * sizeof *cell->ops);
    for (size_t at = 1; at < count;) {
        const struct op_kind *kind = find_op(cell->words[at], cell->verb);
        if (kind == NULL)
            return fail(&cell->status, "frame", EPROTO, NULL, "Cannot %s with the operation \"%.64s\": it is not known",
                        cell->words[0], cell->words[at]);
        if (count - at - 1 < kind->arguments)
            return fail(&cell->status, kind->name, EPROTO, NULL, "Cannot take the operation \"%s\": it lacks an argument", kind->name);
        struct op *op = &cell->ops[cell->op_count++];
        *op = (struct op){.kind = kind, .word = cell->words + at + 1, .fd = -1};
        if (kind->take != NULL && kind->take(cell, op) < 0)
            return -1;
        at += 1 + kind->arguments;
    }
    return 0;
}

int run_host_side(struct cell *cell) {
    for (unsigned i = 0; i < cell->op_count; i++)
        if (cell->ops[i].kind->host != NULL && cell->ops[i].kind->host(cell, &cell->ops[i]) < 0)
            return -1;
    return 0;
}

int run_inside(struct cell *cell) {
    for (unsigned i = 0; i < cell->op_count; i++) {
        struct op *op = &cell->ops[i];
        if (op->kind->inside != NULL && op->kind->inside(cell, op) < 0)
            return -1;
        close_now(&op->fd);
    }
    return 0;
}
