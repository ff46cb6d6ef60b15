/* See target.h. */
#include "kernel/target.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/sys.h"
#include "base/util.h"
#include "kernel/container.h"
#include "kernel/userns.h"
#include "wire/ops.h"

int take_target(struct cell *cell, struct op *op) {
    uint64_t pid;
    if (!parse_number(op->word[0], INT32_MAX, &pid) || pid == 0 || !parse_number(op->word[1], UINT64_MAX, &cell->target->start))
        return fail(&cell->status, "target", EINVAL, NULL, "Cannot enter the process \"%.32s\" of start time \"%.32s\"", op->word[0], op->word[1]);
    cell->target->pid = (pid_t)pid;
    return 0;
}

/** Whether the target's user namespace is our own. */
static bool shares_user_namespace(pid_t pid) {
    char path[32];
    struct stat ours, theirs;
    snprintf(path, sizeof path, "/proc/%d/ns/user", (int)pid);
    return stat("/proc/self/ns/user", &ours) == 0 && stat(path, &theirs) == 0 && ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

int open_target(struct cell *cell) {
    if (cell->target->pid == 0)
        return fail(&cell->status, "target", EINVAL, NULL, "Cannot enter a container: no target is given");
    cell->target->fd = sys_pidfd_open(cell->target->pid);
    /* what has this start time and is alive after we held it is what we hold */
    if (cell->target->fd < 0 || process_start_time(cell->target->pid) != cell->target->start ||
        sys_pidfd_send_signal(cell->target->fd, 0) < 0)
        return fail(&cell->status, "target", ESRCH, NULL, "Cannot enter the container: no such container");
    if (cell->verb == VERB_NET_STATE || cell->verb == VERB_AWAIT)
        return 0;
    /* without the id map we would act on an unprivileged container's files as the host's root */
    if (shares_user_namespace(cell->target->pid) == has_user_namespace(cell))
        return fail(&cell->status, "target", EINVAL, NULL, "Cannot enter the container: its id map is missing, or it has none");
    return 0;
}

int enter_target(struct cell *cell, int namespaces) {
    /* the container may trace its own processes: until we leave nobody in there may look at us */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return fail(&cell->status, "target", errno, NULL, "Cannot hide the helper's memory");
    if (setns(cell->target->fd, namespaces | (has_user_namespace(cell) ? CLONE_NEWUSER : 0)) < 0)
        return fail(&cell->status, "target", errno, NULL, "Cannot enter the container's namespaces");
    if (has_user_namespace(cell) && become_inner_root() < 0)
        return fail(&cell->status, "idmap-uid", errno, NULL, "Cannot become the container's root");
    if ((namespaces & CLONE_NEWNS) == 0)
        return 0;
    cell->container->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (cell->container->root_fd < 0)
        return fail(&cell->status, "target", errno, "/", "Cannot open the container's root");
    return 0;
}
