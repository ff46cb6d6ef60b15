/* See removal.h. */
#include "verbs/remove/removal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/sys.h"
#include "base/util.h"
#include "kernel/obstacle.h"

enum {
    OPEN_LEVELS = 64,   /* deeper folders keep their place by number, and are opened again by ".." */
    TOLD_PATH_MAX = 500,
    LEFT_MAX = 10000,   /* looked for one by one */
    LOOK_EVERY = 1024,  /* entries between two looks whether the caller still waits */
    FREE_REREADS = 3,       /* of a folder from which something went each time */
    WRITER_PATIENCE_S = 20, /* for further ones, all together: somebody writes as fast as we remove */
    STRAGGLER_TRIES = 20,
    STRAGGLER_PAUSE_NS = 50 * 1000 * 1000,
};

/* One folder on the way down. */
struct level {
    DIR *dir;      /* NULL: closed, since too many are open */
    long position; /* where to read on when it is opened again */
    char *name;
    dev_t dev;
    ino_t ino;
    bool is_subvolume, only_subvolumes;
    bool progress; /* something went since its start was read */
    unsigned rereads, tries;
    ino_t *left; /* entries that stay, so that nobody tries them again */
    size_t left_count;
};

struct walk {
    int conn;
    struct level *level;
    size_t depth, capacity;
    struct removal *removal;
    bool abandoned;
    int64_t patience_end_s; /* by the monotonic clock; 0 until it is needed */
};

static struct level *top(struct walk *walk) {
    return &walk->level[walk->depth - 1];
}

/** The place below the tree, for people: a long one loses its middle. */
static char *describe(const struct walk *walk, const char *name) {
    if (walk->depth == 1)
        name = ".";
    size_t length = strlen(name), at = 0;
    for (size_t i = 2; i < walk->depth; i++)
        length += strlen(walk->level[i].name) + 1;
    char *path = must_alloc(length + 1);
    for (size_t i = 2; i < walk->depth; i++)
        at += (size_t)sprintf(path + at, "%s/", walk->level[i].name);
    strcpy(path + at, name);
    if (length > TOLD_PATH_MAX) {
        memcpy(path + TOLD_PATH_MAX / 2, "[...]", 5);
        memmove(path + TOLD_PATH_MAX / 2 + 5, path + length - TOLD_PATH_MAX / 2, TOLD_PATH_MAX / 2 + 1);
    }
    return path;
}

static bool is_left(const struct level *level, ino_t ino) {
    for (size_t i = 0; i < level->left_count; i++)
        if (level->left[i] == ino)
            return true;
    return false;
}

static void leave(struct level *level, ino_t ino) {
    level->left = realloc(level->left, (level->left_count + 1) * sizeof *level->left);
    if (level->left == NULL)
        abort();
    level->left[level->left_count++] = ino;
}

/** An entry of the top level stays. */
static void tell(struct walk *walk, const char *name, ino_t ino, int error) {
    struct removal *removal = walk->removal;
    if (removal->left < REMOVAL_TOLD) {
        removal->told[removal->left].path = describe(walk, name);
        removal->told[removal->left].error = error;
    }
    removal->left++;
    leave(top(walk), ino);
    walk->abandoned = removal->left == LEFT_MAX;
}

/** Removes one name, whatever flags and a full file system say to that. @returns 0, or -1 with errno */
static int unlink_entry(int folder, const char *name, int flags) {
    for (unsigned step = 0;; step++) {
        if (unlinkat(folder, name, flags) == 0 || errno == ENOENT)
            return 0;
        int error = errno;
        if ((error == EPERM || error == EACCES) && step == 0) {
            bool cleared = clear_flags(folder);
            if (clear_entry_flags(folder, name) || cleared)
                continue;
        }
        if ((error == ENOSPC || error == EDQUOT) && step < 3) {
            give_blocks_back(folder, name);
            continue;
        }
        errno = error;
        return -1;
    }
}

static int remove_subvolume(int parent, const char *name) {
    for (unsigned step = 0;; step++) {
        if (destroy_subvolume(parent, name) == 0 || errno == ENOENT)
            return 0;
        if ((errno != EPERM && errno != EACCES) || step > 0 || !clear_flags(parent))
            return -1;
    }
}

static void push(struct walk *walk, int fd, const char *name, const struct stat *about, bool only_subvolumes) {
    if (walk->depth == walk->capacity) {
        walk->capacity = walk->capacity * 2 + 64;
        walk->level = realloc(walk->level, walk->capacity * sizeof *walk->level);
    }
    DIR *dir = fdopendir(fd);
    char *copy = strdup(name);
    if (walk->level == NULL || dir == NULL || copy == NULL)
        abort();
    if (walk->depth > OPEN_LEVELS) {
        struct level *old = &walk->level[walk->depth - OPEN_LEVELS];
        if (old->dir != NULL) {
            old->position = telldir(old->dir);
            closedir(old->dir);
            old->dir = NULL;
        }
    }
    walk->level[walk->depth++] = (struct level){
        .dir = dir, .name = copy, .dev = about->st_dev, .ino = about->st_ino, .is_subvolume = is_subvolume(fd, about), .only_subvolumes = only_subvolumes};
}

/** Enters a folder, or removes it at once when it is a subvolume. @returns whether it needs no more care */
static bool take_folder(struct walk *walk, const char *name, ino_t ino) {
    struct level *parent = top(walk);
    int parent_fd = dirfd(parent->dir);
    struct sys_open_how how = {
        .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
        .resolve = SYS_RESOLVE_NO_XDEV | SYS_RESOLVE_NO_MAGICLINKS,
    };
    cleanup_fd int fd = sys_openat2(parent_fd, name, &how);
    struct stat about;
    if (fd < 0 || fstat(fd, &about) < 0) {
        if ((errno == ENOTDIR || errno == ELOOP) && unlink_entry(parent_fd, name, 0) == 0)
            return true;
        if (errno != ENOENT)
            tell(walk, name, ino, errno == EXDEV ? EBUSY : errno);
        return errno == ENOENT;
    }
    bool subvolume = is_subvolume(fd, &about);
    if (subvolume && remove_subvolume(parent_fd, name) == 0)
        return true;
    /* most often one with subvolumes in it: those go first, and all the rest at once with it */
    bool only_subvolumes = parent->only_subvolumes || (subvolume && errno == ENOTEMPTY);
    if (subvolume)
        make_subvolume_writable(fd);
    push(walk, steal_fd(&fd), name, &about, only_subvolumes);
    return false;
}

static void take_entry(struct walk *walk, const struct dirent *entry) {
    struct level *level = top(walk);
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || is_left(level, entry->d_ino))
        return;
    bool maybe_folder = entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN;
    if (level->only_subvolumes && !maybe_folder)
        return;
    bool removed = false;
    if (maybe_folder)
        removed = take_folder(walk, entry->d_name, entry->d_ino);
    else if (unlink_entry(dirfd(level->dir), entry->d_name, 0) == 0)
        removed = true;
    else
        tell(walk, entry->d_name, entry->d_ino, errno);
    if (removed) {
        walk->removal->removed++;
        level->progress = true;
    }
}

/** Opens the parent of the top level again by "..", where it was closed, and makes sure that it is the one. */
static bool reopen_parent(struct walk *walk) {
    struct level *parent = top(walk) - 1;
    struct stat about;
    if (parent->dir != NULL)
        return true;
    cleanup_fd int fd = openat(dirfd(top(walk)->dir), "..", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) < 0 || about.st_dev != parent->dev || about.st_ino != parent->ino)
        return false;
    parent->dir = fdopendir(fd);
    if (parent->dir == NULL)
        return false;
    steal_fd(&fd);
    seekdir(parent->dir, parent->position);
    return true;
}

/** @returns 0, or the errno that says why the folder stays */
static int remove_folder(const struct level *level, int parent) {
    if (level->is_subvolume)
        return remove_subvolume(parent, level->name) == 0 ? 0 : errno;
    if (level->only_subvolumes)
        return 0; /* it goes with its subvolume */
    if (level->left_count > 0)
        return ENOTEMPTY;
    return unlink_entry(parent, level->name, AT_REMOVEDIR) == 0 ? 0 : errno;
}

static int64_t now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/** Whether there is time left for a writer that may never end. */
static bool has_patience(struct walk *walk) {
    if (walk->patience_end_s == 0)
        walk->patience_end_s = now_s() + WRITER_PATIENCE_S;
    return now_s() < walk->patience_end_s;
}

/** Whether to read the top folder again: something went since the last time, or somebody who is about to end still writes into it. */
static bool is_worth_rereading(struct walk *walk) {
    struct level *level = top(walk);
    if (level->progress) {
        level->progress = false;
        return level->rereads++ < FREE_REREADS || has_patience(walk);
    }
    if (level->left_count > 0 || level->tries++ >= STRAGGLER_TRIES)
        return false;
    nanosleep(&(struct timespec){.tv_nsec = STRAGGLER_PAUSE_NS}, NULL);
    return true;
}

/** The top level's entries have ended: it goes, and its parent goes on. @param error what ended them, 0 for their end */
static void finish_folder(struct walk *walk, int error) {
    if (!reopen_parent(walk)) {
        walk->abandoned = true;
        return;
    }
    struct level *level = top(walk);
    bool reread = false;
    if (error == 0 || level->is_subvolume)
        error = remove_folder(level, dirfd((level - 1)->dir));
    if (error == ENOTEMPTY)
        reread = is_worth_rereading(walk);
    /* the kernel does not let this subvolume go, so what is in it goes one by one */
    if (error != 0 && !reread && level->is_subvolume && level->only_subvolumes) {
        level->only_subvolumes = false;
        reread = true;
    }
    if (reread) {
        rewinddir(level->dir);
        return;
    }
    struct level done = *level;
    closedir(done.dir);
    walk->depth--;
    if (error != 0 && done.left_count == 0)
        tell(walk, done.name, done.ino, error);
    else if (error != 0 || (done.left_count > 0 && !done.is_subvolume))
        leave(top(walk), done.ino);
    else if (done.is_subvolume || !done.only_subvolumes) {
        walk->removal->removed++;
        top(walk)->progress = true;
    }
    free(done.left);
    free(done.name);
}

/** A negative descriptor is never ready (poll(2)). */
static bool has_left(int conn) {
    struct pollfd polled = {.fd = conn, .events = POLLIN};
    return poll(&polled, 1, 0) > 0;
}

static void remove_entries(struct walk *walk) {
    for (uint64_t seen = 1; walk->depth > 1 && !walk->abandoned; seen++) {
        errno = 0;
        const struct dirent *entry = readdir(top(walk)->dir);
        if (entry != NULL)
            take_entry(walk, entry);
        else
            finish_folder(walk, errno);
        if (seen % LOOK_EVERY == 0 && has_left(walk->conn))
            walk->abandoned = true;
    }
}

int remove_named(int folder, const char *name, int conn, struct removal *removal) {
    struct walk walk = {.conn = conn, .removal = removal};
    struct stat place, about;
    int fd = dup(folder);
    if (fd < 0 || fstat(fd, &place) < 0)
        return -1;
    push(&walk, fd, "", &place, false);
    if (fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) == 0) {
        struct dirent entry = {.d_ino = about.st_ino, .d_type = S_ISDIR(about.st_mode) ? DT_DIR : DT_REG};
        strcpy(entry.d_name, name);
        take_entry(&walk, &entry);
        remove_entries(&walk);
    }
    if (walk.abandoned)
        errno = EAGAIN;
    /* the process ends with its request, and what the walk holds with it */
    return walk.abandoned ? -1 : 0;
}
