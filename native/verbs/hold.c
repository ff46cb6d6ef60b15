/*
 * See hold.h.
 *
 * An ordinary user's processes may not write a map of several ranges: newuidmap and newgidmap may, from outside. So the parent stays in the user's own namespace
 * until the child's has its ids.
 *
 *     parent (the user)                    child, the holder
 *         |                                    | unshare(user)
 *         |<── STEP_CREATED ────────────────── |
 *         | newuidmap, newgidmap               |
 *         |─── STEP_NETWORK ──────────────────>| root of the namespace; mounts, network, ipc
 *         |<── STEP_CREATED, or the error ──── |
 *         | its pid into FILE, {"held":PID}    | sleeps until it is killed
 */
#include "verbs/hold.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "base/child.h"
#include "base/sys.h"
#include "base/util.h"
#include "kernel/userns.h"
#include "wire/handshake.h"
#include "wire/status.h"

enum { FAILED = 1, MAP_WORDS_MAX = 64, WAIT_TRIES = 1000, STEP_TIMEOUT_MS = 60000 };

struct holding {
    struct status status;
    int file;
    bool has_groups; /* the control group that we are in is the user's own */
};

static int problem(struct holding *self, const char *op, const char *path, const char *message) {
    return fail(&self->status, op, errno, path, "%s", message);
}

/* The holder. */

/** Control groups as a host of version 2 has them, from the group on that this process is in. */
static int show_groups(struct holding *self) {
    if (self->has_groups && mount("cgroup2", "/sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return problem(self, "mount", "/sys/fs/cgroup", "Cannot mount the user's control groups");
    return 0;
}

/** A sysfs shows the network namespace that it was mounted in. Where none may be mounted, the host's control groups are hidden all the same: they are not ours. */
static int cover_sysfs(struct holding *self) {
    if (mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0)
        return 0;
    if (mount("tmpfs", "/sys/fs/cgroup", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755,size=64k") < 0 && errno != ENOENT)
        return problem(self, "mount", "/sys", "Cannot cover the host's control groups");
    return 0;
}

static int set_loopback_up(struct holding *self) {
    cleanup_fd int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    if (any < 0 || ioctl(any, SIOCSIFFLAGS, &request) < 0)
        return problem(self, "network", "lo", "Cannot set the interface up");
    return 0;
}

/** As root of the user namespace, which it is now that it has ids. */
static int make_namespaces(struct holding *self) {
    if (become_inner_root() < 0)
        return problem(self, "idmap", NULL, "Cannot become root of the user namespace");
    /* a change of ids shuts /proc/PID/ns to the user */
    if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 || unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWCGROUP) < 0)
        return problem(self, "clone", NULL, "Cannot make namespaces");
    struct sys_mount_attr slave = {.propagation = MS_SLAVE};
    if (sys_mount_setattr(AT_FDCWD, "/", TREE_RECURSIVE, &slave) < 0)
        return problem(self, "mount", "/", "Cannot keep our mounts from the host");
    return cover_sysfs(self) < 0 || show_groups(self) < 0 ? -1 : set_loopback_up(self);
}

static int leave_caller(struct holding *self) {
    setsid();
    cleanup_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || chdir("/") < 0)
        return problem(self, "descriptors", "/dev/null", "Cannot leave the caller");
    for (int fd = 0; fd <= 2; fd++)
        if (dup2(null, fd) < 0)
            return problem(self, "descriptors", NULL, "Cannot leave the caller");
    return 0;
}

static int hold(int peer, void *context) {
    struct holding *self = context;
    cleanup_free struct message *message = new_message();
    self->status.phase = "namespaces";
    int error = unshare(CLONE_NEWUSER) < 0 ? errno : 0;
    if (send_step(peer, STEP_CREATED, error, -1) < 0 || error != 0)
        return FAILED;
    if (receive_step(peer, message, -1) < 0 || message->step != STEP_NETWORK)
        return FAILED;
    if (make_namespaces(self) < 0 || leave_caller(self) < 0) {
        send_failure(peer, &self->status);
        return FAILED;
    }
    set_title("bothy namespaces", "");
    signal(SIGHUP, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    (void)send_step(peer, STEP_CREATED, 0, -1);
    close(peer);
    for (;;)
        pause();
}

/* The user. */

struct mapping {
    const char *program;
    char *words[MAP_WORDS_MAX + 3];
};

static int run_mapper(void *context) {
    const struct mapping *mapping = context;
    execvp(mapping->program, mapping->words);
    dprintf(2, "%s: %s\n", mapping->program, strerror(errno));
    return 127;
}

/** @param lines taken apart */
static int map_ids(struct holding *self, const char *program, pid_t holder, char *lines) {
    char pid[16];
    struct mapping mapping = {.program = program};
    unsigned count = 0;
    snprintf(pid, sizeof pid, "%d", (int)holder);
    mapping.words[count++] = (char *)program;
    mapping.words[count++] = pid;
    for (char *word = next_part(&lines, ' '); word != NULL && count < MAP_WORDS_MAX + 2; word = next_part(&lines, ' '))
        mapping.words[count++] = word;
    int code = run_apart(run_mapper, &mapping);
    return code == 0 ? 0 : fail(&self->status, "idmap", EPERM, program, "Cannot map ids: the program left with %d", code);
}

static int await_step(struct holding *self, int peer) {
    cleanup_free struct message *message = new_message();
    if (receive_step(peer, message, STEP_TIMEOUT_MS) < 0 || message->step == 0)
        return fail(&self->status, "clone", ECHILD, NULL, "Cannot make namespaces: their holder has left");
    if (message->step == STEP_FAILED)
        return fail_with_line(&self->status, message->line);
    if (message->number != 0)
        return fail(&self->status, "clone", message->number, NULL, "Cannot make a user namespace");
    return 0;
}

static int note_holder(struct holding *self, pid_t holder) {
    if (ftruncate(self->file, 0) < 0 || dprintf(self->file, "%d\n", (int)holder) < 0)
        return problem(self, "file", NULL, "Cannot note who holds the namespaces");
    return 0;
}

/** @returns the holder's pid, or -1 */
static pid_t make_holder(struct holding *self, char *uid_lines, char *gid_lines) {
    cleanup_fd int peer = -1;
    pid_t holder = fork_with_handshake(hold, self, &peer);
    if (holder < 0)
        return fail(&self->status, "clone", errno, NULL, "Cannot fork");
    if (await_step(self, peer) < 0 || map_ids(self, "newuidmap", holder, uid_lines) < 0 || map_ids(self, "newgidmap", holder, gid_lines) < 0 ||
        send_step(peer, STEP_NETWORK, 0, -1) < 0 || await_step(self, peer) < 0 || note_holder(self, holder) < 0) {
        kill(holder, SIGKILL);
        reap_child(holder);
        return fail(&self->status, "clone", EPIPE, NULL, "Cannot tell the holder of the namespaces");
    }
    return holder;
}

/** Somebody else holds them, or is about to. @returns the pid, or -1 */
static pid_t read_holder(struct holding *self) {
    char text[32] = "";
    for (int tries = 0; tries < WAIT_TRIES; tries++) {
        ssize_t length = pread(self->file, text, sizeof text - 1, 0);
        text[length > 0 ? length : 0] = '\0';
        pid_t pid = (pid_t)strtol(text, NULL, 10);
        if (pid > 0 && strchr(text, '\n') != NULL)
            return pid;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    return fail(&self->status, "file", ETIMEDOUT, NULL, "Cannot find who holds the namespaces");
}

static pid_t find_or_make(struct holding *self, char **words) {
    self->status.phase = "namespaces";
    self->file = open(words[0], O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (self->file < 0)
        return problem(self, "file", words[0], "Cannot open the file");
    if (flock(self->file, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? read_holder(self) : problem(self, "file", words[0], "Cannot lock the file");
    /* what a holder left that is gone */
    if (ftruncate(self->file, 0) < 0)
        return problem(self, "file", words[0], "Cannot write the file");
    return make_holder(self, words[1], words[2]);
}

int run_hold(int argc, char **argv) {
    if (argc != 5 && (argc != 6 || strcmp(argv[5], "groups") != 0)) {
        fputs("usage: bothy-cell hold FILE UID-LINES GID-LINES [groups]\n", stderr);
        return 2;
    }
    struct holding self = {.file = -1, .has_groups = argc == 6};
    pid_t holder = find_or_make(&self, argv + 2);
    if (holder < 0) {
        (void)!write(STDOUT_FILENO, self.status.error, strlen(self.status.error));
        return FAILED;
    }
    printf("{\"held\":%d}\n", (int)holder);
    return 0;
}
