/* See devices.h. The program is written here as instructions: no more than some comparisons for each rule. */
#include "security/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/util.h"
#include "kernel/cgroup.h"
#include "wire/ops.h"

enum { RULES_MAX = 256, RULE_LENGTH = 8, PROGRAM_MAX = 8 + RULES_MAX * RULE_LENGTH, ATTACHED_MAX = 64, ANY = -1 };

struct rule {
    int type, major, minor, access;
};

struct program {
    struct bpf_insn code[PROGRAM_MAX];
    unsigned length;
};

static int sys_bpf(enum bpf_cmd command, union bpf_attr *attributes) {
    return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

static void put(struct program *program, unsigned char code, unsigned to, unsigned from, int offset, int number) {
    program->code[program->length++] = (struct bpf_insn){
        .code = code, .dst_reg = (unsigned char)(to & 0xf), .src_reg = (unsigned char)(from & 0xf), .off = (short)offset, .imm = number};
}

static void put_answer(struct program *program, int answer) {
    put(program, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, answer);
    put(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

enum { TYPE = BPF_REG_2, ACCESS = BPF_REG_3, MAJOR = BPF_REG_4, MINOR = BPF_REG_5 };

/** The context is struct bpf_cgroup_dev_ctx: the access in the upper half of its first word and the type in the lower, then major and minor. */
static void put_head(struct program *program) {
    put(program, BPF_LDX | BPF_MEM | BPF_W, TYPE, BPF_REG_1, 0, 0);
    put(program, BPF_ALU | BPF_MOV | BPF_X, ACCESS, TYPE, 0, 0);
    put(program, BPF_ALU | BPF_AND | BPF_K, TYPE, 0, 0, 0xffff);
    put(program, BPF_ALU | BPF_RSH | BPF_K, ACCESS, 0, 0, 16);
    put(program, BPF_LDX | BPF_MEM | BPF_W, MAJOR, BPF_REG_1, 4, 0);
    put(program, BPF_LDX | BPF_MEM | BPF_W, MINOR, BPF_REG_1, 8, 0);
}

/** Allows what the rule allows, and goes on behind it for all else. */
static void put_rule(struct program *program, const struct rule *rule) {
    unsigned begin = program->length;
    int end = RULE_LENGTH - (rule->major == ANY) - (rule->minor == ANY);
#define OTHERWISE_NEXT (end - (int)(program->length - begin) - 1)
    put(program, BPF_JMP | BPF_JNE | BPF_K, TYPE, 0, OTHERWISE_NEXT, rule->type);
    put(program, BPF_ALU | BPF_MOV | BPF_X, BPF_REG_0, ACCESS, 0, 0);
    put(program, BPF_ALU | BPF_AND | BPF_K, BPF_REG_0, 0, 0, ~rule->access & 7);
    put(program, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, OTHERWISE_NEXT, 0);
    if (rule->major != ANY)
        put(program, BPF_JMP | BPF_JNE | BPF_K, MAJOR, 0, OTHERWISE_NEXT, rule->major);
    if (rule->minor != ANY)
        put(program, BPF_JMP | BPF_JNE | BPF_K, MINOR, 0, OTHERWISE_NEXT, rule->minor);
#undef OTHERWISE_NEXT
    put_answer(program, 1);
}

static bool parse_part(const char *text, size_t length, uint64_t max, int *number) {
    char word[16];
    uint64_t value;
    if (length == 1 && *text == '*') {
        *number = ANY;
        return true;
    }
    if (length >= sizeof word)
        return false;
    memcpy(word, text, length);
    word[length] = '\0';
    bool good = parse_number(word, max, &value);
    *number = good ? (int)value : 0;
    return good;
}

/** Reads a rule in the words of v1's devices.allow, such as "c 1:3 rwm" or "b *:* m". */
static bool parse_rule(const char *text, struct rule *rule) {
    const char *colon = strchr(text, ':'), *blank = colon == NULL ? NULL : strchr(colon, ' ');
    if (blank == NULL || (strncmp(text, "c ", 2) != 0 && strncmp(text, "b ", 2) != 0) || colon < text + 2)
        return false;
    *rule = (struct rule){.type = *text == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK};
    if (!parse_part(text + 2, (size_t)(colon - text - 2), 0xfff, &rule->major) || !parse_part(colon + 1, (size_t)(blank - colon - 1), 0xfffff, &rule->minor))
        return false;
    for (const char *letter = blank + 1; *letter != '\0'; letter++)
        rule->access |= *letter == 'r'   ? BPF_DEVCG_ACC_READ
                        : *letter == 'w' ? BPF_DEVCG_ACC_WRITE
                        : *letter == 'm' ? BPF_DEVCG_ACC_MKNOD
                                         : 8;
    return rule->access > 0 && rule->access < 8;
}

/** @param rules separated by commas; what none of them allows is denied. @returns false when they cannot be read */
static bool write_program(struct program *program, const char *rules) {
    cleanup_free char *copy = strdup(rules);
    if (copy == NULL)
        abort();
    put_head(program);
    unsigned count = 0;
    struct rule rule;
    for (char *rest = copy, *text; *rules != '\0' && (text = next_part(&rest, ',')) != NULL; put_rule(program, &rule))
        if (count++ == RULES_MAX || !parse_rule(text, &rule))
            return false;
    put_answer(program, 0);
    return true;
}

static int load(const struct program *program) {
    union bpf_attr attributes = {
        .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
        .insn_cnt = program->length,
        .insns = (uintptr_t)program->code,
        .license = (uintptr_t) "",
        .prog_name = "bothy_devices",
    };
    int fd = sys_bpf(BPF_PROG_LOAD, &attributes);
    if (fd >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        close_now(&fd);
    return fd;
}

/** Takes the programs away that were attached before. */
static int detach(int group, const uint32_t *ids, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        union bpf_attr by_id = {.prog_id = ids[i]};
        cleanup_fd int old = sys_bpf(BPF_PROG_GET_FD_BY_ID, &by_id);
        union bpf_attr attributes = {.target_fd = (uint32_t)group, .attach_bpf_fd = (uint32_t)old, .attach_type = BPF_CGROUP_DEVICE};
        if (old < 0 || sys_bpf(BPF_PROG_DETACH, &attributes) < 0)
            return -1;
    }
    return 0;
}

/**
 * Puts a program in the place of those that a group has. What the guest attaches to groups of its own is asked besides, never instead (BPF_F_ALLOW_MULTI). For a
 * moment old and new hold together, so that a change leaves no gap.
 */
static int attach(int group, int program) {
    uint32_t ids[ATTACHED_MAX];
    union bpf_attr query = {.query = {.target_fd = (uint32_t)group, .attach_type = BPF_CGROUP_DEVICE, .prog_ids = (uintptr_t)ids, .prog_cnt = ATTACHED_MAX}};
    union bpf_attr attributes = {
        .target_fd = (uint32_t)group, .attach_bpf_fd = (uint32_t)program, .attach_type = BPF_CGROUP_DEVICE, .attach_flags = BPF_F_ALLOW_MULTI};
    if (sys_bpf(BPF_PROG_QUERY, &query) < 0 || sys_bpf(BPF_PROG_ATTACH, &attributes) < 0)
        return -1;
    return detach(group, ids, query.query.prog_cnt);
}

/** @returns 0, or -1 with errno; EINVAL for rules that cannot be read */
static int guard_devices(const char *path, const char *rules) {
    cleanup_free struct program *program = must_alloc(sizeof *program);
    if (!write_program(program, rules)) {
        errno = EINVAL;
        return -1;
    }
    cleanup_fd int group = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_fd int loaded = group < 0 ? -1 : load(program);
    return loaded < 0 ? -1 : attach(group, loaded);
}

bool can_guard_devices(const char *group) {
    return guard_devices(group, "c 1:3 rwm") == 0;
}

int take_cgroup_devices(struct cell *cell, struct op *op) {
    struct program *program = must_alloc(sizeof *program);
    bool good = write_program(program, op->word[1]);
    free(program);
    return good ? 0 : fail(&cell->status, "cgroup-devices", EINVAL, NULL, "Cannot allow the devices \"%.256s\"", op->word[1]);
}

int host_cgroup_devices(struct cell *cell, struct op *op) {
    if (guard_devices(op->word[0], op->word[1]) == 0)
        return 0;
    if (strcmp(op->word[2], "optional") != 0)
        return fail(&cell->status, "cgroup-devices", errno, op->word[0], "Cannot set the device rules of the control group");
    cell->groups->unguarded = errno;
    return 0;
}
