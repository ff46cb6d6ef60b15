/*
 * Tries what a container must not do, one try a name, and prints "NAME OUTCOME" a line: the name of an errno, or what
 * came of it. Each try is such that without its barrier the outcome is another one (tries.ts has both, and which of
 * them a host can take). SCRATCH is the folder for its files; HOST_PID, HOST_SHM, HOST_SOCKET and HOST_PORT name what
 * the test has put on the host for it to find.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static const char *scratch = "/root/tries";

/* What came of a call that answers -1 and errno. */
static const char *of(long result) {
    static char text[32];
    if (result >= 0) return "done";
    const char *name = strerrorname_np(errno);
    snprintf(text, sizeof text, "%s", name != NULL ? name : "unknown");
    return text;
}

static const char *in_scratch(const char *name) {
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", scratch, name);
    return path;
}

/* Opens for writing and writes nothing: the right to write is what counts. */
static const char *opened(const char *path, int flags) {
    int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    const char *outcome = of(fd);
    if (fd >= 0) close(fd);
    return outcome;
}

static const char *writes(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return of(-1);
    const char *outcome = of(write(fd, text, strlen(text)));
    close(fd);
    return outcome;
}

/* Makes a device node and opens it: the outcome of whichever is refused. */
static const char *node(mode_t type, unsigned major, unsigned minor) {
    const char *path = in_scratch("node");
    unlink(path);
    if (mknod(path, type | 0600, makedev(major, minor)) != 0) return of(-1);
    const char *outcome = opened(path, O_RDONLY);
    unlink(path);
    return outcome;
}

/* Where systemd is, mounts are shared: what is mounted in the new namespace would reach the old one too. A container may be forbidden to change that. */
static const char *with_own_mounts(const char *(*try)(void)) {
    if (unshare(CLONE_NEWNS) != 0) return "no mounts of its own";
    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
    return try();
}
/* In a child with mounts of its own, so that what succeeds is gone with it. */
static const char *apart(const char *(*try)(void)) {
    static char text[64];
    int end[2];
    if (pipe(end) != 0) return "pipe";
    pid_t child = fork();
    if (child == 0) {
        const char *outcome = with_own_mounts(try);
        (void)!write(end[1], outcome, strlen(outcome));
        _exit(0);
    }
    close(end[1]);
    ssize_t length = read(end[0], text, sizeof text - 1);
    close(end[0]);
    waitpid(child, NULL, 0);
    text[length > 0 ? length : 0] = '\0';
    return length > 0 ? text : "killed";
}

/* --- devices --- */
static const char *disk_node(void) { return node(S_IFBLK, 8, 0); }
static const char *virtual_disk_node(void) { return node(S_IFBLK, 254, 0); }
static const char *memory_node(void) { return node(S_IFCHR, 1, 1); }
static const char *port_node(void) { return node(S_IFCHR, 1, 4); }
static const char *log_node(void) { return node(S_IFCHR, 1, 11); }
static const char *kvm_node(void) { return node(S_IFCHR, 10, 232); }

/* --- files of the kernel --- */
static const char *sysrq(void) { return opened("/proc/sysrq-trigger", O_WRONLY); }
static const char *core_pattern(void) { return opened("/proc/sys/kernel/core_pattern", O_WRONLY); }
static const char *modprobe(void) { return opened("/proc/sys/kernel/modprobe", O_WRONLY); }
static const char *panic_on_oops(void) { return opened("/proc/sys/kernel/panic_on_oops", O_WRONLY); }
static const char *binfmt(void) { return opened("/proc/sys/fs/binfmt_misc/register", O_WRONLY); }
static const char *uevent_helper(void) { return opened("/sys/kernel/uevent_helper", O_WRONLY); }
static const char *kernel_memory(void) {
    int fd = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return of(-1);
    char byte;
    const char *outcome = read(fd, &byte, 1) == 0 ? "empty" : of(-1);
    close(fd);
    return outcome;
}
static const char *kernel_addresses(void) {
    FILE *file = fopen("/proc/kallsyms", "re");
    if (file == NULL) return of(-1);
    unsigned long long address = 0;
    const char *outcome = "hidden";
    for (int i = 0; i < 1000 && fscanf(file, "%llx%*[^\n]", &address) == 1; i++)
        if (address != 0) outcome = "shown";
    fclose(file);
    return outcome;
}
static const char *firmware(void) { return opened("/sys/firmware/acpi", O_RDONLY | O_DIRECTORY); }
static const char *debug_files(void) { return opened("/sys/kernel/debug/sched", O_RDONLY | O_DIRECTORY); }
static const char *class_write(void) { return opened("/sys/block/loop0/queue/read_ahead_kb", O_WRONLY); }
static const char *own_score(void) { return writes("/proc/self/oom_score_adj", "-1000"); }

/* --- system calls --- */
static const char *kexec(void) { return of(syscall(SYS_kexec_load, 0, 17, NULL, 0)); }
static const char *module_load(void) { return of(syscall(SYS_init_module, NULL, 0, "")); }
static const char *module_file(void) { return of(syscall(SYS_finit_module, -1, "", 0)); }
static const char *module_unload(void) { return of(syscall(SYS_delete_module, "no_such_module_of_bothy", O_NONBLOCK)); }
static const char *by_handle(void) {
    /* the way of "shocker": a handle of the file system's root, inode 2 */
    struct {
        struct file_handle head;
        uint32_t inode, generation;
    } handle = {.head = {.handle_bytes = 8, .handle_type = 1}, .inode = 2};
    int at = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *outcome = of(syscall(SYS_open_by_handle_at, at, &handle, O_RDONLY));
    close(at);
    return outcome;
}
static const char *bpf_call(void) { return of(syscall(SYS_bpf, 999, NULL, 0)); }
static const char *perf(void) { return of(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0)); }
static const char *fault_handler(void) { return of(syscall(SYS_userfaultfd, 0)); }
static const char *uring(void) { return of(syscall(SYS_io_uring_setup, 0, NULL)); }
static const char *keys(void) { return of(syscall(SYS_keyctl, 0, -3, 0)); }
static const char *kernel_log(void) { return of(klogctl(10, NULL, 0)); }
static const char *swap_on(void) { return of(swapon("/no/such/swap", 0)); }
static const char *accounting(void) { return of(syscall(SYS_acct, "/no/such/file")); }
static const char *set_clock(void) {
    /* the time that it is: a host without a barrier loses some microseconds. A wrong value is refused before the right is asked for */
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return of(syscall(SYS_clock_settime, CLOCK_REALTIME, &time));
}
static const char *adjust_clock(void) {
    struct timex wrong = {.modes = ADJ_TICK, .tick = 1};
    return of(adjtimex(&wrong));
}
static const char *ports(void) {
#ifdef SYS_iopl
    return of(syscall(SYS_iopl, 4));
#else
    return "EPERM";
#endif
}
static const char *vsock(void) {
    int fd = socket(AF_VSOCK, SOCK_STREAM, 0);
    const char *outcome = of(fd);
    if (fd >= 0) close(fd);
    return outcome;
}
static const char *crypto_socket(void) {
    int fd = socket(AF_ALG, SOCK_SEQPACKET, 0);
    const char *outcome = of(fd);
    if (fd >= 0) close(fd);
    return outcome;
}
static const char *immutable(void) {
    int fd = open(in_scratch("file"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int flags = FS_IMMUTABLE_FL;
    const char *outcome = of(ioctl(fd, FS_IOC_SETFLAGS, &flags));
    flags = 0;
    ioctl(fd, FS_IOC_SETFLAGS, &flags);
    close(fd);
    return outcome;
}
static const char *trusted_attribute(void) {
    close(open(in_scratch("file"), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    return of(setxattr(in_scratch("file"), "trusted.bothy", "x", 1, 0));
}
static const char *real_time(void) {
    struct sched_param parameters = {.sched_priority = 1};
    const char *outcome = of(sched_setscheduler(0, SCHED_FIFO, &parameters));
    parameters.sched_priority = 0;
    sched_setscheduler(0, SCHED_OTHER, &parameters);
    return outcome;
}
static const char *hard_limit(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_MEMLOCK, &limit);
    limit.rlim_max = limit.rlim_cur = RLIM_INFINITY;
    return of(setrlimit(RLIMIT_MEMLOCK, &limit));
}

/* --- mounts --- */
static const char *try_proc(void) { return of(mount("proc", in_scratch("mnt"), "proc", 0, "")); }
static const char *fresh_proc(void) { return apart(try_proc); }
static const char *try_sysfs(void) { return of(mount("sysfs", in_scratch("mnt"), "sysfs", 0, "")); }
static const char *fresh_sysfs(void) { return apart(try_sysfs); }
static const char *try_release_agent(void) {
    if (mount("cgroup", in_scratch("mnt"), "cgroup", 0, "memory") != 0) return of(-1);
    return writes(in_scratch("mnt/release_agent"), "");
}
static const char *release_agent(void) { return apart(try_release_agent); }
static const char *try_debugfs(void) { return of(mount("debugfs", in_scratch("mnt"), "debugfs", 0, "")); }
static const char *debugfs(void) { return apart(try_debugfs); }
static const char *try_ext4(void) { return of(mount("/dev/null", in_scratch("mnt"), "ext4", 0, "")); }
static const char *disk_mount(void) { return apart(try_ext4); }
static const char *try_unmask(void) { return of(umount2("/proc/kcore", MNT_DETACH)); }
static const char *unmask(void) { return apart(try_unmask); }
static const char *try_remount(void) { return of(mount(NULL, "/sys", NULL, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL)); }
static const char *sys_writable(void) { return apart(try_remount); }
static const char *try_root_dev(void) { return of(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL)); }
static const char *root_with_devices(void) { return apart(try_root_dev); }
/* --- ways out of the root --- */
static const char *same_root(int at) {
    struct stat here, there;
    if (fstatat(at, ".", &there, 0) != 0) return of(-1);
    stat("/", &here);
    return here.st_dev == there.st_dev && here.st_ino == there.st_ino ? "the container's root" : "another root";
}
static const char *try_chroot(void) {
    int before = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat root;
    fstat(before, &root);
    if (chroot(scratch) != 0 || fchdir(before) != 0) return of(-1);
    for (int i = 0; i < 64; i++)
        if (chdir("..") != 0) return of(-1);
    struct stat end;
    stat(".", &end);
    return root.st_dev == end.st_dev && root.st_ino == end.st_ino ? "the container's root" : "another root";
}
static const char *chroot_escape(void) { return apart(try_chroot); }
static const char *working_folder(void) {
    int at = open("/proc/self/cwd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < 64; i++) {
        int next = openat(at, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(at);
        at = next;
    }
    const char *outcome = same_root(at);
    close(at);
    return outcome;
}
static const char *descriptors(void) {
    static char found[64];
    for (int fd = 3; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0) {
            snprintf(found, sizeof found, "descriptor %d", fd);
            return found;
        }
    return "none";
}
static const char *first_root(void) {
    int at = open("/proc/1/root/..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0) return of(-1);
    const char *outcome = same_root(at);
    close(at);
    return outcome;
}

/* --- other processes, users and networks --- */
/* what the test put on the host for it to find: a pid, the key of a memory segment, an abstract socket */
static long told(const char *name) {
    const char *text = getenv(name);
    return text == NULL ? -1 : strtol(text, NULL, 10);
}
static const char *host_process(void) { return of(kill((pid_t)told("HOST_PID"), 0)); }
static const char *host_pidfd(void) { return of(syscall(SYS_pidfd_open, (pid_t)told("HOST_PID"), 0)); }
static const char *host_ptrace(void) { return of(ptrace(PTRACE_SEIZE, (pid_t)told("HOST_PID"), NULL, NULL)); }
static const char *host_memory(void) { return of(shmget((key_t)told("HOST_SHM"), 0, 0)); }
static const char *host_socket(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *name = getenv("HOST_SOCKET");
    if (name == NULL) return "not told";
    size_t length = strlen(name);
    if (length > sizeof address.sun_path - 1) return "too long";
    memcpy(address.sun_path + 1, name, length);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const char *outcome = of(connect(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)));
    close(fd);
    return outcome;
}
static const char *host_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)told("HOST_PORT"))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const char *outcome = of(connect(fd, (struct sockaddr *)&address, sizeof address));
    close(fd);
    return outcome;
}
static const char *unmapped_user(void) { return of(chown(in_scratch("mnt"), 3000000000U, 0)); }
static const char *typed_in(void) {
    /* the way of TIOCSTI: characters that a shell of the host would read */
    char character = 'x';
    int fd = open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) fd = 0;
    return of(ioctl(fd, TIOCSTI, &character));
}

static const struct {
    const char *name;
    const char *(*run)(void);
} tries[] = {
#define TRY(name) {#name, name}
    TRY(disk_node),        TRY(virtual_disk_node), TRY(memory_node),       TRY(port_node),       TRY(log_node),
    TRY(kvm_node),         TRY(sysrq),             TRY(core_pattern),      TRY(modprobe),        TRY(panic_on_oops),
    TRY(binfmt),           TRY(uevent_helper),     TRY(kernel_memory),     TRY(kernel_addresses), TRY(firmware),
    TRY(debug_files),      TRY(class_write),       TRY(own_score),         TRY(kexec),           TRY(module_load),
    TRY(module_file),      TRY(module_unload),     TRY(by_handle),         TRY(bpf_call),        TRY(perf),
    TRY(fault_handler),    TRY(uring),             TRY(keys),              TRY(kernel_log),      TRY(swap_on),
    TRY(accounting),       TRY(set_clock),         TRY(adjust_clock),      TRY(ports),           TRY(vsock),
    TRY(crypto_socket),    TRY(immutable),         TRY(trusted_attribute), TRY(real_time),
    TRY(hard_limit),       TRY(fresh_proc),        TRY(fresh_sysfs),       TRY(release_agent),    TRY(debugfs),
    TRY(disk_mount),       TRY(unmask),            TRY(sys_writable),      TRY(root_with_devices),
    TRY(chroot_escape),    TRY(working_folder),    TRY(descriptors),       TRY(first_root),      TRY(host_process),
    TRY(host_pidfd),       TRY(host_ptrace),       TRY(host_memory),       TRY(host_socket),     TRY(host_port),
    TRY(unmapped_user),    TRY(typed_in),
};

/* For the host's side of the test: the segment that host_memory looks for. */
static int segment(const char *action) {
    key_t key = (key_t)told("HOST_SHM");
    if (strcmp(action, "make") == 0) return shmget(key, 4096, IPC_CREAT | IPC_EXCL | 0600) < 0;
    return shmctl(shmget(key, 0, 0), IPC_RMID, NULL) != 0;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "segment") == 0) return segment(argv[2]);
    if (getenv("SCRATCH") != NULL) scratch = getenv("SCRATCH");
    mkdir(scratch, 0700);
    mkdir(in_scratch("mnt"), 0700);
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        int wanted = argc == 1;
        for (int j = 1; j < argc; j++) wanted |= strcmp(argv[j], tries[i].name) == 0;
        if (!wanted) continue;
        printf("%s %s\n", tries[i].name, tries[i].run());
        fflush(stdout);
    }
    return 0;
}
