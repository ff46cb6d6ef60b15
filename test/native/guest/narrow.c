/*
 * A program of 64 bits that makes calls in the ways that a kernel of 64 bits has besides its own: narrow 32|x32|64 NUMBER ARGUMENT..., where a call follows after "--".
 * 32 is int 0x80, whose numbers and arguments are those of 32 bits. An argument is a number; "=TEXT" the address of a text; "[1,2,3" that of numbers of 32 bits; "@" that of
 * room, of which the first ten numbers of 32 bits are printed after the call. Prints 0 or what the call gave, or the negative number of the error.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARGUMENTS = 6, TEXT_MAX = 256, X32 = 0x40000000 };

/* not above 4 GiB, which the linker sees to for a program at a fixed place */
static char texts[ARGUMENTS][TEXT_MAX];
static uint32_t room[64];

static long call_narrow(const long *a) {
    long result;
    register long sixth __asm__("rbp") = a[6];
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(a[0]), "b"(a[1]), "c"(a[2]), "d"(a[3]), "S"(a[4]), "D"(a[5]), "r"(sixth) : "memory", "r8", "r9", "r10", "r11");
    return (int32_t)result;
}

static long call_wide(const long *a) {
    long result;
    register long r10 __asm__("r10") = a[4];
    register long r8 __asm__("r8") = a[5];
    register long r9 __asm__("r9") = a[6];
    __asm__ volatile("syscall" : "=a"(result) : "a"(a[0]), "D"(a[1]), "S"(a[2]), "d"(a[3]), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return result;
}

static long take(const char *word, int at) {
    if (*word == '=')
        return (long)(uintptr_t)strncpy(texts[at], word + 1, TEXT_MAX - 1);
    if (*word == '@')
        return (long)(uintptr_t)room;
    if (*word != '[')
        return (long)strtoull(word, NULL, 0);
    uint32_t *numbers = (uint32_t *)(void *)texts[at];
    for (word++; *word != '\0'; word += *word == ',') {
        char *end;
        *numbers++ = (uint32_t)strtoul(word, &end, 0);
        word = end;
    }
    return (long)(uintptr_t)texts[at];
}

int main(int argc, char **argv) {
    for (int i = 1; i + 1 < argc; i++) {
        const char *way = argv[i++];
        long call[1 + ARGUMENTS] = {strtol(argv[i++], NULL, 0)};
        int has_room = 0;
        memset(texts, 0, sizeof texts);
        for (int at = 0; i < argc && strcmp(argv[i], "--") != 0 && at < ARGUMENTS; i++, at++) {
            call[1 + at] = take(argv[i], at);
            has_room |= *argv[i] == '@';
        }
        if (strcmp(way, "x32") == 0)
            call[0] |= X32;
        printf("%ld", strcmp(way, "32") == 0 ? call_narrow(call) : call_wide(call));
        for (int at = 0; has_room && at < 16; at++)
            printf(" %u", room[at]);
        printf("\n");
        fflush(stdout);
    }
    return 0;
}
