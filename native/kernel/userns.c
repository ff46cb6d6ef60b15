/* See userns.h. */
#include "kernel/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/child.h"
#include "base/sys.h"
#include "base/util.h"
#include "kernel/container.h"
#include "wire/handshake.h"
#include "wire/ops.h"

int take_id_line(struct cell *cell, struct op *op) {
    struct id_map *map = strcmp(op->kind->name, "idmap-uid") == 0 ? &cell->container->uids : &cell->container->gids;
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

/* PROC_USER_INIT_INO of the kernel's proc_ns.h */
#define FIRST_USER_NAMESPACE 0xEFFFFFFDU

bool is_in_user_namespace(void) {
    struct stat about;
    return stat("/proc/self/ns/user", &about) == 0 && about.st_ino != FIRST_USER_NAMESPACE;
}

int become_inner_root(void) {
    if (sys_setgroups(0, NULL) < 0 || sys_setresgid(0) < 0 || sys_setresuid(0) < 0)
        return -1;
    return 0;
}

/* The container's root as the host sees it. */
struct root_ids {
    uint32_t uid, gid;
};

/**
 * The life of the process that unshares the user namespace: it tells when it is made, and leaves at end of file.
 * It does so as the container's root on the host, since the kernel counts inotify and other limits per creator (docs/kernel.md, Limits that containers share).
 */
static int hold_namespace(int peer, void *context) {
    const struct root_ids *root = context;
    struct message *message = new_message();
    int error = 0;
    if (syscall(SYS_setresgid, -1, root->gid, -1) < 0 || syscall(SYS_setresuid, -1, root->uid, -1) < 0 || unshare(CLONE_NEWUSER) < 0)
        error = errno;
    if (send_step(peer, STEP_CREATED, error, -1) == 0)
        (void)receive_step(peer, message, -1);
    return 0;
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

/** Waits until the namespace is there. */
static int await_namespace(struct cell *cell, int peer) {
    cleanup_free struct message *message = new_message();
    if (receive_step(peer, message, -1) < 0 || message->step != STEP_CREATED)
        return fail(&cell->status, "userns", ECHILD, NULL, "Cannot make a user namespace");
    if (message->number != 0)
        return fail(&cell->status, "clone", message->number, NULL, "Cannot make a user namespace");
    return 0;
}

/** Gives the namespace that a process holds its ids, and holds it by a descriptor. */
static int map_namespace(struct cell *cell, pid_t holder) {
    char path[48];
    if (write_map(cell, holder, "uid_map", &cell->container->uids) < 0 || write_map(cell, holder, "gid_map", &cell->container->gids) < 0)
        return -1;
    snprintf(path, sizeof path, "/proc/%d/ns/user", (int)holder);
    cell->container->userns_fd = open(path, O_RDONLY | O_CLOEXEC);
    return cell->container->userns_fd < 0 ? fail(&cell->status, "userns", errno, path, "Cannot open the user namespace") : 0;
}

int make_userns(struct cell *cell) {
    struct root_ids root;
    if (!has_user_namespace(cell))
        return 0;
    if (!map_id(&cell->container->uids, 0, &root.uid) || !map_id(&cell->container->gids, 0, &root.gid))
        return fail(&cell->status, "idmap-uid", EINVAL, NULL, "Cannot make a user namespace whose root is not mapped");
    cleanup_fd int peer = -1;
    pid_t holder = fork_with_handshake(hold_namespace, &root, &peer);
    if (holder < 0)
        return fail(&cell->status, "userns", errno, NULL, "Cannot fork");
    int result = await_namespace(cell, peer) < 0 ? -1 : map_namespace(cell, holder);
    /* it leaves at end of file */
    close_now(&peer);
    reap_child(holder);
    return result;
}
