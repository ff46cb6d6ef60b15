/* See streams.h. */
#include "stdio/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/util.h"
#include "kernel/container.h"
#include "kernel/userns.h"
#include "security/command.h"

/** Makes a pipe whose end for the process belongs to its user. @param ours gets the other end */
static int open_pipe(struct cell *cell, struct streams *streams, int fd, int *ours) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail(&cell->status, "stdio", errno, NULL, "Cannot make a pipe");
    streams->inner[fd] = ends[fd == 0 ? 0 : 1];
    *ours = ends[fd == 0 ? 1 : 0];
    uint32_t uid = cell->command->uid, gid = cell->command->gid;
    if (has_user_namespace(cell) &&
        (!map_id(&cell->container->uids, cell->command->uid, &uid) || !map_id(&cell->container->gids, cell->command->gid, &gid)))
        return fail(&cell->status, "user", EINVAL, NULL, "Cannot become the user %u and group %u: they are not mapped", cell->command->uid,
                    cell->command->gid);
    if (fchown(streams->inner[fd], uid, gid) < 0)
        return fail(&cell->status, "stdio", errno, NULL, "Cannot give the pipe to the process");
    return 0;
}

static int open_record(struct cell *cell, const struct stream *stream, struct streams *streams, int fd) {
    cleanup_fd int ours = -1;
    if (open_pipe(cell, streams, fd, &ours) < 0)
        return -1;
    cleanup_fd int file = open(stream->path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600);
    if (file < 0)
        return fail(&cell->status, "stdio", errno, stream->path, "Cannot open the file");
    if (record_begin(&streams->records[fd], steal_fd(&ours), steal_fd(&file), stream->max) < 0)
        return fail(&cell->status, "stdio", errno, stream->path, "Cannot keep the output");
    return 0;
}

int open_streams(struct cell *cell, const struct stdio *wanted, struct streams *streams) {
    memset(streams, 0xff, sizeof *streams);
    for (int fd = 0; fd < 3; fd++) {
        const struct stream *stream = &wanted->stream[fd];
        /* with a terminal, two pipes carry its bytes between the caller and us */
        if (wanted->has_tty ? fd < 2 : stream->kind == STREAM_PIPE) {
            if (open_pipe(cell, streams, fd, &streams->caller[fd]) < 0)
                return -1;
        } else if (stream->kind == STREAM_FILE && !wanted->has_tty) {
            if (open_record(cell, stream, streams, fd) < 0)
                return -1;
        } else if (!wanted->has_tty) {
            streams->inner[fd] = open("/dev/null", O_RDWR | O_CLOEXEC);
            if (streams->inner[fd] < 0)
                return fail(&cell->status, "stdio", errno, "/dev/null", "Cannot open the null device");
        }
    }
    return 0;
}

void close_inner(struct streams *streams) {
    for (int fd = 0; fd < 3; fd++)
        close_now(&streams->inner[fd]);
}

void close_callers(struct streams *streams) {
    for (int fd = 0; fd < 3; fd++)
        close_now(&streams->caller[fd]);
}
