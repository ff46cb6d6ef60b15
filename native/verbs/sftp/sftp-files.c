/* SFTP on open files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "kernel/inroot.h"
#include "verbs/file/file.h"
#include "verbs/sftp/sftp-session.h"

enum { OPEN_READ = 1, OPEN_WRITE = 2, OPEN_APPEND = 4, OPEN_CREATE = 8, OPEN_TRUNCATE = 16, OPEN_NEW = 32 };
enum { DEFAULT_MODE = 0644 };

static int access_of(uint32_t wanted) {
    const int access = (wanted & OPEN_WRITE) == 0 ? O_RDONLY : wanted & OPEN_READ ? O_RDWR : O_WRONLY;
    return access | (wanted & OPEN_APPEND ? O_APPEND : 0);
}

/**
 * Only regular files are opened, and folders, which some clients look at by an open file: a fifo would hold us up, and the device rules of the container do not
 * bind us. @returns a descriptor or -1 with errno
 */
static int open_existing(const struct cell *cell, const char *path, uint32_t wanted) {
    struct stat about;
    cleanup_fd int found = open_in_root(cell->container->root_fd, path, O_PATH, 0);
    if (found < 0 || fstat(found, &about) < 0)
        return -1;
    if (S_ISDIR(about.st_mode) && wanted == OPEN_READ)
        return reopen_file(cell, found, O_RDONLY | O_DIRECTORY);
    if (!S_ISREG(about.st_mode)) {
        errno = S_ISDIR(about.st_mode) ? EISDIR : ENXIO;
        return -1;
    }
    return reopen_file(cell, found, access_of(wanted) | (wanted & OPEN_TRUNCATE ? O_TRUNC : 0));
}

static int open_path(const struct cell *cell, const char *path, uint32_t wanted, uint32_t mode) {
    if ((wanted & OPEN_CREATE) == 0)
        return open_existing(cell, path, wanted);
    char last[NAME_MAX + 1];
    cleanup_fd int parent = open_parent_in_root(cell->container->root_fd, path, last);
    if (parent < 0)
        return -1;
    const int made = openat(parent, last, access_of(wanted) | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    return made >= 0 || errno != EEXIST || wanted & OPEN_NEW ? made : open_existing(cell, path, wanted);
}

int sftp_open(struct sftp *session) {
    char path[PATH_MAX];
    struct sftp_attributes attributes;
    if (!sftp_take_path(session, path))
        return SFTP_BAD;
    const uint32_t wanted = sftp_take_u32(&session->in);
    sftp_take_attributes(&session->in, &attributes);
    if (session->in.bad || (wanted & (OPEN_READ | OPEN_WRITE)) == 0)
        return SFTP_BAD;
    const int fd = open_path(session->cell, path, wanted, attributes.flags & ATTR_MODE ? attributes.mode : DEFAULT_MODE);
    return fd < 0 ? errno : sftp_keep(session, fd, NULL);
}

int sftp_close_handle(struct sftp *session) {
    struct sftp_handle *handle = sftp_take_handle(session);
    if (handle == NULL)
        return SFTP_BAD;
    /* what a file system noticed late is told with the close */
    const int fd = handle->fd;
    handle->fd = -1;
    sftp_close(handle);
    return fd < 0 || close(fd) == 0 ? SFTP_DONE : errno;
}

static struct sftp_handle *take_file(struct sftp *session) {
    struct sftp_handle *handle = sftp_take_handle(session);
    return handle == NULL || handle->fd < 0 ? NULL : handle;
}

int sftp_read(struct sftp *session) {
    const struct sftp_handle *handle = take_file(session);
    const uint64_t offset = sftp_take_u64(&session->in);
    const uint32_t wanted = sftp_take_u32(&session->in);
    if (handle == NULL || session->in.bad || offset > INT64_MAX)
        return SFTP_BAD;
    struct sftp_out *out = &session->out;
    sftp_begin(out, FXP_DATA, session->id);
    const size_t count_at = out->size;
    sftp_add_u32(out, 0);
    const ssize_t got = pread(handle->fd, out->bytes + out->size, wanted < SFTP_DATA_MAX ? wanted : SFTP_DATA_MAX, (off_t)offset);
    if (got < 0)
        return errno;
    if (got == 0 && wanted > 0)
        return SFTP_AT_END;
    out->size += (size_t)got;
    sftp_set_u32(out, count_at, (uint32_t)got);
    return SFTP_ANSWERED;
}

int sftp_write(struct sftp *session) {
    const struct sftp_handle *handle = take_file(session);
    const uint64_t offset = sftp_take_u64(&session->in);
    size_t size;
    const unsigned char *bytes = sftp_take_bytes(&session->in, &size);
    if (handle == NULL || session->in.bad || offset > INT64_MAX - SFTP_PACKET_MAX)
        return SFTP_BAD;
    for (size_t done = 0; done < size;) {
        const ssize_t put = pwrite(handle->fd, bytes + done, size - done, (off_t)(offset + done));
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return errno;
        done += (size_t)put;
    }
    return SFTP_DONE;
}

int sftp_fsync(struct sftp *session) {
    const struct sftp_handle *handle = take_file(session);
    return handle == NULL ? SFTP_BAD : fsync(handle->fd) < 0 ? errno : SFTP_DONE;
}

static int descriptor_of(const struct sftp_handle *handle) {
    return handle->folder != NULL ? dirfd(handle->folder) : handle->fd;
}

int sftp_fstat(struct sftp *session) {
    const struct sftp_handle *handle = sftp_take_handle(session);
    struct stat about;
    if (handle == NULL)
        return SFTP_BAD;
    return fstat(descriptor_of(handle), &about) < 0 ? errno : sftp_tell(session, &about);
}

int sftp_fsetstat(struct sftp *session) {
    const struct sftp_handle *handle = sftp_take_handle(session);
    struct sftp_attributes attributes;
    sftp_take_attributes(&session->in, &attributes);
    if (handle == NULL || session->in.bad)
        return SFTP_BAD;
    return sftp_change(session, descriptor_of(handle), &attributes);
}

int sftp_change(struct sftp *session, int fd, const struct sftp_attributes *attributes) {
    const struct cell *cell = session->cell;
    struct stat about;
    char number[16];
    snprintf(number, sizeof number, "%d", fd);
    if (fstat(fd, &about) < 0)
        return errno;
    if (attributes->flags & ATTR_SIZE) {
        if (!S_ISREG(about.st_mode))
            return S_ISDIR(about.st_mode) ? EISDIR : EINVAL;
        cleanup_fd int file = attributes->size > INT64_MAX ? (errno = EFBIG, -1) : reopen_file(cell, fd, O_WRONLY);
        if (file < 0 || ftruncate(file, (off_t)attributes->size) < 0)
            return errno;
    }
    /* before the mode: a change of the owner takes setuid bits away */
    if (attributes->flags & ATTR_OWNER && fchownat(fd, "", attributes->uid, attributes->gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0)
        return errno;
    if (attributes->flags & ATTR_MODE) {
        if (S_ISLNK(about.st_mode))
            return EOPNOTSUPP;
        if (fchmodat(file_of(cell)->proc_fds, number, attributes->mode, 0) < 0)
            return errno;
    }
    const struct timespec times[] = {{.tv_sec = attributes->atime}, {.tv_sec = attributes->mtime}};
    /* a null path would not do for O_PATH; the kernel takes an empty one since 5.8, /proc leads to all but symlinks before */
    if (attributes->flags & ATTR_TIMES && utimensat(fd, "", times, AT_EMPTY_PATH) < 0 &&
        (S_ISLNK(about.st_mode) || utimensat(file_of(cell)->proc_fds, number, times, 0) < 0))
        return errno;
    return SFTP_DONE;
}
