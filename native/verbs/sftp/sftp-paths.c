/* SFTP on paths: each is resolved within the container's root, as verb file does it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/util.h"
#include "kernel/container.h"
#include "kernel/inroot.h"
#include "verbs/sftp/sftp-session.h"

enum { DEFAULT_FOLDER_MODE = 0755, NO_REPLACE = 1 };

/* What a path is. */

static int tell_path(struct sftp *session, int follow) {
    char path[PATH_MAX];
    struct stat about;
    if (!sftp_take_path(session, path))
        return SFTP_BAD;
    cleanup_fd int found = open_in_root(session->cell->container->root_fd, path, O_PATH | follow, 0);
    return found < 0 || fstat(found, &about) < 0 ? errno : sftp_tell(session, &about);
}

int sftp_stat(struct sftp *session) {
    return tell_path(session, 0);
}

int sftp_lstat(struct sftp *session) {
    return tell_path(session, O_NOFOLLOW);
}

static int change_path(struct sftp *session, int follow) {
    char path[PATH_MAX];
    struct sftp_attributes attributes;
    if (!sftp_take_path(session, path))
        return SFTP_BAD;
    sftp_take_attributes(&session->in, &attributes);
    if (session->in.bad)
        return SFTP_BAD;
    cleanup_fd int found = open_in_root(session->cell->container->root_fd, path, O_PATH | follow, 0);
    return found < 0 ? errno : sftp_change(session, found, &attributes);
}

int sftp_setstat(struct sftp *session) {
    return change_path(session, 0);
}

int sftp_lsetstat(struct sftp *session) {
    return change_path(session, O_NOFOLLOW);
}

/* What is in a folder. */

/** The folder of a path of the request, opened, and its last part. */
struct place {
    int parent;
    char last[NAME_MAX + 1];
};

static void close_place(struct place *place) {
    close_now(&place->parent);
}
#define PLACE __attribute__((cleanup(close_place))) struct place

/** @returns 0, an errno or SFTP_BAD */
static int take_place(struct sftp *session, struct place *place) {
    char path[PATH_MAX];
    if (!sftp_take_path(session, path))
        return SFTP_BAD;
    place->parent = open_parent_in_root(session->cell->container->root_fd, path, place->last);
    return place->parent < 0 ? errno : 0;
}

int sftp_mkdir(struct sftp *session) {
    PLACE place = {.parent = -1};
    struct sftp_attributes attributes;
    const int error = take_place(session, &place);
    if (error != 0)
        return error;
    sftp_take_attributes(&session->in, &attributes);
    if (session->in.bad)
        return SFTP_BAD;
    return mkdirat(place.parent, place.last, attributes.flags & ATTR_MODE ? attributes.mode : DEFAULT_FOLDER_MODE) < 0 ? errno : SFTP_DONE;
}

static int remove_path(struct sftp *session, int flags) {
    PLACE place = {.parent = -1};
    const int error = take_place(session, &place);
    if (error != 0)
        return error;
    return unlinkat(place.parent, place.last, flags) < 0 ? errno : SFTP_DONE;
}

int sftp_rmdir(struct sftp *session) {
    return remove_path(session, AT_REMOVEDIR);
}

int sftp_remove(struct sftp *session) {
    return remove_path(session, 0);
}

static int rename_place(const struct place *from, const struct place *to, unsigned flags) {
    struct stat there;
    if (syscall(SYS_renameat2, from->parent, from->last, to->parent, to->last, flags) == 0)
        return SFTP_DONE;
    /* a file system that cannot look and rename in one: look first */
    if (errno != EINVAL || flags == 0)
        return errno;
    if (fstatat(to->parent, to->last, &there, AT_SYMLINK_NOFOLLOW) == 0)
        return EEXIST;
    return renameat(from->parent, from->last, to->parent, to->last) < 0 ? errno : SFTP_DONE;
}

static int rename_path(struct sftp *session, unsigned flags) {
    PLACE from = {.parent = -1};
    PLACE to = {.parent = -1};
    int error = take_place(session, &from);
    error = error != 0 ? error : take_place(session, &to);
    return error != 0 ? error : rename_place(&from, &to, flags);
}

int sftp_rename(struct sftp *session) {
    return rename_path(session, NO_REPLACE);
}

int sftp_posix_rename(struct sftp *session) {
    return rename_path(session, 0);
}

int sftp_hardlink(struct sftp *session) {
    PLACE from = {.parent = -1};
    PLACE to = {.parent = -1};
    int error = take_place(session, &from);
    error = error != 0 ? error : take_place(session, &to);
    if (error != 0)
        return error;
    return linkat(from.parent, from.last, to.parent, to.last, 0) < 0 ? errno : SFTP_DONE;
}

/** The target comes first, as in OpenSSH and all that speak with it; the draft has it the other way round. */
int sftp_symlink(struct sftp *session) {
    char target[PATH_MAX];
    PLACE place = {.parent = -1};
    if (!sftp_take_path(session, target))
        return SFTP_BAD;
    const int error = take_place(session, &place);
    if (error != 0)
        return error;
    return symlinkat(target, place.parent, place.last) < 0 ? errno : SFTP_DONE;
}

/* Names as answers. */

static int answer_name(struct sftp *session, const char *name) {
    struct sftp_out *out = &session->out;
    sftp_begin(out, FXP_NAME, session->id);
    sftp_add_u32(out, 1);
    sftp_add_text(out, name);
    sftp_add_text(out, name);
    sftp_add_u32(out, 0);
    return SFTP_ANSWERED;
}

int sftp_readlink(struct sftp *session) {
    char path[PATH_MAX], target[PATH_MAX];
    if (!sftp_take_path(session, path))
        return SFTP_BAD;
    cleanup_fd int found = open_in_root(session->cell->container->root_fd, path, O_PATH | O_NOFOLLOW, 0);
    const ssize_t length = found < 0 ? -1 : readlinkat(found, "", target, sizeof target - 1);
    if (length < 0)
        return errno == ENOENT && found >= 0 ? EINVAL : errno;
    target[length] = '\0';
    return answer_name(session, target);
}

/** By its letters alone, as LXD's server does: whether it is there is for the next request to find out. */
int sftp_realpath(struct sftp *session) {
    char path[PATH_MAX], whole[PATH_MAX + 1] = "";
    size_t length = 0;
    if (!sftp_take_path(session, path))
        return SFTP_BAD;
    char *rest = path;
    for (char *part = next_part(&rest, '/'); part != NULL; part = next_part(&rest, '/')) {
        if (*part == '\0' || strcmp(part, ".") == 0)
            continue;
        if (strcmp(part, "..") == 0) {
            while (length > 0 && whole[--length] != '/')
                ;
            whole[length] = '\0';
            continue;
        }
        length += (size_t)snprintf(whole + length, sizeof whole - length, "/%s", part);
    }
    return answer_name(session, length == 0 ? "/" : whole);
}

/* Space. */

static int tell_space(struct sftp *session, int fd) {
    struct statvfs space;
    if (fstatvfs(fd, &space) < 0)
        return errno;
    const uint64_t numbers[] = {
        space.f_bsize,  space.f_frsize, space.f_blocks, space.f_bfree, space.f_bavail,
        space.f_files,  space.f_ffree,  space.f_favail, space.f_fsid,  (space.f_flag & ST_RDONLY ? 1u : 0) | (space.f_flag & ST_NOSUID ? 2u : 0),
        space.f_namemax,
    };
    sftp_begin(&session->out, FXP_EXTENDED_REPLY, session->id);
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        sftp_add_u64(&session->out, numbers[i]);
    return SFTP_ANSWERED;
}

int sftp_statvfs(struct sftp *session) {
    char path[PATH_MAX];
    if (!sftp_take_path(session, path))
        return SFTP_BAD;
    cleanup_fd int found = open_in_root(session->cell->container->root_fd, path, O_PATH, 0);
    return found < 0 ? errno : tell_space(session, found);
}

int sftp_fstatvfs(struct sftp *session) {
    const struct sftp_handle *handle = sftp_take_handle(session);
    if (handle == NULL)
        return SFTP_BAD;
    return tell_space(session, handle->folder != NULL ? dirfd(handle->folder) : handle->fd);
}
