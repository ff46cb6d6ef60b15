/* file get: what a path is, and a regular file's bytes. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/util.h"
#include "kernel/inroot.h"
#include "verbs/file/file.h"

enum { PIECE = 64 * 1024, UNSIZED_MAX = 4 * 1024 * 1024 };

static void add_stat(struct json *json, const char *type, const struct stat *about, uint64_t size) {
    json_raw(json, "{\"stat\":{");
    json_string_field(json, "type", type);
    json_number_field(json, "mode", about->st_mode & 07777);
    json_number_field(json, "uid", about->st_uid);
    json_number_field(json, "gid", about->st_gid);
    json_number_field(json, "size", size);
    json_key(json, "mtime");
    json_raw(json, "%lld}", (long long)about->st_mtime);
}

static int finish(struct cell *cell, struct json *json) {
    json_raw(json, "}");
    watchdog_off();
    return json_finish(json) < 0 ? fail(&cell->status, "get", EPIPE, NULL, "Cannot send the answer") : 0;
}

static int get_folder(struct cell *cell, int path_fd, const struct stat *about) {
    cleanup_fd int folder = openat(path_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = folder < 0 ? NULL : fdopendir(folder);
    if (list == NULL)
        return fail(&cell->status, "get", errno, file_of(cell)->words[0], "Cannot read the folder");
    /* the list has it now */
    (void)steal_fd(&folder);
    struct json json = {.fd = cell->conn};
    add_stat(&json, "directory", about, (uint64_t)about->st_size);
    json_key(&json, "entries");
    json_raw(&json, "[");
    for (struct dirent *entry; (entry = readdir(list)) != NULL && !json.failed;) {
        watchdog_on();
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (json.last != '[')
            json_raw(&json, ",");
        json_string(&json, entry->d_name);
    }
    closedir(list);
    json_raw(&json, "]");
    return finish(cell, &json);
}

static int get_symlink(struct cell *cell, int path_fd, const struct stat *about) {
    char target[PATH_MAX];
    ssize_t length = readlinkat(path_fd, "", target, sizeof target - 1);
    if (length < 0)
        return fail(&cell->status, "get", errno, file_of(cell)->words[0], "Cannot read the symlink");
    target[length] = '\0';
    struct json json = {.fd = cell->conn};
    add_stat(&json, "symlink", about, (uint64_t)length);
    json_string_field(&json, "target", target);
    return finish(cell, &json);
}

static int send_stat(struct cell *cell, const struct stat *about, uint64_t size) {
    struct json json = {.fd = cell->conn};
    add_stat(&json, "file", about, size);
    return finish(cell, &json);
}

/** Files of proc and the like claim no size: read first, then tell how much it was. */
static int send_unsized(struct cell *cell, int file, const struct stat *about) {
    cleanup_free char *bytes = must_alloc(UNSIZED_MAX);
    size_t length = 0;
    for (ssize_t got = 1; got > 0 && length < UNSIZED_MAX; length += (size_t)got) {
        got = read(file, bytes + length, UNSIZED_MAX - length);
        if (got < 0)
            return fail(&cell->status, "get", errno, file_of(cell)->words[0], "Cannot read the file");
    }
    if (send_stat(cell, about, length) < 0 || write_all(cell->conn, bytes, length) < 0)
        return fail(&cell->status, "get", EPIPE, NULL, "Cannot send the file");
    return 0;
}

/** The size was promised: a file that grows meanwhile is cut there, one that shrinks ends the connection early. */
static int send_sized(struct cell *cell, int file, uint64_t size) {
    cleanup_free char *bytes = must_alloc(PIECE);
    while (size > 0) {
        watchdog_on();
        ssize_t got = read(file, bytes, size < PIECE ? (size_t)size : PIECE);
        watchdog_off();
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || write_all(cell->conn, bytes, (size_t)got) < 0)
            return 0;
        size -= (uint64_t)got;
    }
    return 0;
}

static int get_regular(struct cell *cell, int path_fd, const struct stat *about) {
    cleanup_fd int file = reopen_file(cell, path_fd, O_RDONLY);
    if (file < 0)
        return fail(&cell->status, "get", errno, file_of(cell)->words[0], "Cannot open the file");
    if (about->st_size == 0)
        return send_unsized(cell, file, about);
    if (send_stat(cell, about, (uint64_t)about->st_size) < 0)
        return -1;
    return send_sized(cell, file, (uint64_t)about->st_size);
}

int get_file(struct cell *cell) {
    const char *path = file_of(cell)->words[0];
    struct stat about;
    cleanup_fd int path_fd = open_in_root(cell->container->root_fd, path, O_PATH | O_NOFOLLOW, 0);
    if (path_fd < 0 || fstat(path_fd, &about) < 0)
        return fail(&cell->status, "get", errno, path, "Cannot open the file");
    switch (about.st_mode & S_IFMT) {
    case S_IFDIR:
        return get_folder(cell, path_fd, &about);
    case S_IFLNK:
        return get_symlink(cell, path_fd, &about);
    case S_IFREG:
        return get_regular(cell, path_fd, &about);
    default:
        return fail(&cell->status, "get", ENXIO, path, "Cannot read what is neither a file nor a folder nor a symlink");
    }
}
