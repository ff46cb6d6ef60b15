/* See file.h. */
#include "verbs/file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/phase.h"
#include "base/sys.h"
#include "base/util.h"
#include "kernel/inroot.h"
#include "kernel/rootfs.h"
#include "kernel/target.h"
#include "kernel/userns.h"
#include "wire/ops.h"
#include "wire/request.h"

enum { WATCHDOG_S = 60 };

void begin_file(struct cell *cell, size_t room) {
    (void)room;
    struct file_request *file = cell->own = request_memory(cell, sizeof *file);
    *file = (struct file_request){.container = EMPTY_CONTAINER, .target = EMPTY_TARGET, .label = EMPTY_LABEL, .proc_fds = -1};
    cell->container = &file->container;
    cell->root = &file->root;
    cell->target = &file->target;
    cell->label = &file->label;
}

int take_file_action(struct cell *cell, struct op *op) {
    struct file_request *file = file_of(cell);
    if (file->action != NULL)
        return fail(&cell->status, op->kind->name, EINVAL, NULL, "Cannot do more than one thing with a file at once");
    file->action = op->kind->name;
    file->words = op->word;
    return 0;
}

static const struct {
    const char *name;
    int (*run)(struct cell *cell);
} actions[] = {{"delete", delete_file}, {"get", get_file}, {"put", put_file}};

static int check_request(struct cell *cell) {
    if (file_of(cell)->action == NULL)
        return fail(&cell->status, "file", EINVAL, NULL, "Cannot tell what to do: get, put or delete is missing");
    if (strlen(file_of(cell)->words[0]) >= PATH_MAX)
        return fail(&cell->status, file_of(cell)->action, ENAMETOOLONG, NULL, "Cannot use so long a path");
    return 0;
}

/* Host root from here. */

static int open_running_root(struct cell *cell) {
    char path[32];
    if (open_target(cell) < 0)
        return -1;
    snprintf(path, sizeof path, "/proc/%d/root", (int)cell->target->pid);
    cell->container->root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    /* alive now means that the path was the container's */
    if (cell->container->root_fd < 0 || sys_pidfd_send_signal(cell->target->fd, 0) < 0)
        return fail(&cell->status, "target", ESRCH, NULL, "Cannot reach the container's files: no such container");
    return 0;
}

int open_root_of_files(struct cell *cell) {
    if (cell->target->pid != 0)
        return open_running_root(cell);
    return make_userns(cell) < 0 ? -1 : build_root(cell);
}

int become_root_of_files(struct cell *cell) {
    cleanup_fd int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0)
        return fail(&cell->status, "file", errno, "/proc", "Cannot open the folder of processes");
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return fail(&cell->status, "file", errno, NULL, "Cannot hide the helper's memory");
    if (open_label(cell) < 0)
        return -1;
    umask(0);
    bool mapped = has_user_namespace(cell);
    /* within the mount namespace the kernel knows what is mounted on, and refuses to rename over it */
    int entered = cell->target->fd >= 0 ? setns(cell->target->fd, CLONE_NEWNS | (mapped ? CLONE_NEWUSER : 0))
                  : mapped              ? setns(cell->container->userns_fd, CLONE_NEWUSER)
                                        : 0;
    if (entered < 0 || (mapped && become_inner_root() < 0))
        return fail(&cell->status, "file", errno, NULL, "Cannot become the container's root");
    if (wear_label(cell) < 0)
        return -1;
    /* only now: SELinux knows this folder by the label that the process has when it is opened */
    file_of(cell)->proc_fds = openat(proc, "self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (file_of(cell)->proc_fds < 0)
        return fail(&cell->status, "file", errno, "/proc/self/fd", "Cannot open the folder of descriptors");
    return 0;
}

/* The container's root from here; of a stopped one with the host's folders still around: no path is resolved but below root_fd. */

static int act(struct cell *cell) {
    for (size_t i = 0; i < COUNT_OF(actions); i++)
        if (strcmp(actions[i].name, file_of(cell)->action) == 0)
            return actions[i].run(cell);
    return fail(&cell->status, "file", EINVAL, NULL, "Cannot do \"%s\"", file_of(cell)->action);
}

static const struct phase phases[] = {
    {"request", check_request},
    {"root", open_root_of_files},
    {"identity", become_root_of_files},
    {"file", act},
};

void serve_file(struct cell *cell) {
    set_title("bothy file", "");
    watchdog_on();
    if (run_phases(cell, phases, COUNT_OF(phases)) < 0)
        answer_error(&cell->status, cell->conn);
}

int reopen_file(const struct cell *cell, int path_fd, int flags) {
    char number[16];
    snprintf(number, sizeof number, "%d", path_fd);
    return openat(file_of(cell)->proc_fds, number, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void watchdog_on(void) {
    signal(SIGALRM, SIG_DFL);
    alarm(WATCHDOG_S);
}

void watchdog_off(void) {
    alarm(0);
}

int delete_file(struct cell *cell) {
    const char *path = file_of(cell)->words[0];
    char last[NAME_MAX + 1];
    struct stat about;
    cleanup_fd int parent = open_parent_in_root(cell->container->root_fd, path, last);
    if (parent < 0)
        return fail(&cell->status, "delete", errno, path, "Cannot open the folder of the file");
    if (strcmp(last, ".") == 0)
        return fail(&cell->status, "delete", EBUSY, path, "Cannot delete the folder that the path ends in");
    if (fstatat(parent, last, &about, AT_SYMLINK_NOFOLLOW) < 0 || unlinkat(parent, last, S_ISDIR(about.st_mode) ? AT_REMOVEDIR : 0) < 0)
        return fail(&cell->status, "delete", errno, path, "Cannot delete the file");
    (void)dprintf(cell->conn, "{\"done\":{\"existed\":true}}\n");
    return 0;
}
