/* See request.h. */
#include "wire/request.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "wire/ops.h"

static const struct {
    const char *name;
    enum verb verb;
} verbs[] = {
    {"await", VERB_AWAIT}, {"end", VERB_END}, {"exec", VERB_EXEC}, {"file", VERB_FILE}, {"guest-api", VERB_GUEST_API}, {"net-state", VERB_NET_STATE}, {"peers", VERB_PEERS}, {"plug", VERB_PLUG}, {"project", VERB_PROJECT}, {"proxy", VERB_PROXY}, {"remove", VERB_REMOVE}, {"run", VERB_RUN}, {"sftp", VERB_SFTP}, {"start", VERB_START},
};

void cell_begin(struct cell *cell, int conn) {
    *cell = (struct cell){
        .conn = conn,
        .control_fd = -1,
        .socket_fd = -1,
        .userns_fd = -1,
        .root_fd = -1,
        .cgroup_fd = -1,
        .proc_fds = -1,
        .null_fd = -1,
        .peer = -1,
        .mask_fd = -1,
        .init_fd = -1,
        .target_fd = -1,
        .console_master = -1,
        .console_slave = -1,
    };
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
    cell->request = must_alloc(size + 1);
    if (read_all(cell->conn, cell->request, size) < 0)
        return fail(&cell->status, "frame", errno, NULL, "Cannot read the request");
    return parse_request(cell, size);
}

static int split_words(struct cell *cell, size_t size, size_t *count) {
    if (cell->request[size - 1] != '\0')
        return fail(&cell->status, "frame", EPROTO, NULL, "Cannot parse the request: its last word is not ended");
    *count = 0;
    for (size_t at = 0; at < size; at++)
        *count += cell->request[at] == '\0';
    if (*count > REQUEST_WORDS_MAX)
        return fail(&cell->status, "frame", EMSGSIZE, NULL, "Cannot accept a request of %zu words", *count);
    cell->words = must_alloc((*count + 1) * sizeof *cell->words);
    char *word = cell->request;
    for (size_t i = 0; i < *count; i++) {
        cell->words[i] = word;
        word += strlen(word) + 1;
    }
    return 0;
}

int parse_request(struct cell *cell, size_t size) {
    size_t count = 0;
    if (split_words(cell, size, &count) < 0)
        return -1;
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        if (strcmp(verbs[i].name, cell->words[0]) == 0)
            cell->verb = verbs[i].verb;
    if (cell->verb == 0)
        return fail(&cell->status, "frame", EPROTO, NULL, "Cannot serve the verb \"%.64s\": it is not known", cell->words[0]);

    /* no operation is shorter than a word, so this is room for every case */
    cell->ops = must_alloc(count * sizeof *cell->ops);
    cell->argv = must_alloc((count + 1) * sizeof *cell->argv);
    cell->envp = must_alloc((count + 1) * sizeof *cell->envp);
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

void release_request(struct cell *cell) {
    free(cell->request);
    free(cell->words);
    free(cell->ops);
    free(cell->argv);
    free(cell->envp);
    free(cell->filter);
    cell->request = NULL;
    cell->words = cell->argv = cell->envp = NULL;
    cell->ops = NULL;
    cell->filter = NULL;
    cell->op_count = 0;
    cell->name = cell->control = cell->cwd = cell->home = NULL;
    cell->root = (struct root_source){.kind = ROOT_NONE};
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
