/* See probe-mounts.h. A tmpfs in a private mount namespace holds the folders; the namespace ends with the process. */
#include "probe-mounts.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cell.h"
#include "rootfs.h"
#include "userns.h"
#include "util.h"

enum { BASE = 1000000, COUNT = 65536 };

static bool make_scene(void) {
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", "/tmp", "tmpfs", 0, "mode=755") == 0 && mkdir("/tmp/lower", 0755) == 0 && mkdir("/tmp/upper", 0755) == 0 &&
           mkdir("/tmp/work", 0755) == 0;
}

static bool can_build(struct root_source root, bool mapped) {
    struct cell *cell = must_alloc(sizeof *cell);
    cell_begin(cell, -1);
    cell->root = root;
    if (mapped) {
        cell->uids = (struct id_map){.line = {{0, BASE, COUNT}}, .count = 1};
        cell->gids = cell->uids;
    }
    return make_scene() && make_userns(cell) == 0 && build_root(cell) == 0;
}

static const struct root_source overlay = {.kind = ROOT_OVERLAY, .upper = "/tmp/upper", .work = "/tmp/work", .lower = "/tmp/lower"};

bool has_idmapped_mounts(void) {
    return can_build((struct root_source){.kind = ROOT_DIR, .path = "/tmp/lower"}, true);
}

bool has_overlay(void) {
    return can_build(overlay, false);
}

bool has_overlay_of_idmapped_layers(void) {
    return can_build(overlay, true);
}
