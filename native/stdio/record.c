/* See record.h. */
#include "stdio/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/util.h"

/* a pipe holds 1 MiB at most, unless its writer has CAP_SYS_RESOURCE (pipe(7)) */
enum { PIECE = 64 * 1024, PIECES_AT_ONCE = 32 };

int record_begin(struct record *record, int from, int file, uint64_t max) {
    *record = (struct record){.from = from, .file = file, .left = max};
    int flags = fcntl(from, F_GETFL);
    return flags < 0 ? -1 : fcntl(from, F_SETFL, flags | O_NONBLOCK);
}

struct pollfd record_poll(const struct record *record) {
    return (struct pollfd){.fd = record->from, .events = POLLIN};
}

static void keep(struct record *record, const char *bytes, uint64_t count) {
    if (record->file < 0)
        return;
    uint64_t part = count < record->left ? count : record->left;
    /* a full disk loses output, and nothing else */
    bool failed = write_all(record->file, bytes, part) < 0;
    record->left -= part;
    if (!failed && part == count)
        return;
    dprintf(record->file, "\n[bothy: %s]\n", failed ? "this could not be written whole" : "there was more output; it is not kept");
    close_now(&record->file);
}

void record_move(struct record *record) {
    char bytes[PIECE];
    for (int pieces = 0; pieces < PIECES_AT_ONCE && record->from >= 0; pieces++) {
        ssize_t got = read(record->from, bytes, sizeof bytes);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (got <= 0) {
            close_now(&record->from);
            close_now(&record->file);
            return;
        }
        keep(record, bytes, (uint64_t)got);
    }
}

void record_to_end(struct record *records, int count) {
    for (;;) {
        struct pollfd polled[2];
        bool open = false;
        for (int i = 0; i < count; i++) {
            polled[i] = record_poll(&records[i]);
            open = open || records[i].from >= 0;
        }
        if (!open)
            return;
        if (poll(polled, (nfds_t)count, -1) < 0)
            continue;
        for (int i = 0; i < count; i++)
            if (polled[i].revents != 0)
                record_move(&records[i]);
    }
}
