/* See userns.h. */
#include "kernel/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/sys.h"
#include "base/util.h"
#include "wire/handshake.h"
#include "wire/ops.h"

int take_id_line(struct cell *cell, struct op *op) {
    struct id_map *map = strcmp(op->kind->name, "idmap-uid") == 0 ? &cell->uids : &cell->gids;
    uint64_t inner, host, count;
    if (map->count == ID_LINES_MAX)
        return fail(&cell->status, op->kind->name, EOVERFLOW, NULL, "Cannot take more than %d lines of an id map", ID_LINES_MAX);
    if (!parse_number(op->word[0], UINT32_MAX - 1, &inner) || !parse_number(op->word[1], UINT32_MAX - 1, &host) ||
        !parse_number(op->word[2], UINT32_MAX, &count) || count == 0)
        return fail(&cell->status, op->kind->name, EINVAL, NULL, "Cannot map ids by \"%.16s %.16s %.16s\"", op->word[0], op->word[1],
                    op->word[2]);
    map->line[map->count++] = (struct id_line){(uint32_t)inner, (uint32_t)host, (uint32_t)count};
    return 0;
}

bool map_id(const struct id_map *map, uint32_t inner, uint32_t *host) {
    for (unsigned i = 0; i < map->count; i++) {
        const struct id_line *line = &map->line[i];
        if (inner >= line->inner && inner - line->inner < line->count) {
            *host = line->host + (inner - line->inner);
            return true;
        }
    }
    return false;
}

int become_inner_root(void) {
    if (sys_setgroups(0, NULL) < 0 || sys_setresgid(0) < 0 || sys_setresuid(0) < 0)
        return -1;
    return 0;
}

/**
 * The life of the process that unshares the user namespace: it tells when it is made, and leaves at end of file.
 * It does so as the container's root on the host, since the kernel counts inotify and other limits per creator (docs/kernel.md, Limits that containers share).
 */
static _Noreturn void hold_namespace(int peer, uid_t uid, gid_t gid) {
    char error = 0;
    if (syscall(SYS_setresgid, -1, gid, -1) < 0 || syscall(SYS_setresuid, -1, uid, -1) < 0 || unshare(CLONE_NEWUSER) < 0)
        error = (char)errno;
    if (write_all(peer, &error, 1) == 0)
        (void)!read(peer, &error, 1);
    _exit(0);
}

static int write_map(struct cell *cell, pid_t pid, const char *file, const struct id_map *map) {
    char path[48], text[ID_LINES_MAX * 36];
    size_t length = 0;
    const char *op = strcmp(file, "uid_map") == 0 ? "idmap-uid" : "idmap-gid";
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    for (unsigned i = 0; i < map->count; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%u %u %u\n", map->line[i].inner, map->line[i].host,
                                   map->line[i].count);
    if (write_control_file(AT_FDCWD, path, text) < 0)
        return fail(&cell->status, op, errno, NULL, "Cannot write the id map");
    return 0;
}

int make_userns(struct cell *cell) {
    if (!has_user_namespace(cell))
        return 0;
    uint32_t uid, gid;
    if (!map_id(&cell->uids, 0, &uid) || !map_id(&cell->gids, 0, &gid))
        return fail(&cell->status, "idmap-uid", EINVAL, NULL, "Cannot make a user namespace whose root is not mapped");

    int pair[2];
    if (handshake_pair(pair) < 0)
        return fail(&cell->status, "userns", errno, NULL, "Cannot make a socket pair");
    cleanup_fd int ours = pair[0];
    cleanup_fd int theirs = pair[1];
    pid_t holder = fork();
    if (holder < 0)
        return fail(&cell->status, "userns", errno, NULL, "Cannot fork");
    if (holder == 0) {
        close(ours);
        hold_namespace(theirs, uid, gid);
    }
    close_now(&theirs);

    char error, path[48];
    int result = 0;
    if (read_all(ours, &error, 1) < 0)
        result = fail(&cell->status, "userns", errno, NULL, "Cannot make a user namespace");
    else if (error != 0)
        result = fail(&cell->status, "clone", error, NULL, "Cannot make a user namespace");
    if (result == 0)
        result = write_map(cell, holder, "uid_map", &cell->uids);
    if (result == 0)
        result = write_map(cell, holder, "gid_map", &cell->gids);
    if (result == 0) {
        snprintf(path, sizeof path, "/proc/%d/ns/user", (int)holder);
        cell->userns_fd = open(path, O_RDONLY | O_CLOEXEC);
        if (cell->userns_fd < 0)
            result = fail(&cell->status, "userns", errno, path, "Cannot open the user namespace");
    }
    close_now(&ours);
    while (waitpid(holder, NULL, 0) < 0 && errno == EINTR)
        ;
    return result;
}
