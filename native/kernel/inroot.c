/* See inroot.h. */
#include "kernel/inroot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/sys.h"
#include "base/util.h"

int open_in_root(int root_fd, const char *inner, int flags, mode_t mode) {
    struct sys_open_how how = {
        .flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
        .mode = mode,
        .resolve = SYS_RESOLVE_IN_ROOT | SYS_RESOLVE_NO_MAGICLINKS,
    };
    int fd;
    /* the kernel answers EAGAIN when a rename anywhere made it unsure about ".."; a few tries are enough in practice */
    for (int tries = 0; tries < 64; tries++) {
        fd = sys_openat2(root_fd, *inner != '\0' ? inner : ".", &how);
        if (fd >= 0 || errno != EAGAIN)
            break;
    }
    return fd;
}

int make_folder_in_root(int root_fd, const char *inner, mode_t mode) {
    char path[PATH_MAX];
    size_t length = strlen(inner);
    if (length >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int folder = open_in_root(root_fd, inner, O_PATH | O_DIRECTORY, 0);
    if (folder >= 0 || errno != ENOENT)
        return folder;
    memcpy(path, inner, length + 1);
    /* each prefix in turn: what exists is opened (within the root), what is missing is made in its parent */
    cleanup_fd int parent = open_in_root(root_fd, ".", O_PATH | O_DIRECTORY, 0);
    char *rest = path;
    for (char *part = next_part(&rest, '/'); part != NULL; part = next_part(&rest, '/')) {
        if (*part == '\0' || strcmp(part, ".") == 0)
            continue;
        if (mkdirat(parent, part, rest != NULL && *rest != '\0' ? 0755 : mode) < 0 && errno != EEXIST)
            return -1;
        char so_far[PATH_MAX];
        size_t end = (size_t)(part - path) + strlen(part);
        memcpy(so_far, inner, end);
        so_far[end] = '\0';
        int next = open_in_root(root_fd, so_far, O_PATH | O_DIRECTORY, 0);
        if (next < 0)
            return -1;
        close_now(&parent);
        parent = next;
    }
    return steal_fd(&parent);
}

static int split_in_root(int root_fd, const char *inner, char *last, int make) {
    char path[PATH_MAX];
    size_t length = strlen(inner);
    while (length > 0 && inner[length - 1] == '/')
        length--;
    if (length >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(path, inner, length);
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    if (strlen(name) > NAME_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(last, *name != '\0' ? name : ".");
    /* ".." as a last part would be resolved by an *at call without our root: take it as a folder of its own */
    if (strcmp(last, "..") == 0) {
        strcpy(last, ".");
        slash = path + length;
    }
    if (slash == NULL)
        return open_in_root(root_fd, ".", O_PATH | O_DIRECTORY, 0);
    *slash = '\0';
    return make ? make_folder_in_root(root_fd, path, 0755) : open_in_root(root_fd, path, O_PATH | O_DIRECTORY, 0);
}

int open_parent_in_root(int root_fd, const char *inner, char *last) {
    return split_in_root(root_fd, inner, last, 0);
}

int make_parent_in_root(int root_fd, const char *inner, char *last) {
    return split_in_root(root_fd, inner, last, 1);
}

int make_target_in_root(int root_fd, const char *inner, int is_folder) {
    if (is_folder)
        return make_folder_in_root(root_fd, inner, 0755);
    int target = open_in_root(root_fd, inner, O_PATH, 0);
    if (target >= 0 || errno != ENOENT)
        return target;
    char last[NAME_MAX + 1];
    cleanup_fd int parent = make_parent_in_root(root_fd, inner, last);
    if (parent < 0)
        return -1;
    /* O_EXCL follows no symlink at the last part, so a dangling one is an error rather than a way out */
    cleanup_fd int made = openat(parent, last, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (made < 0)
        return -1;
    return open_in_root(root_fd, inner, O_PATH, 0);
}
