/*
 * Inits of the kinds that there are, by how they listen. Each notes in /halted what made it end, and ends.
 *
 *     init handler NAME...     catches these signals: PWR, TERM, USR1, USR2, INT
 *     init signalfd NAME...    blocks these and reads them
 *     init wait NAME...        blocks these and waits for them
 *     init openrc              blocks all but TERM and INT, which it catches
 *     init forward SCRIPT      waits for all signals and passes them on to a shell
 *     init go                  catches all there are, and ends by TERM only
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
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
    if (strcmp(kind, "handler") == 0)
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
