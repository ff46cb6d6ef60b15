/* See socket-file.h. */
#include "base/socket-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/util.h"

enum { BACKLOG = 4096 };

/** Binds or connects by the last part alone, since an address holds 108 bytes. */
static int from_folder(int (*call)(int, const struct sockaddr *, socklen_t), int fd, int folder, const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(name) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, name);
    if (fchdir(folder) < 0)
        return -1;
    int result = call(fd, (const struct sockaddr *)&address, sizeof address);
    int error = errno;
    (void)!chdir("/");
    errno = error;
    return result;
}

void remove_dead_socket(int folder, const char *name) {
    struct stat about;
    if (fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISSOCK(about.st_mode))
        return;
    /* the kernel finds out whether a socket lives behind the name before it compares types, and a stream socket that lives never hears of a datagram socket's try */
    cleanup_fd int probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe >= 0 && from_folder(connect, probe, folder, name) < 0 && errno == ECONNREFUSED)
        unlinkat(folder, name, 0);
}

/** What was just made is ours and has one name; whatever somebody has put in its place meanwhile is not given away. */
static int give_to(int folder, const char *name, uid_t uid, gid_t gid) {
    struct stat about;
    cleanup_fd int file = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0 || fstat(file, &about) < 0)
        return -1;
    if (!S_ISSOCK(about.st_mode) || about.st_nlink != 1 || about.st_uid != geteuid()) {
        errno = EBUSY;
        return -1;
    }
    if (about.st_uid == uid && about.st_gid == gid)
        return 0;
    return fchownat(file, "", uid, gid, AT_EMPTY_PATH);
}

int listen_at_file(int folder, const char *name, uid_t uid, gid_t gid, mode_t mode) {
    cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* the file is made with the mode that its socket has, so there is no moment at which it has another */
    if (fd < 0 || fchmod(fd, mode) < 0)
        return -1;
    remove_dead_socket(folder, name);
    mode_t mask = umask(0);
    int result = from_folder(bind, fd, folder, name);
    umask(mask);
    if (result < 0)
        return -1;
    if (give_to(folder, name, uid, gid) < 0 || listen(fd, BACKLOG) < 0) {
        int error = errno;
        close_now(&fd);
        remove_dead_socket(folder, name);
        errno = error;
        return -1;
    }
    return steal_fd(&fd);
}
