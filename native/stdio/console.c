/* See console.h. */
#include "stdio/console.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/sys.h"
#include "base/util.h"
#include "kernel/container.h"
#include "kernel/inroot.h"
#include "security/command.h"
#include "wire/handshake.h"
#include "wire/ops.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif

/* the kernel has 4096 for all of the host, of which a guest shall not take most */
#define TERMINALS_MAX "1024"

enum { DRAIN_AT_ONCE = 16 * 1024, CONSOLE_WIDTH = 80, CONSOLE_HEIGHT = 25 };

int open_slave(int master) {
    int locked = 0;
    if (ioctl(master, TIOCSPTLCK, &locked) < 0)
        return -1;
    return ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

int open_master(int root_fd) {
    /* O_NONBLOCK so that a fifo put there by the guest cannot hold us */
    cleanup_fd int master = open_in_root(root_fd, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW, 0);
    struct statfs filesystem;
    struct stat node;
    if (master < 0 || fstatfs(master, &filesystem) < 0 || fstat(master, &node) < 0)
        return -1;
    if (filesystem.f_type != DEVPTS_SUPER_MAGIC || !S_ISCHR(node.st_mode) || node.st_rdev != makedev(5, 2)) {
        errno = ENOTTY;
        return -1;
    }
    return steal_fd(&master);
}

int set_terminal_size(int terminal, uint16_t width, uint16_t height) {
    struct winsize size = {.ws_col = width, .ws_row = height};
    return ioctl(terminal, TIOCSWINSZ, &size);
}

void resize_by_command(int terminal, const char *line) {
    unsigned width, height;
    char rest;
    if (terminal >= 0 && sscanf(line, "resize %5u %5u%c", &width, &height, &rest) == 2 && width <= UINT16_MAX && height <= UINT16_MAX)
        (void)set_terminal_size(terminal, (uint16_t)width, (uint16_t)height);
}

/** A new devpts instance as a detached mount. Terminals belong to group 5, tty, where that id is mapped. @param context of all of them, for SELinux; NULL for none */
static int make_devpts(bool with_group, const char *context) {
    cleanup_fd int filesystem = sys_fsopen("devpts");
    if (filesystem < 0 || sys_fsconfig(filesystem, FS_SET_STRING, "ptmxmode", "0666", 0) < 0 ||
        sys_fsconfig(filesystem, FS_SET_STRING, "mode", "0620", 0) < 0 ||
        sys_fsconfig(filesystem, FS_SET_STRING, "max", TERMINALS_MAX, 0) < 0 ||
        (context != NULL && sys_fsconfig(filesystem, FS_SET_STRING, "context", context, 0) < 0) ||
        (with_group && sys_fsconfig(filesystem, FS_SET_STRING, "gid", "5", 0) < 0) ||
        sys_fsconfig(filesystem, FS_CREATE, NULL, NULL, 0) < 0)
        return -1;
    return sys_fsmount(filesystem, ATTR_NOSUID | ATTR_NOEXEC);
}

int inside_devpts(struct cell *cell, struct op *op) {
    (void)op;
    const char *context = cell->container->contexts.terminals;
    cleanup_fd int devpts = make_devpts(true, context);
    if (devpts < 0 && errno == EINVAL)
        devpts = make_devpts(false, context);
    if (devpts < 0)
        return fail(&cell->status, "devpts", errno, "/dev/pts", "Cannot mount devpts");
    cleanup_fd int target = make_folder_in_root(cell->container->root_fd, "/dev/pts", 0755);
    if (target < 0 || sys_move_mount(devpts, "", target, "", MOVE_FROM_EMPTY | MOVE_TO_EMPTY) < 0)
        return fail(&cell->status, "devpts", errno, "/dev/pts", "Cannot mount devpts");
    cleanup_fd int dev = open_in_root(cell->container->root_fd, "/dev", O_PATH | O_DIRECTORY, 0);
    if (dev < 0 || (symlinkat("pts/ptmx", dev, "ptmx") < 0 && errno != EEXIST))
        return fail(&cell->status, "devpts", errno, "/dev/ptmx", "Cannot make the symlink");
    return 0;
}

int inside_console(struct cell *cell, struct op *op) {
    (void)op;
    cleanup_fd int master = open_master(cell->container->root_fd);
    cell->console->slave = master < 0 ? -1 : open_slave(master);
    if (cell->console->slave < 0 || set_terminal_size(master, CONSOLE_WIDTH, CONSOLE_HEIGHT) < 0)
        return fail(&cell->status, "console", errno, "/dev/pts/ptmx", "Cannot open a terminal for the console");
    if (fchmod(cell->console->slave, 0600) < 0)
        return fail(&cell->status, "console", errno, NULL, "Cannot set the mode of the console");
    cleanup_fd int node = sys_open_tree(cell->console->slave, "", AT_EMPTY_PATH | TREE_CLONE | TREE_CLOEXEC);
    cleanup_fd int target = make_target_in_root(cell->container->root_fd, "/dev/console", 0);
    if (node < 0 || target < 0 || sys_move_mount(node, "", target, "", MOVE_FROM_EMPTY | MOVE_TO_EMPTY) < 0)
        return fail(&cell->status, "console", errno, "/dev/console", "Cannot mount the console");
    if (send_step(cell->command->peer, STEP_CONSOLE, 0, master) < 0)
        return fail(&cell->status, "console", errno, NULL, "Cannot hand the console to the supervisor");
    return 0;
}

static int open_log(const char *path) {
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
}

int take_console_log(struct cell *cell, struct op *op) {
    cell->console->path = op->word[0];
    if (!parse_number(op->word[1], INT64_MAX, &cell->console->max) || cell->console->max == 0)
        return fail(&cell->status, "console-log", EINVAL, NULL, "Cannot bound the console log by \"%.64s\" bytes", op->word[1]);
    return 0;
}

int console_log_open(struct status *status, struct console_log *log) {
    struct stat about;
    if (log->path == NULL)
        return 0;
    log->path = strdup(log->path);
    if (log->path == NULL)
        abort();
    log->file = open_log(log->path);
    if (log->file < 0 || fstat(log->file, &about) < 0)
        return fail(status, "console-log", errno, log->path, "Cannot open the console log");
    log->size = (uint64_t)about.st_size;
    return 0;
}

static void start_new_file(struct console_log *log) {
    char old[PATH_MAX];
    int length = snprintf(old, sizeof old, "%s.old", log->path);
    if (length < 0 || (size_t)length >= sizeof old || rename(log->path, old) < 0) {
        /* where the old file cannot be kept the bound still holds */
        log->size = ftruncate(log->file, 0) == 0 ? 0 : log->size;
        return;
    }
    close(log->file);
    log->file = open_log(log->path);
    log->size = 0;
}

static void keep(struct console_log *log, const char *bytes, size_t count) {
    while (count > 0 && log->file >= 0) {
        if (log->size >= log->max)
            start_new_file(log);
        size_t room = log->max > log->size ? (size_t)(log->max - log->size) : 0;
        size_t part = count < room ? count : room;
        /* a full disk loses console output, and nothing else */
        if (part == 0 || write_all(log->file, bytes, part) < 0)
            return;
        log->size += part;
        bytes += part;
        count -= part;
    }
}

bool console_log_drain(struct console_log *log) {
    char bytes[2048];
    for (size_t moved = 0; moved < DRAIN_AT_ONCE;) {
        size_t room = attached_room(log->attached, sizeof bytes);
        ssize_t got = room == 0 ? 0 : read(log->master, bytes, room);
        if (got <= 0)
            return false;
        keep(log, bytes, (size_t)got);
        attached_print(log->attached, bytes, (size_t)got);
        moved += (size_t)got;
    }
    return true;
}

void console_log_revive(struct console_log *log) {
    close_now(&log->slave);
    log->slave = open_slave(log->master);
    if (log->slave < 0)
        close_now(&log->master);
}

void console_log_close(struct console_log *log) {
    attached_end(log->attached);
    log->attached = NULL;
    close_now(&log->slave);
    close_now(&log->master);
    close_now(&log->file);
    free(log->path);
    log->path = NULL;
}
