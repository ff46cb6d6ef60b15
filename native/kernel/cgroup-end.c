/* See cgroup-end.h. Whatever a guest made is walked with one descriptor and "..", since it may nest deeper than paths and descriptors allow. */
#include "kernel/cgroup-end.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/sys.h"
#include "base/util.h"

/* tries of a millisecond each */
enum { REMOVE_TRIES = 2000, END_TRIES = 5000, KILL_EVERY = 50 };
enum { WALK_DEPTH_MAX = 10000, KILLED_AT_ONCE = 256 };

/* what getdents64(2) writes */
struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

/* The groups in a group, one after the other. Not by readdir(3), which asks for memory: a supervisor must come through without. */
struct listing {
    int fd;
    long length, at;
    _Alignas(struct entry) char bytes[2048];
};

/** @returns the name of the next group, NULL at the end */
static const char *next_group(struct listing *list) {
    for (;;) {
        if (list->at >= list->length) {
            list->at = 0;
            list->length = syscall(SYS_getdents64, list->fd, list->bytes, sizeof list->bytes);
            if (list->length <= 0)
                return NULL;
        }
        const struct entry *entry = (const struct entry *)(list->bytes + list->at);
        list->at += entry->length;
        if (entry->type == DT_DIR && strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0)
            return entry->name;
    }
}

/** Names of the groups in a group, each ended by NUL, an empty one last; those that there is memory for. @returns NULL for none at all */
static char *list_groups(int group) {
    size_t size = 1;
    char *names = calloc(1, size);
    cleanup_fd int copy = openat(group, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct listing list = {.fd = copy};
    for (const char *name; names != NULL && copy >= 0 && (name = next_group(&list)) != NULL;) {
        size_t length = strlen(name) + 1;
        char *grown = realloc(names, size + length);
        if (grown == NULL)
            break;
        names = grown;
        memcpy(names + size - 1, name, length);
        size += length;
        names[size - 1] = '\0';
    }
    return names;
}

/** Visits a group and all below it. @param visit says whether to go on below */
static void walk_groups(int *here, unsigned depth, bool (*visit)(int group)) {
    if (!visit(*here) || depth == WALK_DEPTH_MAX)
        return;
    cleanup_free char *names = list_groups(*here);
    for (const char *name = names; name != NULL && *name != '\0' && *here >= 0; name += strlen(name) + 1) {
        int below = openat(*here, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below < 0)
            continue;
        close(*here);
        *here = below;
        walk_groups(here, depth + 1, visit);
        int above = *here < 0 ? -1 : openat(*here, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close_now(here);
        *here = above;
    }
}

/** Each group of the v1 freezer may be frozen by itself, and what is frozen there does not die. A group of another controller has no such file. */
static bool thaw(int group) {
    return write_control_file(group, "freezer.state", "THAWED") == 0 || errno != ENOENT;
}

static unsigned read_members(int group, pid_t pids[KILLED_AT_ONCE]) {
    char text[KILLED_AT_ONCE * 12];
    unsigned count = 0;
    if (read_small_file(group, "cgroup.procs", text, sizeof text) <= 0)
        return 0;
    for (char *rest = text, *line; count < KILLED_AT_ONCE && (line = next_part(&rest, '\n')) != NULL && rest != NULL;)
        if ((pids[count] = (pid_t)strtol(line, NULL, 10)) > 0)
            count++;
    return count;
}

static bool contains(const pid_t *pids, unsigned count, pid_t pid) {
    for (unsigned i = 0; i < count; i++)
        if (pids[i] == pid)
            return true;
    return false;
}

/** Of many it kills the first; whoever waits for the end comes again. */
static bool kill_members(int group) {
    pid_t pids[KILLED_AT_ONCE], still[KILLED_AT_ONCE];
    int held[KILLED_AT_ONCE];
    unsigned count = read_members(group, pids);
    for (unsigned i = 0; i < count; i++)
        held[i] = sys_pidfd_open(pids[i]);
    /* a number may have gone to another process since it was read: what is held and listed once more is the one that is meant */
    unsigned still_count = count > 0 ? read_members(group, still) : 0;
    for (unsigned i = 0; i < count; i++) {
        if (held[i] >= 0 && contains(still, still_count, pids[i]))
            sys_pidfd_send_signal(held[i], SIGKILL);
        close_now(&held[i]);
    }
    return true;
}

/** Takes away all groups below top, deepest first. @returns false when some group still has processes */
static bool empty_group(int top) {
    cleanup_fd int here = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    unsigned depth = 0;
    for (;;) {
        cleanup_fd int copy = here < 0 ? -1 : openat(here, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (copy < 0)
            return false;
        struct listing list = {.fd = copy};
        int below = -1;
        bool stuck = false;
        for (const char *name; below < 0 && (name = next_group(&list)) != NULL;) {
            if (unlinkat(here, name, AT_REMOVEDIR) == 0)
                continue;
            below = openat(here, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            stuck = true;
            /* a leaf that cannot be removed has processes: going down again and again would not end */
            struct stat about;
            if (below >= 0 && fstat(below, &about) == 0 && about.st_nlink <= 2)
                close_now(&below);
        }
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

/** @returns whether it is gone */
static bool try_to_remove(const char *path) {
    if (rmdir(path) == 0 || errno == ENOENT)
        return true;
    cleanup_fd int top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top < 0)
        return errno == ENOENT;
    return empty_group(top) && rmdir(path) == 0;
}

static void wait_a_moment(void) {
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/** @returns whether it is one of v2 whose processes are doomed by this; Linux has the file since 5.14 */
static bool kill_by_file(int group) {
    return write_control_file(group, "cgroup.kill", "1") == 0;
}

/** Kills all in a group and below. Of v1 they are frozen meanwhile, so that none begets others, and die when they are thawed. */
static void kill_group(const char *path) {
    cleanup_fd int group = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (group < 0 || kill_by_file(group))
        return;
    (void)write_control_file(group, "freezer.state", "FROZEN");
    walk_groups(&group, 0, kill_members);
    cleanup_fd int again = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (again >= 0)
        walk_groups(&again, 0, thaw);
}

int end_groups(const char *const *paths, unsigned count) {
    for (int tries = 0; tries < END_TRIES; tries++) {
        bool gone = true;
        for (unsigned i = 0; tries % KILL_EVERY == 0 && i < count; i++)
            kill_group(paths[i]);
        for (unsigned i = count; i > 0; i--)
            gone = try_to_remove(paths[i - 1]) && gone;
        if (gone)
            return 0;
        wait_a_moment();
    }
    errno = EBUSY;
    return -1;
}

void kill_groups(const struct groups *groups) {
    for (unsigned i = 0; i < groups->made_count; i++) {
        cleanup_fd int group = open(groups->made[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (group >= 0 && !kill_by_file(group))
            walk_groups(&group, 0, thaw);
    }
}

unsigned oom_kills(const struct groups *groups) {
    static const char *const files[] = {"memory.events", "memory.oom_control"}; /* of v2 and of v1 */
    unsigned most = 0;
    for (unsigned i = 0; i < groups->made_count * COUNT_OF(files); i++) {
        char path[PATH_MAX], text[1024];
        int length = snprintf(path, sizeof path, "%s/%s", groups->made[i / COUNT_OF(files)], files[i % COUNT_OF(files)]);
        if (length < 0 || (size_t)length >= sizeof path || read_small_file(AT_FDCWD, path, text, sizeof text) < 0)
            continue;
        const char *field = strstr(text, "oom_kill ");
        unsigned long count = field == NULL ? 0 : strtoul(field + strlen("oom_kill "), NULL, 10);
        /* an outer group counts what its inner one counts, so it is not a sum */
        most = count > most ? (unsigned)count : most;
    }
    return most;
}

void remove_groups(struct groups *groups) {
    for (unsigned i = groups->made_count; i > 0; i--) {
        char *path = groups->made[i - 1];
        /* one that stays has a process that does not die: whoever hears of the end finds the group, and waits for it (verb end) */
        for (int tries = 0; tries < REMOVE_TRIES && !try_to_remove(path); tries++)
            wait_a_moment();
        free(path);
    }
    groups->made_count = 0;
}

void serve_end(struct cell *cell) {
    cleanup_free const char **paths = must_alloc((cell->op_count + 1) * sizeof *paths);
    set_title("bothy end", "");
    cell->status.phase = "groups";
    for (unsigned i = 0; i < cell->op_count; i++)
        paths[i] = cell->ops[i].word[0];
    if (end_groups(paths, cell->op_count) < 0) {
        fail(&cell->status, "cgroup-end", errno, cell->op_count > 0 ? paths[0] : NULL, "Cannot end the processes of the control group");
        answer_error(&cell->status, cell->conn);
        return;
    }
    dprintf(cell->conn, "{\"done\":{}}\n");
}
