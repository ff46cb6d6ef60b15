/* See confine.h. */
#include "security/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/child.h"
#include "base/sys.h"
#include "base/util.h"
#include "kernel/inroot.h"
#include "security/attributes.h"
#include "security/caps.h"
#include "security/landlock.h"
#include "wire/handshake.h"
#include "wire/status.h"

/* of the caller's root, where that is nobody of the container's: no archive names it */
#define CALLER_ID (UINT32_MAX - 1)

enum { FAILED = 125, HANDSHAKE_TIMEOUT_MS = 60000, ID_MAP_MAX = 4096 };

/* Where programs and their libraries are. Some are symlinks: of a merged /usr, of Debian's alternatives. */
static const char *const programs[] = {"/usr",   "/bin",         "/sbin",       "/lib", "/lib32", "/lib64",
                                       "/libx32", "/nix/store",  "/gnu/store",  "/etc/ld.so.cache", "/etc/alternatives"};

/* What it takes to make files of every owner, mode and kind but device nodes. */
#define CAP_BIT(number) (1ULL << (number))
#define WRITER_CAPS \
    (CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_DAC_OVERRIDE) | CAP_BIT(CAP_FOWNER) | CAP_BIT(CAP_FSETID) | CAP_BIT(CAP_SETFCAP))

struct confinement {
    struct status status;
    char **options, **command;
    int option_count;
    bool writes, device_nodes, image_attributes, network;
    const char *left_out; /* where it is told which device nodes were left out; NULL where none are */
    rlim_t memory;
    uint64_t caps;
    /* ids of the archive's files; 0 when they are as on disk */
    uint64_t first_id, id_count;
    /* ids on disk of containers' files, for those that are 0 and so on to the program; 0 when they are the same */
    uint64_t disk_first, disk_count;
    char uid_map[ID_MAP_MAX], gid_map[ID_MAP_MAX];
    int proc, root, peer;
};

static int problem(struct confinement *self, const char *op, const char *path, const char *message) {
    return fail(&self->status, op, errno, path, "%s", message);
}

/* --read PATH, --write PATH (absolute, without symlinks), --memory BYTES, --ids FIRST:COUNT, --disk-ids FIRST:COUNT, --device-nodes, --image-attributes, --network,
   --left-out FILE (absolute, in a folder to write) */

static bool is_flag(const char *option) {
    return strcmp(option, "--device-nodes") == 0 || strcmp(option, "--image-attributes") == 0 || strcmp(option, "--network") == 0;
}

/** @returns whether the text is FIRST:COUNT, of ids that there are */
static bool take_ids(const char *text, uint64_t *first_id, uint64_t *count) {
    char first[24];
    const char *colon = strchr(text, ':');
    size_t length = colon == NULL ? sizeof first : (size_t)(colon - text);
    if (length >= sizeof first)
        return false;
    memcpy(first, text, length);
    first[length] = '\0';
    return parse_number(first, UINT32_MAX - 1, first_id) && parse_number(colon + 1, UINT32_MAX, count) && *first_id > 0 && *count > 0 &&
           *first_id + *count <= UINT32_MAX;
}

static int read_options(struct confinement *self, int argc, char **argv) {
    int at = 2;
    self->options = argv + at;
    for (; at < argc && strcmp(argv[at], "--") != 0; at++) {
        uint64_t bytes = 0;
        if (is_flag(argv[at])) {
            self->device_nodes = self->device_nodes || strcmp(argv[at], "--device-nodes") == 0;
            self->image_attributes = self->image_attributes || strcmp(argv[at], "--image-attributes") == 0;
            self->network = self->network || strcmp(argv[at], "--network") == 0;
            continue;
        }
        const char *value = at + 1 < argc ? argv[at + 1] : "";
        bool is_path = strcmp(argv[at], "--read") == 0 || strcmp(argv[at], "--write") == 0;
        bool is_memory = strcmp(argv[at], "--memory") == 0;
        bool is_ids = strcmp(argv[at], "--ids") == 0, is_disk_ids = strcmp(argv[at], "--disk-ids") == 0;
        bool is_left_out = strcmp(argv[at], "--left-out") == 0;
        if (!((is_path || is_left_out) && *value == '/') && !(is_memory && parse_number(value, INT64_MAX, &bytes)) && !(is_ids && take_ids(value, &self->first_id, &self->id_count)) &&
            !(is_disk_ids && take_ids(value, &self->disk_first, &self->disk_count)))
            return fail(&self->status, "options", EINVAL, argv[at], "Cannot take the option");
        self->writes = self->writes || strcmp(argv[at], "--write") == 0;
        if (is_memory)
            self->memory = bytes;
        if (is_left_out)
            self->left_out = value;
        at++;
    }
    self->option_count = at - 2;
    self->command = argv + at + 1;
    if (at + 1 >= argc || *self->command[0] != '/')
        return fail(&self->status, "options", EINVAL, NULL, "Cannot run without the absolute path of a program after --");
    if (self->id_count > 0 && self->device_nodes)
        return fail(&self->status, "options", EINVAL, "--ids", "Cannot map ids where device nodes are made");
    if (self->left_out != NULL && (self->device_nodes || !self->image_attributes))
        return fail(&self->status, "options", EINVAL, "--left-out", "Cannot leave device nodes out where they are made, or where nothing is asked about");
    self->caps = (self->writes ? WRITER_CAPS : 0) | (self->device_nodes ? CAP_BIT(CAP_MKNOD) : 0);
    return 0;
}

/* Host root. */

/** The same ids inside as outside: all that the caller has; or the archive's, which begin at 0 on disk; or those of containers' files. */
static int read_id_map(struct confinement *self, const char *path, char *map) {
    if (self->disk_count > 0 && !self->device_nodes) {
        uint64_t count = self->id_count > 0 && self->id_count < self->disk_count ? self->id_count : self->disk_count;
        if (self->first_id + count > CALLER_ID)
            return fail(&self->status, "idmap", EINVAL, path, "Cannot map so many ids");
        /* the caller as well, whose file it may be that is read */
        snprintf(map, ID_MAP_MAX, "%u %u %u\n%u 0 1\n", (unsigned)self->first_id, (unsigned)self->disk_first, (unsigned)count, CALLER_ID);
        return 0;
    }
    if (self->id_count > 0) {
        snprintf(map, ID_MAP_MAX, "%u 0 %u\n", (unsigned)self->first_id, (unsigned)self->id_count);
        return 0;
    }
    char text[ID_MAP_MAX];
    if (read_small_file(self->proc, path, text, sizeof text) < 0)
        return problem(self, "idmap", path, "Cannot read the id map");
    size_t length = 0;
    char *rest = text;
    for (char *line = next_part(&rest, '\n'); line != NULL; line = next_part(&rest, '\n')) {
        unsigned inner, host, count;
        if (sscanf(line, "%u %u %u", &inner, &host, &count) == 3)
            length += (size_t)snprintf(map + length, ID_MAP_MAX - length, "%u %u %u\n", inner, inner, count);
        if (length >= ID_MAP_MAX)
            return fail(&self->status, "idmap", EOVERFLOW, path, "Cannot take so long an id map");
    }
    return 0;
}

static int leave_namespaces(struct confinement *self) {
    pid_t parent = getppid();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
        return problem(self, "parent", NULL, "Cannot follow the caller into its death");
    self->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (self->proc < 0)
        return problem(self, "proc", "/proc", "Cannot open the folder");
    /* whoever must go when memory runs out: not the daemon */
    (void)write_control_file(self->proc, "self/oom_score_adj", "1000");
    if (read_id_map(self, "self/uid_map", self->uid_map) < 0 || read_id_map(self, "self/gid_map", self->gid_map) < 0)
        return -1;
    if (sys_setgroups(0, NULL) < 0)
        return problem(self, "idmap", NULL, "Cannot leave the supplementary groups");
    /* tar makes folders that an archive leaves out by the umask; the daemon's own is meant for the daemon's own files */
    umask(0022);
    if (unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | (self->network ? 0 : CLONE_NEWNET)) < 0)
        return problem(self, "clone", NULL, "Cannot make namespaces");
    struct sys_mount_attr private = {.propagation = MS_PRIVATE};
    if (sys_mount_setattr(AT_FDCWD, "/", TREE_RECURSIVE, &private) < 0)
        return problem(self, "mount", "/", "Cannot make the mounts private");
    return 0;
}

/** Puts a path of the host at the same place of the new root. @returns 0 or -1; a missing one is passed over when optional */
static int show(struct confinement *self, const char *path, unsigned attributes, bool optional) {
    char target[PATH_MAX];
    struct stat about;
    if (fstatat(AT_FDCWD, path, &about, AT_SYMLINK_NOFOLLOW) < 0)
        return optional && errno == ENOENT ? 0 : problem(self, "show", path, "Cannot examine the path");
    if (S_ISLNK(about.st_mode)) {
        ssize_t length = readlink(path, target, sizeof target - 1);
        if (length < 0)
            return problem(self, "show", path, "Cannot read the symlink");
        target[length] = '\0';
        return symlinkat(target, self->root, path + 1) == 0 || errno == EEXIST ? 0 : problem(self, "show", path, "Cannot make the symlink");
    }
    cleanup_fd int tree = sys_open_tree(AT_FDCWD, path, TREE_CLONE | TREE_CLOEXEC | TREE_RECURSIVE);
    struct sys_mount_attr attr = {.set = attributes, .propagation = MS_PRIVATE};
    if (tree < 0 || sys_mount_setattr(tree, "", AT_EMPTY_PATH | TREE_RECURSIVE, &attr) < 0)
        return problem(self, "show", path, "Cannot open the path");
    cleanup_fd int place = make_target_in_root(self->root, path, S_ISDIR(about.st_mode));
    if (place < 0 || sys_move_mount(tree, "", place, "", MOVE_FROM_EMPTY | MOVE_TO_EMPTY) < 0)
        return problem(self, "show", path, "Cannot show the path");
    return 0;
}

static int fill_root(struct confinement *self) {
    for (size_t i = 0; i < COUNT_OF(programs); i++)
        if (show(self, programs[i], ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV, true) < 0)
            return -1;
    if (show(self, "/dev/null", ATTR_NOSUID | ATTR_NOEXEC, false) < 0)
        return -1;
    for (int i = 0; i + 1 < self->option_count; i++) {
        const char *path = self->options[i + 1];
        if (strcmp(self->options[i], "--read") == 0 && show(self, path, ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV, false) < 0)
            return -1;
        if (strcmp(self->options[i], "--write") == 0 && show(self, path, ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC, false) < 0)
            return -1;
        if (!is_flag(self->options[i]))
            i++;
    }
    return 0;
}

static int change_root(struct confinement *self) {
    cleanup_fd int filesystem = sys_fsopen("tmpfs");
    if (filesystem < 0 || sys_fsconfig(filesystem, FS_SET_STRING, "mode", "755", 0) < 0 ||
        sys_fsconfig(filesystem, FS_CREATE, NULL, NULL, 0) < 0)
        return problem(self, "mount", "/", "Cannot make an empty root");
    self->root = sys_fsmount(filesystem, ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC);
    /* over the old root, which the paths of this process still begin at */
    if (self->root < 0 || sys_move_mount(self->root, "", AT_FDCWD, "/", MOVE_FROM_EMPTY) < 0)
        return problem(self, "mount", "/", "Cannot mount an empty root");
    if (fill_root(self) < 0)
        return -1;
    struct sys_mount_attr readonly = {.set = ATTR_RDONLY};
    if (sys_mount_setattr(self->root, "", AT_EMPTY_PATH, &readonly) < 0 || fchdir(self->root) < 0 || sys_pivot_root(".", ".") < 0 ||
        umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return problem(self, "mount", "/", "Cannot leave the host's root");
    close_now(&self->root);
    return 0;
}

/* The program's process: pid 1 of its namespace, so that all it makes ends with it. */

static int set_own_limits(const struct confinement *self) {
    struct rlimit none = {0}, memory = {.rlim_cur = self->memory, .rlim_max = self->memory};
    return setrlimit(RLIMIT_CORE, &none) < 0 || (self->memory > 0 && setrlimit(RLIMIT_AS, &memory) < 0) ? -1 : 0;
}

/** Who is not uid 0 inside keeps through execve(2) what is ambient. */
static int keep_through_exec(const struct confinement *self) {
    for (unsigned number = 0; self->id_count > 0 && number < 64; number++)
        if ((self->caps >> number & 1) != 0 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) < 0)
            return -1;
    return 0;
}

/** What was shown, once more: whatever leads past the mounts leads to nothing. */
static int reach_what_is_shown(const struct confinement *self) {
    struct reach reach;
    if (reach_begin(&reach, REACH_NO_PORTS | REACH_NO_PROCESSES | (self->device_nodes ? REACH_DEVICE_NODES : 0)) < 0)
        return -1;
    /* programs throw away what they print */
    if (reach_to_read(&reach, "/") < 0 || reach_to_write(&reach, "/dev/null") < 0)
        return -1;
    for (int i = 0; i + 1 < self->option_count; i++) {
        if (strcmp(self->options[i], "--write") == 0 && reach_to_write(&reach, self->options[i + 1]) < 0)
            return -1;
        if (!is_flag(self->options[i]))
            i++;
    }
    return reach_end(&reach);
}

/** Whoever made the namespace is the caller's root there; the program shall be that of the files. */
static int become_owner(const struct confinement *self) {
    if (self->disk_count == 0 || self->device_nodes)
        return 0;
    return sys_setresgid((gid_t)self->first_id) < 0 || sys_setresuid((uid_t)self->first_id) < 0 ? -1 : 0;
}

static int become_program(struct confinement *self) {
    struct message *message = new_message();
    /* until then nothing of us is mapped */
    if (receive_step(self->peer, message, -1) < 0 || message->step != STEP_CREATED)
        return problem(self, "parent", NULL, "Cannot wait for the ids");
    free(message);
    if (become_owner(self) < 0)
        return problem(self, "idmap", NULL, "Cannot become the owner of the files");
    /* a change of ids takes it back; whoever is gone by then does not hear the next step */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return problem(self, "parent", NULL, "Cannot follow the caller into its death");
    struct cap_sets sets = {.effective = self->caps, .permitted = self->caps, .inheritable = self->id_count > 0 ? self->caps : 0};
    if (setsid() < 0 || bound_caps(self->caps) < 0 || set_caps(&sets) < 0 || keep_through_exec(self) < 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return problem(self, "caps", NULL, "Cannot lower the capabilities");
    if (set_own_limits(self) < 0)
        return problem(self, "rlimit", NULL, "Cannot set the limits");
    if (reach_what_is_shown(self) < 0)
        return problem(self, "landlock", NULL, "Cannot bound the files that can be reached");
    int listener = self->image_attributes ? attributes_filter(self->left_out != NULL) : -1;
    /* within another's filter of this kind the kernel alone judges: it refuses trusted.* and labels to who lacks CAP_SYS_ADMIN */
    if (listener < 0 && self->image_attributes && errno != EBUSY)
        return problem(self, "seccomp", NULL, "Cannot watch extended attributes");
    if (listener >= 0 && send_step(self->peer, STEP_CONSOLE, 0, listener) < 0)
        return problem(self, "seccomp", NULL, "Cannot hand the listener out");
    /* of the caller's descriptors only the three that it meant */
    if (sys_close_range(3, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */) < 0)
        return problem(self, "descriptors", NULL, "Cannot mark the descriptors to be closed");
    reset_signals();
    if (send_step(self->peer, STEP_EXECUTING, 0, -1) < 0)
        return problem(self, "parent", NULL, "Cannot go on without the caller");
    execv(self->command[0], self->command);
    return problem(self, "exec", self->command[0], "Cannot execute the program");
}

static _Noreturn void be_program(struct confinement *self) {
    become_program(self);
    send_failure(self->peer, &self->status);
    _exit(FAILED);
}

/* Host root again, outside. */

static int write_maps(struct confinement *self, pid_t pid) {
    char path[32];
    snprintf(path, sizeof path, "%d/uid_map", (int)pid);
    if (write_control_file(self->proc, path, self->uid_map) < 0)
        return problem(self, "idmap", path, "Cannot write the id map");
    snprintf(path, sizeof path, "%d/gid_map", (int)pid);
    if (write_control_file(self->proc, path, self->gid_map) < 0)
        return problem(self, "idmap", path, "Cannot write the id map");
    return 0;
}

/** @returns 0 with the listener, or -1 for none, once the program is about to be executed */
static int await_program(struct confinement *self, int *listener) {
    cleanup_free struct message *message = new_message();
    for (bool executing = false;;) {
        if (receive_step(self->peer, message, HANDSHAKE_TIMEOUT_MS) < 0)
            return problem(self, "clone", NULL, "Cannot wait for the program");
        if (message->step == STEP_FAILED)
            return fail_with_line(&self->status, message->line);
        if (message->step == STEP_CONSOLE)
            *listener = message->fd;
        executing = executing || message->step == STEP_EXECUTING;
        if (message->step == 0)
            return executing ? 0 : fail(&self->status, "clone", ESRCH, NULL, "Cannot run the program: it was killed before it began");
    }
}

/** Answers the program's questions until it has ended. @returns its exit code, or -1 */
static int attend(struct confinement *self, pid_t pid, int listener) {
    cleanup_fd int process = sys_pidfd_open(pid);
    struct pollfd polled[] = {{.fd = process, .events = POLLIN}, {.fd = listener, .events = POLLIN}};
    cleanup_free struct left_out *nodes = self->left_out == NULL ? NULL : left_out_begin();
    while (process >= 0 && polled[0].revents == 0) {
        if (poll(polled, COUNT_OF(polled), -1) < 0)
            continue;
        if ((polled[1].revents & POLLIN) != 0)
            attributes_answer(listener, self->proc, (uint32_t)self->first_id, nodes);
        else if (polled[1].revents != 0)
            polled[1].fd = -1; /* nobody is left to ask */
    }
    siginfo_t ended = reap_child(pid);
    if (nodes != NULL && left_out_end(nodes, self->proc, self->left_out) < 0)
        return problem(self, "left-out", self->left_out, "Cannot leave device nodes out");
    return exit_code_of(&ended);
}

static int run_program(struct confinement *self) {
    int pair[2];
    if (handshake_pair(pair) < 0)
        return problem(self, "clone", NULL, "Cannot make a socket pair");
    struct sys_clone_args args = {.exit_signal = SIGCHLD, .flags = CLONE_NEWPID | (self->device_nodes ? 0 : CLONE_NEWUSER)};
    pid_t pid = sys_clone3(&args);
    if (pid < 0)
        return problem(self, "clone", NULL, "Cannot make the program's process");
    self->peer = pair[pid == 0];
    close(pair[pid != 0]);
    if (pid == 0)
        be_program(self);
    cleanup_fd int listener = -1;
    if ((!self->device_nodes && write_maps(self, pid) < 0) || send_step(self->peer, STEP_CREATED, 0, -1) < 0 ||
        await_program(self, &listener) < 0) {
        kill(pid, SIGKILL);
        return self->status.error != NULL ? -1 : problem(self, "clone", NULL, "Cannot let the program begin");
    }
    return attend(self, pid, listener);
}

int run_confine(int argc, char **argv) {
    struct confinement self = {.status = {.phase = "confine"}, .proc = -1, .root = -1, .peer = -1};
    int result = -1;
    if (read_options(&self, argc, argv) == 0 && leave_namespaces(&self) == 0 && change_root(&self) == 0)
        result = run_program(&self);
    if (result >= 0)
        return result;
    (void)!write(STDERR_FILENO, self.status.error, strlen(self.status.error));
    return FAILED;
}
