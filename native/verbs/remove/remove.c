/* See remove.h. */
#include "verbs/remove/remove.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/json.h"
#include "base/phase.h"
#include "base/util.h"
#include "verbs/remove/removal.h"
#include "wire/ops.h"
#include "wire/request.h"

static int answer(int fd, const struct removal *removal) {
    struct json json = {.fd = fd};
    json_raw(&json, "{");
    json_number_field(&json, "removed", removal->removed);
    json_number_field(&json, "left", removal->left);
    json_key(&json, "first");
    json_raw(&json, "[");
    for (size_t i = 0; i < removal->left && i < REMOVAL_TOLD; i++) {
        json_raw(&json, i > 0 ? ",{" : "{");
        json_string_field(&json, "path", removal->told[i].path);
        json_string_field(&json, "errno", errno_name(removal->told[i].error));
        json_raw(&json, "}");
    }
    json_raw(&json, "]}");
    return json_finish(&json);
}

static bool names_tree(const char *path) {
    const char *slash = strrchr(path, '/');
    return path[0] == '/' && slash[1] != '\0' && strlen(slash + 1) <= NAME_MAX && strcmp(slash + 1, ".") != 0 && strcmp(slash + 1, "..") != 0;
}

/** @param conn where the caller may hang up, or -1 @param output where the answer goes */
static int remove_path(struct status *status, char *path, int conn, int output) {
    struct removal removal = {0};
    /* the folder that the tree is in is the host's own */
    char *slash = strrchr(path, '/');
    *slash = '\0';
    cleanup_fd int folder = open(slash == path ? "/" : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *slash = '/';
    if (folder < 0 && errno != ENOENT)
        return fail(status, "tree", errno, path, "Cannot open the folder that the tree is in");
    if (folder >= 0 && remove_named(folder, slash + 1, conn, &removal) < 0)
        return fail(status, "tree", errno, path, "Cannot remove the tree: somebody moves folders in it, or too much of it cannot be removed");
    return answer(output, &removal);
}

struct remove_request {
    char *tree;
};

void begin_remove(struct cell *cell, size_t room) {
    (void)room;
    cell->own = request_memory(cell, sizeof(struct remove_request));
}

static struct remove_request *request_of(const struct cell *cell) {
    return cell->own;
}

int take_tree(struct cell *cell, struct op *op) {
    if (!names_tree(op->word[0]))
        return fail(&cell->status, "tree", EINVAL, op->word[0], "Cannot remove a tree that has no absolute path and name");
    request_of(cell)->tree = op->word[0];
    return 0;
}

static int check_request(struct cell *cell) {
    if (request_of(cell)->tree == NULL)
        return fail(&cell->status, "remove", EINVAL, NULL, "Cannot tell what to remove: the tree is missing");
    return 0;
}

static int remove_tree(struct cell *cell) {
    return remove_path(&cell->status, request_of(cell)->tree, cell->conn, cell->conn);
}

static const struct phase phases[] = {
    {"request", check_request},
    {"remove", remove_tree},
};

void serve_remove(struct cell *cell) {
    set_title("bothy remove", "");
    if (run_phases(cell, phases, COUNT_OF(phases)) < 0)
        answer_error(&cell->status, cell->conn);
}

int run_remove(const char *path) {
    struct status status = {.phase = "remove"};
    cleanup_free char *copy = strdup(path);
    if (copy == NULL)
        abort();
    if (!names_tree(copy))
        fail(&status, "tree", EINVAL, path, "Cannot remove a tree that has no absolute path and name");
    else if (remove_path(&status, copy, -1, STDOUT_FILENO) == 0)
        return 0;
    if (status.error != NULL)
        (void)!write(STDOUT_FILENO, status.error, strlen(status.error));
    return 1;
}
