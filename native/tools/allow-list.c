/* See allow-list.h. */
#include "allow-list.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "argument-rules.h"

/* what a word of the list answers, to a container and to one that nests */
static const struct {
    const char *word;
    unsigned answer[2];
} answers[] = {
    {"allow:", {SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW}},
    {"EPERM:", {SECCOMP_RET_ERRNO | EPERM, SECCOMP_RET_ERRNO | EPERM}},
    {"ENOSYS:", {SECCOMP_RET_ERRNO | ENOSYS, SECCOMP_RET_ERRNO | ENOSYS}},
    {"EPERM-or-nesting:", {SECCOMP_RET_ERRNO | EPERM, SECCOMP_RET_ALLOW}},
    {"ENOSYS-or-nesting:", {SECCOMP_RET_ERRNO | ENOSYS, SECCOMP_RET_ALLOW}},
};

/* for what is not in the list, which then is newer */
static const unsigned otherwise = SECCOMP_RET_ERRNO | ENOSYS;

enum { LINE = 256, RULES = 1024 };

/* what becomes of a number, and of all behind it up to the next rule's */
struct rule {
    unsigned number, answer;
};

struct rules {
    struct rule rule[2 * RULES];
    size_t count;
};

static const unsigned *answer_of(const char *word, int nesting) {
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        if (strcmp(answers[i].word, word) == 0)
            return &answers[i].answer[nesting];
    return NULL;
}

/** Reads the calls of one architecture, in the order of the file. A libseccomp that is older than a call does not know it, and its answer is that of a newer one. */
static int read_calls(const char *list, uint32_t arch, int nesting, struct rules *rules) {
    FILE *file = fopen(list, "re");
    if (file == NULL) {
        perror(list);
        return -1;
    }
    const unsigned *answer = NULL;
    char line[LINE];
    rules->count = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "#")] = '\0';
        for (char *rest, *word = strtok_r(line, " \t\n", &rest); word != NULL; word = strtok_r(NULL, " \t\n", &rest)) {
            const unsigned *next = answer_of(word, nesting);
            if (next != NULL) {
                answer = next;
                continue;
            }
            int number = number_of(arch, word);
            if (answer == NULL || rules->count == RULES) {
                fprintf(stderr, "seccomp-gen: Cannot read %s: no answer is said for \"%s\", or there are too many calls.\n", list, word);
                fclose(file);
                errno = EINVAL;
                return -1;
            }
            if (number >= 0)
                rules->rule[rules->count++] = (struct rule){(unsigned)number, *answer};
        }
    }
    return fclose(file);
}

static int by_number(const void *a, const void *b) {
    const struct rule *one = a, *other = b;
    return one->number < other->number ? -1 : one->number > other->number;
}

/** Makes ranges, from 0 on and without a gap, of which no two neighbours have the same answer. */
static int to_ranges(struct rules *rules) {
    static struct rules ranges;
    qsort(rules->rule, rules->count, sizeof rules->rule[0], by_number);
    ranges.rule[0] = (struct rule){0, otherwise};
    ranges.count = 1;
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->rule[i];
        if (i > 0 && rule->number == rule[-1].number) {
            fprintf(stderr, "seccomp-gen: Cannot make a filter: call %u is in the list twice.\n", rule->number);
            errno = EINVAL;
            return -1;
        }
        struct rule *last = &ranges.rule[ranges.count - 1];
        if (last->number == rule->number)
            last->answer = rule->answer;
        else if (last->answer != rule->answer)
            ranges.rule[ranges.count++] = *rule;
        int is_last = i + 1 == rules->count || rule[1].number != rule->number + 1;
        if (is_last && rule->answer != otherwise)
            ranges.rule[ranges.count++] = (struct rule){rule->number + 1, otherwise};
    }
    *rules = ranges;
    return 0;
}

/** Instructions of a tree of ranges: half of them are left out at each step. A conditional jump reaches over 255, which is half of the most ranges that there may be. */
enum { MOST_RANGES = 256 };

static size_t put_tree(struct sock_filter *out, const struct rule *rule, size_t count) {
    if (count == 1) {
        *out = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, rule->answer);
        return 1;
    }
    size_t lower = count / 2;
    size_t length = put_tree(out + 1, rule, lower);
    *out = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, rule[lower].number, (unsigned char)length, 0);
    return 1 + length + put_tree(out + 1 + length, rule + lower, count - lower);
}

/** The tree of one architecture, which the others pass over. */
static int write_tree(int fd, unsigned audit, const struct rules *rules) {
    static struct sock_filter program[4 + 2 * MOST_RANGES];
    if (rules->count > MOST_RANGES) {
        fputs("seccomp-gen: Cannot make a filter: its calls are too many ranges for the jumps of a tree.\n", stderr);
        errno = EINVAL;
        return -1;
    }
    size_t length = 4 + put_tree(program + 4, rules->rule, rules->count);
    program[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
    program[1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, audit, 1, 0);
    program[2] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (unsigned)(length - 3));
    program[3] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    size_t size = length * sizeof program[0];
    return write(fd, program, size) == (ssize_t)size ? 0 : -1;
}

int write_allow_list(const struct arch *arch, const char *list, int nesting, int with_compat, const char *path) {
    static struct rules rules;
    const uint32_t of[] = {arch->native, arch->compat};
    /* foreign calling conventions, x32 among them, whose numbers are beyond all others */
    const struct sock_filter foreign = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write_socket_rules(arch, fd) < 0 || write_umount_rules(arch, fd) < 0)
        return -1;
    for (int i = 0; i < (with_compat ? 2 : 1); i++)
        if (read_calls(list, of[i], nesting, &rules) < 0 || to_ranges(&rules) < 0 || write_tree(fd, arch->audit[i], &rules) < 0)
            return -1;
    return write(fd, &foreign, sizeof foreign) == sizeof foreign ? close(fd) : -1;
}
