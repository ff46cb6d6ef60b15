/*
 * See sftp.h. One request after the other, each answered before the next is read: memory is that of two packets, and who does not read is not read from.
 *
 * A session must not outlive what it is on: a container that ends takes it along, since it holds mounts of that container. That of a stopped one is for the
 * daemon to end.
 */
#include "verbs/sftp/sftp.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/phase.h"
#include "base/util.h"
#include "verbs/file/file.h"
#include "verbs/sftp/sftp-session.h"

enum { SFTP_VERSION = 3 };

/* Moving bytes. */

struct input {
    unsigned char *bytes; /* SFTP_PACKET_MAX of them */
    size_t from, to;
};

/** Waits until the connection can be used. @returns false when the container has ended */
static bool wait_for(const struct cell *cell, short events) {
    struct pollfd polled[] = {{.fd = cell->conn, .events = events}, {.fd = cell->target->fd, .events = POLLIN}};
    while (poll(polled, 2, -1) < 0)
        if (errno != EINTR)
            return false;
    return polled[1].revents == 0;
}

static bool send_all(const struct cell *cell, const unsigned char *bytes, size_t size) {
    while (size > 0) {
        const ssize_t sent = send(cell->conn, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            if (!wait_for(cell, POLLOUT))
                return false;
            continue;
        }
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return false;
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

/** Reads until so many bytes are there. @returns false at the end of the session */
static bool gather(const struct cell *cell, struct input *input, size_t wanted) {
    if (input->from + wanted > SFTP_PACKET_MAX) {
        memmove(input->bytes, input->bytes + input->from, input->to - input->from);
        input->to -= input->from;
        input->from = 0;
    }
    while (input->to - input->from < wanted) {
        if (!wait_for(cell, POLLIN))
            return false;
        const ssize_t got = recv(cell->conn, input->bytes + input->to, SFTP_PACKET_MAX - input->to, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            return false;
        input->to += got < 0 ? 0 : (size_t)got;
    }
    return true;
}

/** @returns false at the end of the session, and for a packet that is empty or too long: nobody knows where the next one would begin */
static bool read_packet(const struct cell *cell, struct input *input, struct sftp_in *packet) {
    if (!gather(cell, input, 4))
        return false;
    struct sftp_in head = {.at = input->bytes + input->from, .left = 4};
    const uint32_t length = sftp_take_u32(&head);
    if (length == 0 || length > SFTP_PACKET_MAX - 4 || !gather(cell, input, 4 + (size_t)length))
        return false;
    *packet = (struct sftp_in){.at = input->bytes + input->from + 4, .left = length};
    input->from += 4 + (size_t)length;
    return true;
}

/* Answering. */

enum { STATUS_OK, STATUS_EOF, STATUS_NO_SUCH_FILE, STATUS_PERMISSION_DENIED, STATUS_FAILURE, STATUS_BAD_MESSAGE, STATUS_UNSUPPORTED = 8 };

static uint32_t status_of(int error) {
    switch (error) {
    case SFTP_DONE:
        return STATUS_OK;
    case SFTP_AT_END:
        return STATUS_EOF;
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
        return STATUS_NO_SUCH_FILE;
    case EACCES:
    case EPERM:
    case EROFS:
        return STATUS_PERMISSION_DENIED;
    case SFTP_BAD:
        return STATUS_BAD_MESSAGE;
    case SFTP_UNKNOWN:
    case ENOSYS:
    case EOPNOTSUPP:
        return STATUS_UNSUPPORTED;
    default:
        return STATUS_FAILURE;
    }
}

static const char *text_of(int error) {
    switch (error) {
    case SFTP_DONE:
        return "Success";
    case SFTP_AT_END:
        return "End of file";
    case SFTP_BAD:
        return "Bad message";
    case SFTP_UNKNOWN:
        return "Operation unsupported";
    default:
        return strerror(error);
    }
}

static void answer_status(struct sftp *session, int error) {
    sftp_begin(&session->out, FXP_STATUS, session->id);
    sftp_add_u32(&session->out, status_of(error));
    sftp_add_text(&session->out, text_of(error));
    sftp_add_text(&session->out, "");
}

/* Requests. */

static const struct {
    const char *name, *version;
    sftp_request serve;
} extensions[] = {
    {"posix-rename@openssh.com", "1", sftp_posix_rename}, {"statvfs@openssh.com", "2", sftp_statvfs}, {"fstatvfs@openssh.com", "2", sftp_fstatvfs},
    {"hardlink@openssh.com", "1", sftp_hardlink},         {"fsync@openssh.com", "1", sftp_fsync},     {"lsetstat@openssh.com", "1", sftp_lsetstat},
};

static int serve_extended(struct sftp *session) {
    char name[64];
    sftp_take_text(&session->in, name, sizeof name);
    for (size_t i = 0; i < COUNT_OF(extensions); i++)
        if (!session->in.bad && strcmp(extensions[i].name, name) == 0)
            return extensions[i].serve(session);
    return SFTP_UNKNOWN;
}

static int serve_request(struct sftp *session, uint8_t type) {
    static const sftp_request requests[] = {
        [FXP_OPEN] = sftp_open,         [FXP_CLOSE] = sftp_close_handle, [FXP_READ] = sftp_read,         [FXP_WRITE] = sftp_write,
        [FXP_LSTAT] = sftp_lstat,       [FXP_FSTAT] = sftp_fstat,        [FXP_SETSTAT] = sftp_setstat,   [FXP_FSETSTAT] = sftp_fsetstat,
        [FXP_OPENDIR] = sftp_opendir,   [FXP_READDIR] = sftp_readdir,    [FXP_REMOVE] = sftp_remove,     [FXP_MKDIR] = sftp_mkdir,
        [FXP_RMDIR] = sftp_rmdir,       [FXP_REALPATH] = sftp_realpath,  [FXP_STAT] = sftp_stat,         [FXP_RENAME] = sftp_rename,
        [FXP_READLINK] = sftp_readlink, [FXP_SYMLINK] = sftp_symlink,    [FXP_EXTENDED] = serve_extended,
    };
    return type < COUNT_OF(requests) && requests[type] != NULL ? requests[type](session) : SFTP_UNKNOWN;
}

static void answer_version(struct sftp *session) {
    sftp_begin(&session->out, FXP_VERSION, SFTP_VERSION);
    for (size_t i = 0; i < COUNT_OF(extensions); i++) {
        sftp_add_text(&session->out, extensions[i].name);
        sftp_add_text(&session->out, extensions[i].version);
    }
}

/** @returns false for a packet that is no request */
static bool answer(struct sftp *session) {
    const uint8_t type = *session->in.at;
    session->in.at++;
    session->in.left--;
    session->id = sftp_take_u32(&session->in);
    if (session->in.bad)
        return false;
    if (type == FXP_INIT) {
        answer_version(session);
    } else {
        watchdog_on();
        const int error = serve_request(session, type);
        watchdog_off();
        if (error != SFTP_ANSWERED)
            answer_status(session, error);
    }
    sftp_finish(&session->out);
    return true;
}

static int converse(struct cell *cell) {
    cleanup_free unsigned char *in = must_alloc(SFTP_PACKET_MAX);
    cleanup_free unsigned char *out = must_alloc(SFTP_PACKET_MAX);
    struct input input = {.bytes = in};
    struct sftp session = {.cell = cell, .out = {.bytes = out}};
    for (size_t i = 0; i < SFTP_HANDLES_MAX; i++)
        session.handles[i].fd = -1;
    watchdog_off();
    (void)dprintf(cell->conn, "{\"ready\":{}}\n");
    while (read_packet(cell, &input, &session.in) && answer(&session) && send_all(cell, session.out.bytes, session.out.size))
        ;
    for (size_t i = 0; i < SFTP_HANDLES_MAX; i++)
        sftp_close(&session.handles[i]);
    /* whoever hears the end of the connection finds the mount gone */
    close_now(&cell->container->root_fd);
    return 0;
}

static const struct phase phases[] = {
    {"root", open_root_of_files},
    {"identity", become_root_of_files},
    {"sftp", converse},
};

void serve_sftp(struct cell *cell) {
    set_title("bothy sftp", "");
    watchdog_on();
    if (run_phases(cell, phases, COUNT_OF(phases)) < 0)
        answer_error(&cell->status, cell->conn);
}
