/*
 * Has another process make a system call that opens a file: inject PID PATH prints what came of it, 0 or the number of the error. What an attacker could do who had got hold
 * of that process. For x86_64.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RED_ZONE = 128, ROOM = 1024 };

static long long call(pid_t pid, const struct user_regs_struct *before, long number, unsigned long long a, unsigned long long b, unsigned long long c) {
    struct user_regs_struct regs = *before;
    int status;
    /* it waits in a system call, whose instruction is the two bytes before */
    regs.rip = before->rip - 2;
    regs.rax = (unsigned long long)number;
    regs.orig_rax = (unsigned long long)-1;
    regs.rdi = a;
    regs.rsi = b;
    regs.rdx = c;
    if (ptrace(PTRACE_SETREGS, pid, NULL, &regs) < 0 || ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) < 0 || waitpid(pid, &status, 0) < 0 ||
        ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0)
        exit(2);
    return (long long)regs.rax;
}

int main(int argc, char **argv) {
    struct user_regs_struct before;
    char words[ROOM] = "", saved[ROOM];
    int status;
    if (argc != 3 || strlen(argv[2]) >= ROOM)
        return 2;
    const pid_t pid = atoi(argv[1]);
    strcpy(words, argv[2]);
    if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) < 0 || waitpid(pid, &status, 0) < 0 || ptrace(PTRACE_GETREGS, pid, NULL, &before) < 0) {
        perror("inject");
        return 2;
    }
    const unsigned long long at = (before.rsp - RED_ZONE - ROOM) & ~7ULL;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    const int memory = open(path, O_RDWR);
    if (memory < 0 || pread(memory, saved, ROOM, (off_t)at) != ROOM || pwrite(memory, words, ROOM, (off_t)at) != ROOM)
        return 2;
    const long long result = call(pid, &before, SYS_openat, (unsigned long long)AT_FDCWD, at, O_RDONLY | O_CLOEXEC);
    if (result >= 0)
        call(pid, &before, SYS_close, (unsigned long long)result, 0, 0);
    if (pwrite(memory, saved, ROOM, (off_t)at) != ROOM || ptrace(PTRACE_SETREGS, pid, NULL, &before) < 0 || ptrace(PTRACE_DETACH, pid, NULL, NULL) < 0)
        return 2;
    printf("%lld\n", result < 0 ? -result : 0);
    return 0;
}
