/*
 * Makes system calls by their numbers, "wide" ones of this architecture or "narrow" ones of 32 bits (x86), and prints what each was refused with: the number of the
 * error, 0 when it was not. Arguments are those that do nothing: descriptors that are none, pointers to nothing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long wide(long number) {
    return syscall(number, -1L, -1L, -1L, -1L, -1L, -1L) < 0 ? errno : 0;
}

static long narrow(long number) {
#ifdef __x86_64__
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(-1L), "c"(-1L), "d"(-1L), "S"(-1L), "D"(-1L) : "memory", "r8", "r9", "r10", "r11");
    return (int)result < 0 ? -(int)result : 0;
#else
    (void)number;
    return -1;
#endif
}

int main(int argc, char **argv) {
    if (argc < 2)
        return 2;
    long (*call)(long) = strcmp(argv[1], "narrow") == 0 ? narrow : wide;
    for (int i = 2; i < argc; i++)
        printf("%s %ld\n", argv[i], call(strtol(argv[i], NULL, 0)));
    return fflush(stdout) == 0 ? 0 : 1;
}
