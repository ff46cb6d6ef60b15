/*
 * file put PATH TYPE MODE UID GID write|append: a file, folder or symlink.
 *
 * The body is first gathered whole in a file without a name beside the target, which vanishes with the process; only a body that came to its end
 * takes the place of what was there, by rename. Where the file system or a mount on the target does not allow that, the gathered bytes are copied in place.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/util.h"
#include "kernel/inroot.h"
#include "verbs/file/file.h"

enum { PIECE = 64 * 1024, CHUNK_MAX = 1024 * 1024, MEMORY_SPOOL_MAX = 16 * 1024 * 1024, SYMLINKS_MAX = 40, NAME_TRIES = 8 };
enum { DEFAULT_FILE_MODE = 0644, DEFAULT_FOLDER_MODE = 0755 };

struct put {
    const char *path;
    char *resolved; /* path with the symlinks of its last part followed, within the root */
    char last[NAME_MAX + 1];
    int parent;
    bool existed, append;
    struct stat old;
    int old_fd; /* O_PATH */
    unsigned mode;
    uint32_t uid, gid;
    int spool;
    uint64_t size, size_max;
    char spool_name[64]; /* "" for one without a name */
};

static int problem(struct cell *cell, int error, const char *message) {
    return fail(&cell->status, "put", error, file_of(cell)->words[0], "%s", message);
}

static int read_attributes(struct cell *cell, struct put *put, unsigned default_mode) {
    char **word = file_of(cell)->words;
    uint64_t uid = 0, gid = 0;
    put->mode = default_mode;
    if (*word[2] != '\0' && !parse_octal(word[2], 07777, &put->mode))
        return problem(cell, EINVAL, "Cannot give the file this mode");
    if ((*word[3] != '\0' && !parse_number(word[3], UINT32_MAX - 1, &uid)) ||
        (*word[4] != '\0' && !parse_number(word[4], UINT32_MAX - 1, &gid)))
        return problem(cell, EINVAL, "Cannot give the file to this owner");
    put->uid = (uint32_t)uid;
    put->gid = (uint32_t)gid;
    put->append = strcmp(word[5], "append") == 0;
    if (!put->append && strcmp(word[5], "write") != 0)
        return problem(cell, EINVAL, "Cannot write in this way: it is write or append");
    return 0;
}

/* Where it goes. */

/** Opens the folder of put->resolved and looks at what is there. */
static int look(struct cell *cell, struct put *put) {
    close_now(&put->parent);
    close_now(&put->old_fd);
    put->parent = open_parent_in_root(cell->container->root_fd, put->resolved, put->last);
    if (put->parent < 0)
        return problem(cell, errno, "Cannot open the folder of the file");
    put->old_fd = openat(put->parent, put->last, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    put->existed = put->old_fd >= 0;
    if (!put->existed && errno != ENOENT)
        return problem(cell, errno, "Cannot open the file");
    if (put->existed && fstat(put->old_fd, &put->old) < 0)
        return problem(cell, errno, "Cannot examine the file");
    return 0;
}

/** Puts a symlink's target in the place of the last part; an absolute one begins at the container's root again. */
static int follow(struct cell *cell, struct put *put) {
    char target[PATH_MAX], joined[PATH_MAX * 2];
    ssize_t length = readlinkat(put->old_fd, "", target, sizeof target - 1);
    if (length <= 0)
        return problem(cell, errno, "Cannot read the symlink");
    target[length] = '\0';
    size_t keep = strlen(put->resolved);
    while (keep > 0 && put->resolved[keep - 1] == '/')
        keep--;
    while (keep > 0 && put->resolved[keep - 1] != '/')
        keep--;
    int size = snprintf(joined, sizeof joined, "%.*s%s", *target == '/' ? 0 : (int)keep, put->resolved, target);
    if (size < 0 || size >= PATH_MAX)
        return problem(cell, ENAMETOOLONG, "Cannot follow the symlink");
    free(put->resolved);
    put->resolved = strdup(joined);
    if (put->resolved == NULL)
        abort();
    return 0;
}

static int find_place(struct cell *cell, struct put *put) {
    for (int followed = 0;; followed++) {
        if (look(cell, put) < 0)
            return -1;
        if (!put->existed || !S_ISLNK(put->old.st_mode))
            return 0;
        if (followed == SYMLINKS_MAX)
            return problem(cell, ELOOP, "Cannot follow so many symlinks");
        if (follow(cell, put) < 0)
            return -1;
    }
}

/* Gathering the body. */

static int make_name(struct put *put) {
    unsigned number;
    if (getrandom(&number, sizeof number, 0) != sizeof number)
        return -1;
    snprintf(put->spool_name, sizeof put->spool_name, ".bothy-put-%08x", number);
    return 0;
}

static void open_spool(struct put *put) {
    put->size_max = UINT64_MAX;
    put->spool = openat(put->parent, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    for (int tries = 0; put->spool < 0 && errno != EROFS && errno != ENOSPC && tries < NAME_TRIES && make_name(put) == 0; tries++)
        put->spool = openat(put->parent, put->spool_name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (put->spool >= 0)
        return;
    /* a folder in which nothing can be made may hold files that can be written, as those of proc */
    put->spool_name[0] = '\0';
    put->spool = memfd_create("put", MFD_CLOEXEC);
    put->size_max = MEMORY_SPOOL_MAX;
}

static void drop_spool(struct put *put) {
    close_now(&put->spool);
    if (put->spool_name[0] != '\0')
        unlinkat(put->parent, put->spool_name, 0);
    put->spool_name[0] = '\0';
}

/** Reads the length of the next chunk. @returns 0 or -1 */
static int read_chunk_length(struct cell *cell, uint32_t *length) {
    watchdog_off();
    if (read_all(cell->conn, length, sizeof *length) < 0)
        return problem(cell, ECONNRESET, "Cannot receive the whole body: the connection ended");
    *length = ntohl(*length);
    return *length > CHUNK_MAX ? problem(cell, EMSGSIZE, "Cannot receive a chunk of more than 1 MiB") : 0;
}

static int receive_body(struct cell *cell, struct put *put) {
    cleanup_free char *bytes = must_alloc(PIECE);
    uint32_t left;
    for (;;) {
        if (read_chunk_length(cell, &left) < 0)
            return -1;
        if (left == 0) {
            watchdog_on();
            return 0;
        }
        if (put->size + left > put->size_max)
            return problem(cell, EFBIG, "Cannot write so much to a file of this kind");
        while (left > 0) {
            uint32_t part = left < PIECE ? left : PIECE;
            watchdog_off();
            if (read_all(cell->conn, bytes, part) < 0)
                return problem(cell, ECONNRESET, "Cannot receive the whole body: the connection ended");
            watchdog_on();
            if (write_all(put->spool, bytes, part) < 0)
                return problem(cell, errno, "Cannot store the body");
            put->size += part;
            left -= part;
        }
    }
}

/* Putting the gathered bytes in place. */

static int name_spool(struct cell *cell, struct put *put) {
    char number[16];
    snprintf(number, sizeof number, "%d", put->spool);
    for (int tries = 0; put->spool_name[0] == '\0' && tries < NAME_TRIES; tries++) {
        if (make_name(put) < 0)
            return -1;
        if (linkat(file_of(cell)->proc_fds, number, put->parent, put->spool_name, AT_SYMLINK_FOLLOW) == 0)
            return 0;
        put->spool_name[0] = '\0';
        if (errno != EEXIST)
            return -1;
    }
    return put->spool_name[0] != '\0' ? 0 : -1;
}

/** What a file keeps when its content changes: its user attributes and its access list. Capabilities of a program do not outlive its bytes. */
static int copy_attributes(const struct cell *cell, const struct put *put) {
    char names[4096], value[4096];
    cleanup_fd int old = reopen_file(cell, put->old_fd, O_RDONLY);
    ssize_t size = old < 0 ? -1 : flistxattr(old, names, sizeof names);
    if (size < 0)
        return old >= 0 && errno == ENOTSUP ? 0 : -1;
    for (const char *name = names; name < names + size; name += strlen(name) + 1) {
        if (strncmp(name, "user.", 5) != 0 && strcmp(name, "system.posix_acl_access") != 0)
            continue;
        ssize_t length = fgetxattr(old, name, value, sizeof value);
        if (length < 0 || fsetxattr(put->spool, name, value, (size_t)length, 0) < 0)
            return -1;
    }
    return 0;
}

static int replace(struct cell *cell, struct put *put) {
    if (put->size_max != UINT64_MAX)
        return -1;
    uid_t uid = put->existed ? put->old.st_uid : put->uid;
    gid_t gid = put->existed ? put->old.st_gid : put->gid;
    mode_t mode = put->existed ? put->old.st_mode & 07777 : put->mode;
    if (fchown(put->spool, uid, gid) < 0 || fchmod(put->spool, mode) < 0 || (put->existed && copy_attributes(cell, put) < 0) ||
        name_spool(cell, put) < 0 || renameat(put->parent, put->spool_name, put->parent, put->last) < 0)
        return -1;
    put->spool_name[0] = '\0';
    return 0;
}

static int copy_to(int from, int to, off_t offset) {
    cleanup_free char *bytes = must_alloc(PIECE);
    if (lseek(from, 0, SEEK_SET) < 0)
        return -1;
    for (;;) {
        ssize_t got = read(from, bytes, PIECE);
        if (got <= 0)
            return (int)got;
        for (ssize_t at = 0; at < got;) {
            ssize_t wrote = pwrite(to, bytes + at, (size_t)(got - at), offset);
            if (wrote < 0)
                return -1;
            at += wrote;
            offset += wrote;
        }
    }
}

/** Keeps the file that is there; a failure of append takes back what it added. */
static int write_in_place(struct cell *cell, struct put *put) {
    cleanup_fd int file = reopen_file(cell, put->old_fd, O_WRONLY | (put->append ? 0 : O_TRUNC));
    struct stat about;
    if (file < 0 || fstat(file, &about) < 0)
        return problem(cell, errno, "Cannot open the file");
    if (copy_to(put->spool, file, put->append ? about.st_size : 0) < 0) {
        int error = errno;
        if (put->append)
            (void)!ftruncate(file, about.st_size);
        return problem(cell, error, "Cannot write the file");
    }
    return 0;
}

static int put_regular(struct cell *cell, struct put *put) {
    if (read_attributes(cell, put, DEFAULT_FILE_MODE) < 0 || find_place(cell, put) < 0)
        return -1;
    if (put->existed && S_ISDIR(put->old.st_mode))
        return problem(cell, EISDIR, "Cannot write a file where a folder is");
    if (put->existed && !S_ISREG(put->old.st_mode))
        return problem(cell, ENXIO, "Cannot write to what is not a regular file");
    open_spool(put);
    if (put->spool < 0)
        return problem(cell, errno, "Cannot store the body");
    if (receive_body(cell, put) < 0)
        return -1;
    if (!(put->append && put->existed) && replace(cell, put) == 0)
        return 0;
    if (!put->existed)
        return problem(cell, errno, "Cannot make the file");
    return write_in_place(cell, put);
}

static int put_folder(struct cell *cell, struct put *put) {
    if (read_attributes(cell, put, DEFAULT_FOLDER_MODE) < 0 || find_place(cell, put) < 0)
        return -1;
    if (put->existed)
        return S_ISDIR(put->old.st_mode) ? 0 : problem(cell, EEXIST, "Cannot make a folder where something else is");
    if (mkdirat(put->parent, put->last, 0700) < 0)
        return problem(cell, errno, "Cannot make the folder");
    /* by descriptor, since the guest may put something else there meanwhile */
    cleanup_fd int made = openat(put->parent, put->last, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (made < 0 || fchown(made, put->uid, put->gid) < 0 || fchmod(made, put->mode) < 0)
        return problem(cell, errno, "Cannot give the folder its owner and mode");
    return 0;
}

/** The body of a symlink is its target. */
static int receive_target(struct cell *cell, char target[PATH_MAX]) {
    size_t length = 0;
    uint32_t part;
    for (;;) {
        if (read_chunk_length(cell, &part) < 0)
            return -1;
        if (part == 0)
            break;
        if (length + part >= PATH_MAX)
            return problem(cell, ENAMETOOLONG, "Cannot make a symlink with so long a target");
        if (read_all(cell->conn, target + length, part) < 0)
            return problem(cell, ECONNRESET, "Cannot receive the whole body: the connection ended");
        length += part;
    }
    watchdog_on();
    target[length] = '\0';
    return length == 0 || strlen(target) != length ? problem(cell, EINVAL, "Cannot make a symlink with this target") : 0;
}

static int put_symlink(struct cell *cell, struct put *put) {
    char target[PATH_MAX], present[PATH_MAX];
    if (read_attributes(cell, put, 0) < 0 || look(cell, put) < 0 || receive_target(cell, target) < 0)
        return -1;
    if (put->existed) {
        ssize_t length = readlinkat(put->old_fd, "", present, sizeof present - 1);
        if (length < 0 || (size_t)length != strlen(target) || memcmp(present, target, (size_t)length) != 0)
            return problem(cell, EEXIST, "Cannot make a symlink where something else is");
        return 0;
    }
    if (symlinkat(target, put->parent, put->last) < 0 || fchownat(put->parent, put->last, put->uid, put->gid, AT_SYMLINK_NOFOLLOW) < 0)
        return problem(cell, errno, "Cannot make the symlink");
    return 0;
}

static const struct {
    const char *name;
    int (*run)(struct cell *cell, struct put *put);
} types[] = {{"directory", put_folder}, {"file", put_regular}, {"symlink", put_symlink}};

int put_file(struct cell *cell) {
    struct put put = {
        .path = file_of(cell)->words[0], .resolved = strdup(file_of(cell)->words[0]), .parent = -1, .old_fd = -1, .spool = -1};
    int result = -1;
    if (put.resolved == NULL)
        abort();
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (strcmp(types[i].name, file_of(cell)->words[1]) == 0)
            result = types[i].run(cell, &put);
    drop_spool(&put);
    if (result < 0)
        return problem(cell, EINVAL, "Cannot put this type of file: it is file, directory or symlink");
    (void)dprintf(cell->conn, "{\"done\":{\"existed\":%s}}\n", put.existed ? "true" : "false");
    return 0;
}
