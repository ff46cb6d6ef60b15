/*
 * Inits of the kinds that there are, by how they listen. Each notes in /halted what made it end, and ends.
 *
 *     init handler NAME...     catches these signals: PWR, TERM, USR1, USR2, INT
 *     init signalfd NAME...    blocks these and reads them
 *     init wait NAME...        blocks these and waits for them
 *     init openrc              blocks all but TERM and INT, which it catches
 *     init forward SCRIPT      waits for all signals and passes them on to a shell
 *     init go                  catches all there are, and ends by TERM only
 *     init hoard NAME...       catches these, once its command line has gigabytes and no descriptor is left
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/prctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
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
    enum { START_CODE = 26, END_CODE, START_STACK, START_DATA = 45, END_DATA, START_BRK, ARG_START, ARG_END, ENV_START, ENV_END, FIELDS };
    const size_t size = 3ul << 30;
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
