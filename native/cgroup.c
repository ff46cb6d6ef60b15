/* See cgroup.h. */
#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "ops.h"
#include "userns.h"
#include "util.h"

enum { REMOVE_TRIES = 2000 }; /* of a millisecond each */

#define LEAF_GROUP ".bothy"

static char *remember(char ***list, unsigned *count, const char *path) {
    char **grown = realloc(*list, (*count + 1) * sizeof **list);
    char *copy = strdup(path);
    if (grown == NULL || copy == NULL)
        abort();
    grown[(*count)++] = copy;
    *list = grown;
    return copy;
}

enum { THAW_DEPTH_MAX = 10000 };

/** Names of the groups in a group, each ended by NUL, an empty one last. */
static char *list_groups(int group) {
    size_t size = 1;
    char *names = must_alloc(size);
    *names = '\0';
    int copy = openat(group, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    if (list == NULL)
        return names;
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        size_t length = strlen(entry->d_name) + 1;
        names = realloc(names, size + length);
        if (names == NULL)
            abort();
        memcpy(names + size - 1, entry->d_name, length);
        size += length;
        names[size - 1] = '\0';
    }
    closedir(list);
    return names;
}

/**
 * Thaws a v1 group and all that the guest made below it: each may be frozen by itself, and what is frozen there does not die. A group of another controller
 * has no such file. Walks with one descriptor and "..", as empty_group does.
 */
static void thaw(int *here, unsigned depth) {
    if ((write_control_file(*here, "freezer.state", "THAWED") < 0 && errno == ENOENT) || depth == THAW_DEPTH_MAX)
        return;
    cleanup_free char *names = list_groups(*here);
    for (const char *name = names; *name != '\0' && *here >= 0; name += strlen(name) + 1) {
        int below = openat(*here, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below < 0)
            continue;
        close(*here);
        *here = below;
        thaw(here, depth + 1);
        int above = *here < 0 ? -1 : openat(*here, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close_now(here);
        *here = above;
    }
}

/**
 * Takes away all groups below cur, deepest first. Walks with one descriptor and "..", since a guest may nest deeper than descriptors allow.
 * @returns false when some group still has processes
 */
static bool empty_group(int top) {
    cleanup_fd int here = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    unsigned depth = 0;
    for (;;) {
        int copy = here < 0 ? -1 : openat(here, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *list = copy < 0 ? NULL : fdopendir(copy);
        if (list == NULL)
            return false;
        int below = -1;
        bool stuck = false;
        for (struct dirent *entry; (entry = readdir(list)) != NULL && below < 0;) {
            if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                continue;
            if (unlinkat(here, entry->d_name, AT_REMOVEDIR) == 0)
                continue;
            below = openat(here, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            stuck = true;
            /* a leaf that cannot be removed has processes: going down again and again would not end */
            struct stat about;
            if (below >= 0 && fstat(below, &about) == 0 && about.st_nlink <= 2)
                close_now(&below);
        }
        closedir(list);
        if (below >= 0) {
            close(here);
            here = below;
            depth++;
            continue;
        }
        if (stuck)
            return false;
        if (depth == 0)
            return true;
        int above = openat(here, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(here);
        here = above;
        depth--;
    }
}

static int remove_group(const char *path) {
    for (int tries = 0; tries < REMOVE_TRIES; tries++) {
        if (rmdir(path) == 0 || errno == ENOENT)
            return 0;
        cleanup_fd int top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (top < 0)
            return errno == ENOENT ? 0 : -1;
        if (empty_group(top) && rmdir(path) == 0)
            return 0;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    errno = EBUSY;
    return -1;
}

int host_cgroup_make(struct cell *cell, struct op *op) {
    const char *path = op->word[0];
    int result = mkdir(path, 0755);
    /* one that is left from a supervisor that was killed would carry its old limits */
    if (result < 0 && errno == EEXIST && rmdir(path) == 0)
        result = mkdir(path, 0755);
    if (result < 0 && (errno == EEXIST || errno == EBUSY || errno == ENOTEMPTY) && remove_group(path) == 0)
        result = mkdir(path, 0755);
    if (result < 0)
        return fail(&cell->status, "cgroup-make", errno, path, "Cannot make the control group");
    remember(&cell->made_groups, &cell->made_count, path);
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
    if (has_user_namespace(cell) && (!map_id(&cell->uids, 0, &uid) || !map_id(&cell->gids, 0, &gid)))
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
    op->fd = length < 0 || (size_t)length >= sizeof path ? -1 : open(path, O_WRONLY | O_CLOEXEC);
    if (op->fd < 0)
        return fail(&cell->status, "cgroup-join", errno, op->word[0], "Cannot open the control group");
    remember(&cell->joined_groups, &cell->joined_count, op->word[0]);
    return 0;
}

int host_cgroup_into(struct cell *cell, struct op *op) {
    cell->cgroup_fd = open(op->word[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (cell->cgroup_fd < 0)
        return fail(&cell->status, "cgroup-into", errno, op->word[0], "Cannot open the control group");
    cell->into_group = strdup(op->word[0]);
    if (cell->into_group == NULL)
        abort();
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

/** Made by a child that has become the container's root, so that the guest owns it like the groups of its own. */
static bool make_leaf_group(const struct cell *cell) {
    pid_t child = fork();
    if (child == 0) {
        bool good = !has_user_namespace(cell) || become_inner_root() == 0;
        _exit(good && (mkdirat(cell->cgroup_fd, LEAF_GROUP, 0755) == 0 || errno == EEXIST) ? 0 : 1);
    }
    int status = 1;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int use_leaf_group(struct cell *cell) {
    if (!make_leaf_group(cell)) {
        errno = EBUSY;
        return -1;
    }
    int leaf = openat(cell->cgroup_fd, LEAF_GROUP, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (leaf < 0)
        return -1;
    close(cell->cgroup_fd);
    cell->cgroup_fd = leaf;
    return 0;
}

void kill_groups(const struct cell *cell) {
    char path[PATH_MAX];
    for (unsigned i = 0; i < cell->joined_count; i++) {
        cleanup_fd int group = open(cell->joined_groups[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (group >= 0)
            thaw(&group, 0);
    }
    if (cell->into_group == NULL)
        return;
    snprintf(path, sizeof path, "%s/cgroup.kill", cell->into_group);
    /* the file is there since Linux 5.14; before that the death of pid 1 does all */
    (void)write_control_file(AT_FDCWD, path, "1");
}

void remove_groups(struct cell *cell) {
    for (unsigned i = cell->made_count; i > 0; i--) {
        /* a group that stays is found and removed by the next start of this name */
        (void)remove_group(cell->made_groups[i - 1]);
        free(cell->made_groups[i - 1]);
    }
    cell->made_count = 0;
}
