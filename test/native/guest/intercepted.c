/*
 * Calls that are answered from outside, as a hostile program makes them: intercepted WHAT ARGUMENT...
 *   flood FOLDER             100 threads, each with calls of both kinds; prints how many failed
 *   change GOOD BAD          as user 1000 with CAP_MKNOD, while another thread changes the path in memory; prints how often it was made
 *   swap FOLDER NAME TARGET  the same while another thread swaps FOLDER/way between a folder and a symlink to TARGET
 *   killed FOLDER            callers that are killed in the midst of their calls
 *   hang FOLDER PATH         mounts a file system that never answers on FOLDER, and makes PATH; prints errno and seconds
 *   nested PATH              makes PATH in a user namespace of its own; prints errno
 *   setxattr PATH NAME VALUE  by all three calls; prints each errno
 *   getxattr PATH NAME        prints the value, or errno
 *   mount SOURCE TARGET TYPE FLAGS DATA   prints errno
 *   fsopen TYPE              prints errno
 *   schedule PID POLICY PRIORITY          PID 0 is its own; prints errno and the policy that it has then
 *   info                     prints what sysinfo tells: total, free, swap in KiB; processes; seconds of uptime
 *   wild                     calls with addresses that are none; prints each errno
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 100, ROUNDS = 300 };

static const char *folder;
static atomic_int failed, over;

static int make(const char *path) {
    return mknod(path, S_IFCHR | 0600, makedev(1, 3));
}

static void *flood(void *number) {
    char path[256];
    struct sysinfo info;
    snprintf(path, sizeof path, "%s/%ld", folder, (long)number);
    for (int i = 0; i < 5; i++)
        if (sysinfo(&info) < 0 || info.mem_unit != 1)
            atomic_fetch_add(&failed, 1);
    if (make(path) < 0)
        atomic_fetch_add(&failed, 1);
    return NULL;
}

static int flood_all(void) {
    pthread_t threads[THREADS];
    for (long i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, flood, (void *)i) != 0)
            return 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("failed %d\n", atomic_load(&failed));
    return 0;
}

/** User 1000, who may make nodes and nothing else. */
static int become_maker(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{.effective = 1 << CAP_MKNOD, .permitted = 1 << CAP_MKNOD}};
    return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || syscall(SYS_setresgid, 1000, 1000, 1000) < 0 || syscall(SYS_setresuid, 1000, 1000, 1000) < 0 ||
           syscall(SYS_capset, &header, data) < 0;
}

static char changing[256];
static const char *good, *bad;

static void *change(void *unused) {
    (void)unused;
    while (!atomic_load(&over)) {
        memcpy(changing, bad, strlen(bad) + 1);
        memcpy(changing, good, strlen(good) + 1);
    }
    return NULL;
}

static int make_while(void *(*other)(void *), const char *path) {
    pthread_t thread;
    int made = 0;
    if (pthread_create(&thread, NULL, other, NULL) != 0)
        return 1;
    for (int i = 0; i < ROUNDS; i++)
        made += make(path) == 0;
    atomic_store(&over, 1);
    pthread_join(thread, NULL);
    printf("made %d\n", made);
    return 0;
}

static const char *target;
static char way[256], link_path[256];

static void *swap(void *unused) {
    (void)unused;
    while (!atomic_load(&over)) {
        syscall(SYS_renameat2, AT_FDCWD, way, AT_FDCWD, link_path, 2 /* RENAME_EXCHANGE */);
    }
    return NULL;
}

static int kill_callers(void) {
    for (int i = 0; i < 200; i++) {
        char path[256];
        pid_t child = fork();
        snprintf(path, sizeof path, "%s/killed%d", folder, i);
        if (child == 0) {
            make(path);
            _exit(0);
        }
        struct timespec pause = {.tv_nsec = (i % 20) * 100000};
        nanosleep(&pause, NULL);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    char path[256];
    snprintf(path, sizeof path, "%s/after", folder);
    printf("after %d\n", make(path));
    return 0;
}

static int hang(const char *path) {
    char options[128];
    int fuse = open("/dev/own-fuse", O_RDWR);
    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
    if (fuse < 0 || mount("none", folder, "fuse", 0, options) < 0) {
        perror("fuse");
        return 1;
    }
    time_t began = time(NULL);
    int result = make(path);
    printf("%d %s %ld\n", result, result < 0 ? strerror(errno) : "", (long)(time(NULL) - began));
    return 0;
}

static int nested(const char *path) {
    int result = unshare(CLONE_NEWUSER) < 0 ? -2 : make(path);
    printf("%d %s\n", result, strerror(errno));
    return 0;
}

static int set_attribute(const char *path, const char *name, const char *value) {
    const size_t size = strlen(value);
    printf("setxattr %d\n", setxattr(path, name, value, size, 0) < 0 ? errno : 0);
    printf("lsetxattr %d\n", lsetxattr(path, name, value, size, 0) < 0 ? errno : 0);
    printf("fsetxattr %d\n", fsetxattr(open(path, O_RDONLY), name, value, size, 0) < 0 ? errno : 0);
    return 0;
}

static int tell_attribute(const char *path, const char *name) {
    char value[256];
    ssize_t size = lgetxattr(path, name, value, sizeof value);
    if (size < 0)
        printf("%d\n", errno);
    else
        printf("%.*s\n", (int)size, value);
    return 0;
}

static int schedule(pid_t pid, int policy, int priority) {
    struct sched_param parameter = {.sched_priority = priority};
    int result = sched_setscheduler(pid, policy, &parameter) < 0 ? errno : 0;
    printf("%d %d\n", result, sched_getscheduler(pid));
    return 0;
}

static int info(void) {
    struct sysinfo told;
    if (sysinfo(&told) < 0)
        return 1;
    unsigned long unit = told.mem_unit;
    printf("%lu %lu %lu %u %ld\n", told.totalram * unit / 1024, told.freeram * unit / 1024, told.totalswap * unit / 1024, told.procs, told.uptime);
    return 0;
}

static int wild(void) {
    static const unsigned long addresses[] = {0, 8, ~0UL, ~0UL - 4096, 0x7ffffffff000UL, 1UL << 63};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        long one = syscall(SYS_mknod, addresses[i], S_IFCHR | 0600, makedev(1, 3));
        int first = errno;
        long other = syscall(SYS_sysinfo, addresses[i]);
        printf("%ld %d %ld %d\n", one, first, other, errno);
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 2)
        return 2;
    const char *what = argv[1];
    folder = argc > 2 ? argv[2] : "";
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (strcmp(what, "flood") == 0)
        return flood_all();
    if (strcmp(what, "change") == 0 && argc == 4) {
        good = argv[2];
        bad = argv[3];
        memcpy(changing, good, strlen(good) + 1);
        return become_maker() ? 1 : make_while(change, changing);
    }
    if (strcmp(what, "swap") == 0 && argc == 5) {
        char path[600];
        target = argv[4];
        snprintf(way, sizeof way, "%s/way", folder);
        snprintf(link_path, sizeof link_path, "%s/link", folder);
        if (become_maker() || mkdir(way, 0700) < 0 || symlink(target, link_path) < 0)
            return 1;
        snprintf(path, sizeof path, "%s/%s", way, argv[3]);
        return make_while(swap, path);
    }
    if (strcmp(what, "killed") == 0)
        return kill_callers();
    if (strcmp(what, "hang") == 0 && argc == 4)
        return hang(argv[3]);
    if (strcmp(what, "nested") == 0)
        return nested(folder);
    if (strcmp(what, "setxattr") == 0 && argc == 5)
        return set_attribute(argv[2], argv[3], argv[4]);
    if (strcmp(what, "getxattr") == 0 && argc == 4)
        return tell_attribute(argv[2], argv[3]);
    if (strcmp(what, "mount") == 0 && argc == 7) {
        printf("%d\n", mount(argv[2], argv[3], argv[4], strtoul(argv[5], NULL, 0), argv[6]) < 0 ? errno : 0);
        return 0;
    }
    if (strcmp(what, "fsopen") == 0) {
        printf("%d\n", syscall(SYS_fsopen, folder, 0) < 0 ? errno : 0);
        return 0;
    }
    if (strcmp(what, "schedule") == 0 && argc == 5)
        return schedule(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]));
    if (strcmp(what, "info") == 0)
        return info();
    if (strcmp(what, "wild") == 0)
        return wild();
    return 2;
}
