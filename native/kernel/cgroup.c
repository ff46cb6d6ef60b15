/* See cgroup.h. */
#include "kernel/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/child.h"
#include "base/util.h"
#include "kernel/cgroup-end.h"
#include "kernel/container.h"
#include "kernel/userns.h"
#include "wire/ops.h"

#define LEAF_GROUP ".bothy"

static void remember_made(struct groups *groups, const char *path) {
    char **grown = realloc(groups->made, (groups->made_count + 1) * sizeof *grown);
    char *copy = strdup(path);
    if (grown == NULL || copy == NULL)
        abort();
    grown[groups->made_count++] = copy;
    groups->made = grown;
}

int host_cgroup_make(struct cell *cell, struct op *op) {
    const char *path = op->word[0];
    int result = mkdir(path, 0755);
    /* one that is left from a supervisor that was killed would carry its old limits */
    if (result < 0 && errno == EEXIST && rmdir(path) == 0)
        result = mkdir(path, 0755);
    if (result < 0 && (errno == EEXIST || errno == EBUSY || errno == ENOTEMPTY) && end_groups(&path, 1) == 0)
        result = mkdir(path, 0755);
    if (result < 0)
        return fail(&cell->status, "cgroup-make", errno, path, "Cannot make the control group");
    remember_made(cell->groups, path);
    return 0;
}

int host_cgroup_write(struct cell *cell, struct op *op) {
    if (write_control_file(AT_FDCWD, op->word[0], op->word[1]) < 0)
        return fail(&cell->status, "cgroup-write", errno, op->word[0], "Cannot write \"%.128s\" to the control file", op->word[1]);
    return 0;
}

int host_cgroup_own(struct cell *cell, struct op *op) {
    static const char *const files[] = {".", "cgroup.procs", "tasks", "cgroup.threads", "cgroup.subtree_control"};
    const char *path = op->word[0];
    uint32_t uid = 0, gid = 0;
    if (has_user_namespace(cell) && (!map_id(&cell->container->uids, 0, &uid) || !map_id(&cell->container->gids, 0, &gid)))
        return fail(&cell->status, "cgroup-own", EINVAL, path, "Cannot give the control group to a root that is not mapped");
    cleanup_fd int group = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (group < 0)
        return fail(&cell->status, "cgroup-own", errno, path, "Cannot open the control group");
    for (size_t i = 0; i < COUNT_OF(files); i++)
        if (fchownat(group, files[i], uid, gid, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
            return fail(&cell->status, "cgroup-own", errno, path, "Cannot give %s of the control group away", files[i]);
    return 0;
}

int host_cgroup_join(struct cell *cell, struct op *op) {
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/tasks", op->word[0]);
    if (length < 0 || (size_t)length >= sizeof path)
        return fail(&cell->status, "cgroup-join", ENAMETOOLONG, op->word[0], "Cannot open the control group");
    op->fd = open(path, O_WRONLY | O_CLOEXEC);
    if (op->fd < 0)
        return fail(&cell->status, "cgroup-join", errno, op->word[0], "Cannot open the control group");
    return 0;
}

int host_cgroup_into(struct cell *cell, struct op *op) {
    cell->groups->into = open(op->word[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (cell->groups->into < 0)
        return fail(&cell->status, "cgroup-into", errno, op->word[0], "Cannot open the control group");
    return 0;
}

int join_groups(struct cell *cell) {
    for (unsigned i = 0; i < cell->op_count; i++) {
        struct op *op = &cell->ops[i];
        if (op->kind->host != host_cgroup_join)
            continue;
        if (write_all(op->fd, "0", 1) < 0)
            return fail(&cell->status, "cgroup-join", errno, op->word[0], "Cannot join the control group");
        close_now(&op->fd);
    }
    return 0;
}

/** By a child that becomes the container's root, so that the guest owns it like the groups of its own. */
static int make_leaf_group(void *context) {
    const struct cell *cell = context;
    bool good = !has_user_namespace(cell) || become_inner_root() == 0;
    return good && (mkdirat(cell->groups->into, LEAF_GROUP, 0755) == 0 || errno == EEXIST) ? 0 : 1;
}

int use_leaf_group(struct cell *cell) {
    if (run_apart(make_leaf_group, cell) != 0) {
        errno = EBUSY;
        return -1;
    }
    int leaf = openat(cell->groups->into, LEAF_GROUP, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (leaf < 0)
        return -1;
    close(cell->groups->into);
    cell->groups->into = leaf;
    return 0;
}
