/* See sftp-session.h. */
#include "verbs/sftp/sftp-session.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { HANDLE_SIZE = 8 };

static void write_handle(unsigned char bytes[HANDLE_SIZE], uint32_t place, uint32_t turn) {
    for (int i = 0; i < 4; i++) {
        bytes[i] = (unsigned char)(place >> (24 - 8 * i));
        bytes[4 + i] = (unsigned char)(turn >> (24 - 8 * i));
    }
}

static bool is_free(const struct sftp_handle *handle) {
    return handle->fd < 0 && handle->folder == NULL;
}

int sftp_keep(struct sftp *session, int fd, DIR *folder) {
    for (uint32_t place = 0; place < SFTP_HANDLES_MAX; place++) {
        struct sftp_handle *handle = &session->handles[place];
        if (!is_free(handle))
            continue;
        unsigned char bytes[HANDLE_SIZE];
        *handle = (struct sftp_handle){.fd = fd, .folder = folder, .turn = handle->turn + 1};
        write_handle(bytes, place, handle->turn);
        sftp_begin(&session->out, FXP_HANDLE, session->id);
        sftp_add_u32(&session->out, HANDLE_SIZE);
        sftp_add_bytes(&session->out, bytes, HANDLE_SIZE);
        return SFTP_ANSWERED;
    }
    struct sftp_handle surplus = {.fd = fd, .folder = folder};
    sftp_close(&surplus);
    return EMFILE;
}

struct sftp_handle *sftp_take_handle(struct sftp *session) {
    size_t size;
    const unsigned char *bytes = sftp_take_bytes(&session->in, &size);
    if (session->in.bad || size != HANDLE_SIZE)
        return NULL;
    const uint32_t place = (uint32_t)bytes[2] << 8 | bytes[3];
    if (place >= SFTP_HANDLES_MAX)
        return NULL;
    struct sftp_handle *handle = &session->handles[place];
    unsigned char expected[HANDLE_SIZE];
    write_handle(expected, place, handle->turn);
    return !is_free(handle) && memcmp(bytes, expected, HANDLE_SIZE) == 0 ? handle : NULL;
}

void sftp_close(struct sftp_handle *handle) {
    if (handle->folder != NULL)
        closedir(handle->folder);
    if (handle->fd >= 0)
        close(handle->fd);
    handle->folder = NULL;
    handle->fd = -1;
}

bool sftp_take_path(struct sftp *session, char path[PATH_MAX]) {
    sftp_take_text(&session->in, path, PATH_MAX);
    return !session->in.bad;
}

int sftp_tell(struct sftp *session, const struct stat *about) {
    sftp_begin(&session->out, FXP_ATTRS, session->id);
    sftp_add_attributes(&session->out, about);
    return SFTP_ANSWERED;
}
