/*
 * What a container's root may try against the mounts that it was given. Static, so that it runs in any root.
 *
 *     attack flags PATH...    tries to make each path's mount writable, and to lift its nodev, nosuid and noexec
 *     attack cover PATH...    tries to take off what covers each path
 *
 * ONLY=NAME in the environment makes it one kind of attempt.
 * Each attempt is made by a process of its own: as it is, in a mount namespace of its own, in a user and mount namespace of its own. One line for each that succeeded.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OPEN_TREE = 428, MOVE_MOUNT = 429, FSCONFIG = 431, FSPICK = 433, MOUNT_SETATTR = 442 };
enum { TREE_CLONE = 1, FROM_EMPTY = 4, RECURSIVE = 0x8000, CMD_RECONFIGURE = 7, SET_FLAG = 0 };
enum { LOCKABLE = ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC };

struct mount_attributes {
    uint64_t set, clear, propagation, userns;
};
static struct mount_attributes freed = {.clear = 0x01 | 0x02 | 0x04 | 0x08};

static const char *place = "/tmp/attack";

static void remount(const char *path) {
    mount(NULL, path, NULL, MS_REMOUNT, NULL);
    mount(NULL, path, NULL, MS_REMOUNT, "rw");
}
static void remount_bind(const char *path) {
    mount(NULL, path, NULL, MS_REMOUNT | MS_BIND, NULL);
    mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RELATIME, NULL);
    mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_NOATIME, NULL);
}
static void set_attributes(const char *path) {
    syscall(MOUNT_SETATTR, AT_FDCWD, path, 0, &freed, sizeof freed);
    syscall(MOUNT_SETATTR, AT_FDCWD, path, RECURSIVE, &freed, sizeof freed);
}
static void reconfigure(const char *path) {
    int picked = (int)syscall(FSPICK, AT_FDCWD, path, 0);
    syscall(FSCONFIG, picked, SET_FLAG, "rw", NULL, 0);
    syscall(FSCONFIG, picked, CMD_RECONFIGURE, NULL, NULL, 0);
}
static void take(const char *path) {
    umount2(path, 0);
    umount2(path, MNT_DETACH);
    int at = open(path, O_PATH);
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", at);
    umount2(link, MNT_DETACH);
}
static void bind_elsewhere(const char *path) {
    mount(path, place, NULL, MS_BIND, NULL);
    remount_bind(place);
    set_attributes(place);
}
static void bind_all_elsewhere(const char *path) {
    mount(path, place, NULL, MS_BIND | MS_REC, NULL);
    remount_bind(place);
    set_attributes(place);
}
static void move(const char *path) {
    mount(path, place, NULL, MS_MOVE, NULL);
    remount_bind(place);
}
static void clone_tree(const char *path) {
    int tree = (int)syscall(OPEN_TREE, AT_FDCWD, path, TREE_CLONE | RECURSIVE);
    if (tree < 0)
        tree = (int)syscall(OPEN_TREE, AT_FDCWD, path, TREE_CLONE);
    syscall(MOUNT_SETATTR, tree, "", AT_EMPTY_PATH, &freed, sizeof freed);
    syscall(MOUNT_SETATTR, tree, "", AT_EMPTY_PATH | RECURSIVE, &freed, sizeof freed);
    syscall(MOVE_MOUNT, tree, "", AT_FDCWD, place, FROM_EMPTY);
    remount_bind(place);
}
static void share(const char *path) {
    mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL);
    unshare(CLONE_NEWNS);
    take(path);
    remount_bind(path);
}

static const struct {
    const char *name;
    void (*run)(const char *path);
    int elsewhere; /* the result is to be seen at `place` */
    int takes;     /* it may take the mount away, so that there is nothing left for the next */
} attacks[] = {
    {"remount", remount, 0, 0},
    {"bind remount", remount_bind, 0, 0},
    {"mount_setattr", set_attributes, 0, 0},
    {"reconfigure", reconfigure, 0, 0},
    {"unmount", take, 0, 1},
    {"bind elsewhere", bind_elsewhere, 1, 0},
    {"recursive bind elsewhere", bind_all_elsewhere, 1, 0},
    {"move", move, 1, 1},
    {"clone", clone_tree, 1, 0},
    {"share", share, 0, 1},
};

static const struct {
    const char *name;
    int namespaces;
    int is_private; /* nothing that is done there comes back, and what lies on a mount can be moved away */
} settings[] = {
    {"", 0, 0},
    {" in a shared mount namespace", CLONE_NEWNS, 0},
    {" in a mount namespace", CLONE_NEWNS, 1},
    {" in a user namespace", CLONE_NEWUSER | CLONE_NEWNS, 1},
};

static void write_file(const char *path, const char *text) {
    int fd = open(path, O_WRONLY);
    if (fd >= 0 && write(fd, text, strlen(text)) < 0)
        perror(path);
    close(fd);
}

static void enter(int namespaces, int is_private) {
    if (namespaces != 0 && unshare(namespaces) < 0)
        _exit(0);
    if ((namespaces & CLONE_NEWUSER) != 0) {
        write_file("/proc/self/setgroups", "deny");
        write_file("/proc/self/uid_map", "0 0 1");
        write_file("/proc/self/gid_map", "0 0 1");
    }
    if (is_private)
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

static int is_same(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

int main(int argc, char **argv) {
    const char *only = getenv("ONLY");
    int flags = argc > 1 && strcmp(argv[1], "flags") == 0;
    for (int i = 2; i < argc; i++) {
        for (size_t k = 0; k < sizeof settings / sizeof *settings; k++) {
            for (size_t j = 0; j < sizeof attacks / sizeof *attacks; j++) {
                if (only != NULL && strcmp(only, attacks[j].name) != 0)
                    continue;
                if (flags && attacks[j].takes && !settings[k].is_private)
                    continue;
                if (fork() != 0) {
                    wait(NULL);
                    continue;
                }
                struct stat was, is, kind;
                struct statvfs before, after;
                stat(argv[i], &kind);
                umount2(place, MNT_DETACH);
                unlink(place);
                rmdir(place);
                if (S_ISDIR(kind.st_mode) ? mkdir(place, 0700) < 0 : mknod(place, S_IFREG | 0600, 0) < 0)
                    perror(place);
                stat(argv[i], &was);
                statvfs(argv[i], &before);
                enter(settings[k].namespaces, settings[k].is_private);
                attacks[j].run(argv[i]);
                const char *seen = attacks[j].elsewhere ? place : argv[i];
                int there = stat(seen, &is) == 0 && statvfs(seen, &after) == 0;
                if (flags && there && is_same(&was, &is) && (before.f_flag & LOCKABLE & ~after.f_flag) != 0)
                    printf("%s%s freed %s\n", attacks[j].name, settings[k].name, argv[i]);
                if (!flags && !attacks[j].elsewhere && !(stat(argv[i], &is) == 0 && is_same(&was, &is)))
                    printf("%s%s uncovered %s\n", attacks[j].name, settings[k].name, argv[i]);
                fflush(stdout);
                umount2(place, MNT_DETACH);
                _exit(0);
            }
        }
    }
    return 0;
}
