/* See project.h. */
#include "verbs/project.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/json.h"
#include "base/phase.h"
#include "base/util.h"
#include "kernel/quota.h"
#include "wire/ops.h"
#include "wire/request.h"

void begin_project(struct cell *cell, size_t room) {
    (void)room;
    cell->own = request_memory(cell, sizeof(struct project_request));
}

static struct project_request *request_of(const struct cell *cell) {
    return cell->own;
}

int take_folder(struct cell *cell, struct op *op) {
    if (op->word[0][0] != '/')
        return fail(&cell->status, "folder", EINVAL, op->word[0], "Cannot use a folder that has no absolute path");
    request_of(cell)->folder = op->word[0];
    return 0;
}

static int take_change(struct status *status, struct project_request *request, const char *change, const char *bytes) {
    request->change = strcmp(change, "make") == 0 ? PROJECT_MAKE : PROJECT_LIMIT;
    if (!parse_number(bytes, INT64_MAX, &request->limit))
        return fail(status, change, EINVAL, NULL, "Cannot bound a folder to \"%.64s\" bytes", bytes);
    return 0;
}

int take_project_change(struct cell *cell, struct op *op) {
    return take_change(&cell->status, request_of(cell), op->kind->name, op->word[0]);
}

static int answer(int fd, bool is_counted, const struct project *project) {
    struct json json = {.fd = fd};
    json_raw(&json, "{");
    json_bool_field(&json, "projects", is_counted);
    if (is_counted) {
        json_number_field(&json, "project", project->id);
        json_bool_field(&json, "own", project->own);
        json_number_field(&json, "used", project->used);
        json_number_field(&json, "limit", project->limit);
    }
    json_raw(&json, "}");
    return json_finish(&json);
}

static int change(struct status *status, int folder, const struct project_request *request) {
    struct project project;
    if (request->change == PROJECT_MAKE && make_project(folder, request->limit) < 0)
        return fail(status, "make", errno, request->folder, "Cannot give the folder a project");
    if (request->change != PROJECT_LIMIT)
        return 0;
    if (read_project(folder, &project) < 0)
        return fail(status, "limit", errno, request->folder, "Cannot read the project of the folder");
    if (!project.own)
        return fail(status, "limit", EINVAL, request->folder, "Cannot bound the folder: it has no project of ours");
    if (limit_project(folder, project.id, request->limit) < 0)
        return fail(status, "limit", errno, request->folder, "Cannot bound the project of the folder");
    return 0;
}

static int do_project(struct status *status, const struct project_request *request, int output) {
    struct project project = {0};
    cleanup_fd int folder = open(request->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return fail(status, "folder", errno, request->folder, "Cannot open the folder");
    const bool is_counted = has_projects(folder);
    if (!is_counted && request->change != PROJECT_ASK)
        return fail(status, "folder", EOPNOTSUPP, request->folder, "Cannot bound the folder: its file system has no project quotas, or they are not switched on");
    if (is_counted && (change(status, folder, request) < 0))
        return -1;
    if (is_counted && read_project(folder, &project) < 0)
        return fail(status, "folder", errno, request->folder, "Cannot read the project of the folder");
    return answer(output, is_counted, &project);
}

static int check_request(struct cell *cell) {
    if (request_of(cell)->folder == NULL)
        return fail(&cell->status, "project", EINVAL, NULL, "Cannot tell whose project is meant: the folder is missing");
    return 0;
}

static int serve_request(struct cell *cell) {
    return do_project(&cell->status, request_of(cell), cell->conn);
}

static const struct phase phases[] = {
    {"request", check_request},
    {"project", serve_request},
};

void serve_project(struct cell *cell) {
    set_title("bothy project", "");
    if (run_phases(cell, phases, COUNT_OF(phases)) < 0)
        answer_error(&cell->status, cell->conn);
}

int run_project(int argc, char **argv) {
    struct status status = {.phase = "project"};
    struct project_request request = {.folder = argv[0]};
    if ((argc == 1 || take_change(&status, &request, argv[1], argv[2]) == 0) && do_project(&status, &request, STDOUT_FILENO) == 0)
        return 0;
    if (status.error != NULL)
        (void)!write(STDOUT_FILENO, status.error, strlen(status.error));
    return 1;
}
