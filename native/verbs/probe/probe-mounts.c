/* See probe-mounts.h. What file systems can do differs, so the folders lie on the one that is asked about; mounts stay in a private namespace. */
#include "verbs/probe/probe-mounts.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "kernel/container.h"
#include "kernel/rootfs.h"
#include "kernel/userns.h"
#include "wire/cell.h"

enum { BASE = 1000000, COUNT = 65536 };

static char scene[PATH_MAX];
static const char *const folders[] = {"lower", "upper", "work"};

bool make_mount_scene(const char *folder) {
    int length = snprintf(scene, sizeof scene, "%s/.bothy-probe-XXXXXX", folder);
    if (length < 0 || (size_t)length >= sizeof scene || mkdtemp(scene) == NULL) {
        scene[0] = '\0';
        return false;
    }
    cleanup_fd int top = open(scene, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = top >= 0 && fchmod(top, 0755) == 0;
    for (size_t i = 0; i < COUNT_OF(folders); i++)
        good = mkdirat(top, folders[i], 0755) == 0 && good;
    return good;
}

void remove_mount_scene(void) {
    cleanup_fd int top = scene[0] == '\0' ? -1 : open(scene, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top < 0)
        return;
    /* what an overlay makes for itself: its index where the kernel keeps one by default */
    static const char *const made[] = {"work/work", "work/index"};
    for (size_t i = 0; i < COUNT_OF(made); i++)
        unlinkat(top, made[i], AT_REMOVEDIR);
    for (size_t i = 0; i < COUNT_OF(folders); i++)
        unlinkat(top, folders[i], AT_REMOVEDIR);
    rmdir(scene);
}

static const char *in_scene(const char *name) {
    char *path = must_alloc(sizeof scene + NAME_MAX);
    snprintf(path, sizeof scene + NAME_MAX, "%s/%s", scene, name);
    return path;
}

static bool can_build(struct root_source root, bool mapped) {
    struct container container = EMPTY_CONTAINER;
    struct cell cell = {.conn = -1, .container = &container, .root = &root};
    if (mapped)
        container.uids = (struct id_map){.line = {{0, BASE, COUNT}}, .count = 1};
    container.gids = container.uids;
    return scene[0] != '\0' && unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           make_userns(&cell) == 0 && build_root(&cell) == 0;
}

static struct root_source overlay(void) {
    return (struct root_source){.kind = ROOT_OVERLAY, .upper = in_scene("upper"), .work = in_scene("work"), .lower = in_scene("lower")};
}

bool has_idmapped_mounts(void) {
    return can_build((struct root_source){.kind = ROOT_DIR, .path = in_scene("lower")}, true);
}

bool has_overlay(void) {
    return can_build(overlay(), false);
}

bool has_overlay_of_idmapped_layers(void) {
    return can_build(overlay(), true);
}
