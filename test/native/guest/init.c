/*
 * Inits of the kinds that there are, by how they listen. Each notes in /halted what made it end, and ends.
 *
 *     init handler NAME...     catches these signals: PWR, TERM, USR1, USR2, INT
 *     init signalfd NAME...    blocks these and reads them
 *     init wait NAME...        blocks these and waits for them
 *     init openrc              blocks all but TERM and INT, which it catches
 *     init forward SCRIPT      waits for all signals and passes them on to a shell
 *     init go                  catches all there are, and ends by TERM only
 *     init initctl MILLISECONDS   opens the pipe of sysvinit after so long, and takes signals for failures of power
 *     init fuse NAME...        blocks these and waits for them, by words that lie in a file that nobody gives by then
 *     init hoard NAME...       catches these, once its command line has gigabytes and no descriptor is left
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/prctl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
    const char *name;
    int number;
} names[] = {{"PWR", SIGPWR}, {"TERM", SIGTERM}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"INT", SIGINT}};

static void halt(int number) {
    int fd = open("/halted", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == number && dprintf(fd, "%s\n", names[i].name) < 0)
            _exit(2);
    _exit(0);
}

static void pass_over(int number) {
    if (number == SIGTERM)
        halt(number);
}

static sigset_t set_of(char **words) {
    sigset_t set;
    sigemptyset(&set);
    for (; *words != NULL; words++)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (strcmp(names[i].name, *words) == 0)
                sigaddset(&set, names[i].number);
    return set;
}

/** By prctl(2), PR_SET_MM: all but the arguments stays as proc_pid_stat(5) shows it. */
static void lengthen_command_line(void) {
    const size_t size = 3ul << 30;
    enum { START_CODE = 26, END_CODE, START_STACK, START_DATA = 45, END_DATA, START_BRK, ARG_START, ARG_END, ENV_START, ENV_END, FIELDS };
    unsigned long long field[FIELDS] = {0};
    char text[4096] = "";
    int fd = open("/proc/self/stat", O_RDONLY);
    if (read(fd, text, sizeof text - 1) <= 0)
        _exit(3);
    char *at = strrchr(text, ')') + 1;
    for (int i = 3; i < FIELDS && at != NULL; i++, at = strchr(at + 1, ' '))
        field[i] = strtoull(at + 1, NULL, 10);
    char *words = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    struct prctl_mm_map map = {.start_code = field[START_CODE],
                               .end_code = field[END_CODE],
                               .start_stack = field[START_STACK],
                               .start_data = field[START_DATA],
                               .end_data = field[END_DATA],
                               .start_brk = field[START_BRK],
                               .brk = (unsigned long)sbrk(0),
                               .arg_start = (unsigned long)words,
                               .arg_end = (unsigned long)words + size,
                               .env_start = field[ENV_START],
                               .env_end = field[ENV_END],
                               .exe_fd = (unsigned)-1};
    if (words == MAP_FAILED || prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0) < 0)
        _exit(4);
}

/** A file system with one file, of which nobody ever gets a byte (linux/fuse.h). */
static void serve(int device) {
    static char request[1 << 20];
    for (;;) {
        const struct fuse_in_header *asked = (void *)request;
        if (read(device, request, sizeof request) <= 0)
            _exit(0);
        struct {
            struct fuse_out_header head;
            union {
                struct fuse_init_out init;
                struct fuse_entry_out entry;
                struct fuse_attr_out attr;
                struct fuse_open_out open;
            } body;
        } answer = {.head = {.unique = asked->unique}};
        const struct fuse_attr file = {.ino = 2, .size = 4096, .mode = S_IFREG | 0644, .nlink = 1};
        const struct fuse_attr folder = {.ino = 1, .mode = S_IFDIR | 0755, .nlink = 1};
        size_t size = 0;
        if (asked->opcode == FUSE_READ || asked->opcode == FUSE_FORGET)
            continue;
        if (asked->opcode == FUSE_INIT) {
            answer.body.init = (struct fuse_init_out){.major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = 4096, .max_readahead = 4096};
            size = sizeof answer.body.init;
        } else if (asked->opcode == FUSE_LOOKUP) {
            answer.body.entry = (struct fuse_entry_out){.nodeid = 2, .entry_valid = 1000, .attr_valid = 1000, .attr = file};
            size = sizeof answer.body.entry;
        } else if (asked->opcode == FUSE_GETATTR) {
            answer.body.attr = (struct fuse_attr_out){.attr_valid = 1000, .attr = asked->nodeid == 1 ? folder : file};
            size = sizeof answer.body.attr;
        } else if (asked->opcode == FUSE_OPEN) {
            size = sizeof answer.body.open;
        } else {
            answer.head.error = -ENOSYS;
        }
        answer.head.len = (unsigned)(sizeof answer.head + size);
        if (write(device, &answer, answer.head.len) < 0)
            _exit(0);
    }
}

/** Puts the file in the place of a page as soon as the first thread waits there. */
static void *lose_page(void *page) {
    int file = open("/lost/words", O_RDONLY);
    unsigned call = 0;
    while (call != SYS_rt_sigtimedwait) {
        char text[256] = "";
        int fd = open("/proc/1/syscall", O_RDONLY);
        if (read(fd, text, sizeof text - 1) > 0)
            call = (unsigned)atoi(text);
        close(fd);
    }
    if (mmap(page, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 0) != page)
        _exit(6);
    close(open("/ready", O_WRONLY | O_CREAT, 0644));
    return NULL;
}

static void wait_by_lost_words(const sigset_t *set) {
    char options[64];
    pthread_t loser;
    int device = open("/dev/fuse", O_RDWR);
    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
    if (device < 0 || mkdir("/lost", 0755) < 0 || mount("lost", "/lost", "fuse", 0, options) < 0)
        _exit(5);
    if (fork() == 0)
        serve(device);
    close(device);
    sigset_t *words = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (words == MAP_FAILED)
        _exit(4);
    *words = *set;
    sigprocmask(SIG_BLOCK, set, NULL);
    if (pthread_create(&loser, NULL, lose_page, words) != 0)
        _exit(4);
    halt((int)syscall(SYS_rt_sigtimedwait, words, NULL, NULL, 8));
}

static void take_descriptors(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < 100000 ? limit.rlim_max : 100000;
    setrlimit(RLIMIT_NOFILE, &limit);
    int spare = open("/halted", O_WRONLY | O_CREAT, 0644);
    while (dup(0) >= 0 || dup(1) >= 0)
        ;
    /* for the note */
    close(spare);
}

static _Noreturn void serve_requests(unsigned milliseconds) {
    char said[64] = "";
    signal(SIGPWR, pass_over);
    usleep(1000 * milliseconds);
    mkdir("/run", 0755);
    if (mkfifo("/run/initctl", 0600) < 0 && errno != EEXIST)
        _exit(7);
    if (dup2(open("/run/initctl", O_RDWR), 10) != 10 || read(10, said, sizeof said) <= 0)
        _exit(8);
    int fd = open("/halted", O_WRONLY | O_CREAT | O_TRUNC, 0644);
    _exit(write(fd, said, strlen(said)) > 0 ? 0 : 2);
}

static int forward(const char *script) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    pid_t child = fork();
    if (child == 0) {
        sigemptyset(&all);
        sigprocmask(SIG_SETMASK, &all, NULL);
        execl("/bin/sh", "sh", "-c", script, NULL);
        _exit(127);
    }
    for (;;) {
        int number = sigwaitinfo(&all, NULL);
        if (number == SIGCHLD && waitpid(child, NULL, WNOHANG) == child)
            return 0;
        if (number > 0 && number != SIGCHLD)
            kill(child, number);
    }
}

int main(int argc, char **argv) {
    const char *kind = argc > 1 ? argv[1] : "";
    sigset_t set = set_of(argv + (argc > 1 ? 2 : 1));
    if (strcmp(kind, "forward") == 0)
        return forward(argv[2]);
    if (strcmp(kind, "initctl") == 0)
        serve_requests((unsigned)atoi(argv[2]));
    if (strcmp(kind, "go") == 0)
        for (int number = 1; number < 32; number++)
            signal(number, pass_over);
    if (strcmp(kind, "openrc") == 0) {
        sigfillset(&set);
        sigdelset(&set, SIGTERM);
        sigdelset(&set, SIGINT);
        sigprocmask(SIG_SETMASK, &set, NULL);
        signal(SIGTERM, halt);
        signal(SIGINT, halt);
    }
    if (strcmp(kind, "hoard") == 0) {
        lengthen_command_line();
        take_descriptors();
    }
    if (strcmp(kind, "fuse") == 0)
        wait_by_lost_words(&set);
    if (strcmp(kind, "handler") == 0 || strcmp(kind, "hoard") == 0)
        for (int number = 1; number < 32; number++)
            if (sigismember(&set, number))
                signal(number, halt);
    if (strcmp(kind, "signalfd") == 0 || strcmp(kind, "wait") == 0)
        sigprocmask(SIG_BLOCK, &set, NULL);
    if (strcmp(kind, "wait") == 0)
        halt(sigwaitinfo(&set, NULL));
    if (strcmp(kind, "signalfd") == 0) {
        struct signalfd_siginfo info = {0};
        int fd = signalfd(-1, &set, 0);
        if (read(fd, &info, sizeof info) == sizeof info)
            halt((int)info.ssi_signo);
    }
    for (;;)
        pause();
}
