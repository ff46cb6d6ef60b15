/* See first-process.h. */
#include "verbs/start/first-process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/phase.h"
#include "base/sys.h"
#include "base/util.h"
#include "kernel/cgroup.h"
#include "kernel/choose.h"
#include "kernel/limits.h"
#include "kernel/locks.h"
#include "kernel/mounts.h"
#include "kernel/network.h"
#include "kernel/userns.h"
#include "security/command.h"
#include "security/inherit.h"
#include "security/label.h"
#include "verbs/start/reaper.h"
#include "verbs/start/start.h"
#include "wire/handshake.h"
#include "wire/request.h"

/* Host root's ids, all capabilities in the container's user namespace, host's control groups. */

static int join_control_groups(struct cell *cell) {
    if (join_groups(cell) < 0)
        return -1;
    /* only now, so that the groups just joined are the roots of what the container sees */
    if (unshare(CLONE_NEWCGROUP) < 0)
        return fail(&cell->status, "clone", errno, NULL, "Cannot make a control group namespace");
    return 0;
}

static int become_root(struct cell *cell) {
    setsid();
    umask(0022);
    if (has_user_namespace(cell) && become_inner_root() < 0)
        return fail(&cell->status, "idmap-uid", errno, NULL, "Cannot become the container's root");
    if (!has_user_namespace(cell) && sys_setgroups(0, NULL) < 0)
        return fail(&cell->status, "idmap-gid", errno, NULL, "Cannot leave the supplementary groups");
    own_session_keyring();
    return 0;
}

/* The container's root from here on. */

static int mount_inside(struct cell *cell) {
    /* made while the supervisor locks the others */
    if (open_mounts(cell) < 0 || collect_locks(cell) < 0)
        return -1;
    if (sys_move_mount(cell->container->root_fd, "", AT_FDCWD, "/", MOVE_FROM_EMPTY) < 0)
        return fail(&cell->status, "mount", errno, "/", "Cannot mount the root");
    return run_inside(cell);
}

static int enter_root(struct cell *cell) {
    /* the new root lies over the old; afterwards the old lies over the new, and is let go */
    if (fchdir(cell->container->root_fd) < 0 || sys_pivot_root(".", ".") < 0)
        return fail(&cell->status, "mount", errno, "/", "Cannot make the root the container's own");
    if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return fail(&cell->status, "mount", errno, "/", "Cannot let the host's root go");
    /* one that is shared already could not have become the root */
    return share_mount(cell, cell->container->root_fd, "/");
}

/* Nothing of the host's file systems is in sight from here on; its descriptors go next. */

static int connect_stdio(struct cell *cell) {
    /* without a console, the null device that detach() left */
    int fd = cell->console->slave >= 0 ? cell->console->slave : STDIN_FILENO;
    return keep_only(cell, (const int[]){fd, fd, fd}, NULL);
}

static const struct phase phases[] = {
    {"label", open_label},
    {"control groups", join_control_groups},
    {"identity", become_root},
    {"choice", choose_mounts},
    {"locks", ask_for_locks},
    {"mounts", mount_inside},
    {"network", wait_for_network},
    {"root", enter_root},
    {"label", wear_label},
    {"descriptors", connect_stdio},
    {"privileges", drop_privileges},
};

static _Noreturn void be_first_process(struct cell *cell) {
    if (run_phases(cell, phases, COUNT_OF(phases)) < 0) {
        send_failure(cell->command->peer, &cell->status);
        _exit(126);
    }
    if (start_of(cell)->has_reaper)
        reap_for_command(cell);
    execute(cell);
}

static int enter_user_namespace(struct cell *cell) {
    /* until exec nothing of ours may be read or traced, whoever shares the user namespace */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return fail(&cell->status, "clone", errno, NULL, "Cannot hide the helper's memory");
    if (shed_inherited(cell) < 0 || raise_limits(cell) < 0)
        return -1;
    if (cell->container->userns_fd >= 0 && setns(cell->container->userns_fd, CLONE_NEWUSER) < 0)
        return fail(&cell->status, "clone", errno, NULL, "Cannot enter the user namespace");
    return 0;
}

int clone_first_process(void *context) {
    struct cell *cell = context;
    /* the other end is S's alone, so that its death is heard */
    close(start_of(cell)->supervisor_peer);
    if (enter_user_namespace(cell) < 0)
        return 1;
    struct sys_clone_args args = {
        .flags = CLONE_PARENT | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | (cell->network->is_host ? 0 : CLONE_NEWNET),
    };
    if (cell->groups->into >= 0) {
        args.flags |= CELL_CLONE_INTO_CGROUP;
        args.cgroup = (uint64_t)cell->groups->into;
    }
    pid_t pid = sys_clone3(&args);
    if (pid == 0)
        be_first_process(cell);
    if (pid < 0) {
        fail(&cell->status, "clone", errno, NULL, "Cannot make the container's namespaces");
        return 1;
    }
    start_of(cell)->made.init = pid;
    return 0;
}
