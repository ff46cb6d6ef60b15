/*
 * Programs of BPF for devices, as a container manager inside makes them and as a hostile guest would: device-program WHAT ARGUMENT...
 *   attach GROUP       one that allows all, to GROUP; prints errno
 *   deny GROUP PATH    one as crun writes it, that denies the device 1:3, to GROUP, by a thread of its own; enters GROUP; prints errno of attaching, of opening PATH
 *                      with it, of detaching, and of opening PATH without it
 *   shapes             loads what is more than a comparison of numbers; prints the name of each and errno
 *   many COUNT         programs that are kept until it is killed; prints how many there are
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT_OF(list) (sizeof(list) / sizeof(list)[0])
#define INSTRUCTION(c, to, from, offset, number) \
    { .code = (c), .dst_reg = (to), .src_reg = (from), .off = (offset), .imm = (number) }
#define LOAD(to, size, at) INSTRUCTION(BPF_LDX | BPF_MEM | (size), to, 1, at, 0)
#define SET(to, number) INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, number)
#define UNLESS(reg, number, over) INSTRUCTION(BPF_JMP | BPF_JNE | BPF_K, reg, 0, over, number)
#define EXIT INSTRUCTION(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

static const struct bpf_insn open_all[] = {SET(0, 1), EXIT};

/* type in 2, access in 3, major in 4, minor in 5; 1 is free from the first rule on */
static const struct bpf_insn no_null[] = {
    LOAD(2, BPF_W, 0),
    INSTRUCTION(BPF_ALU | BPF_AND | BPF_K, 2, 0, 0, 0xffff),
    LOAD(3, BPF_W, 0),
    INSTRUCTION(BPF_ALU | BPF_RSH | BPF_K, 3, 0, 0, 16),
    LOAD(4, BPF_W, 4),
    LOAD(5, BPF_W, 8),
    UNLESS(2, BPF_DEVCG_DEV_CHAR, 7),
    INSTRUCTION(BPF_ALU | BPF_MOV | BPF_X, 1, 3, 0, 0),
    INSTRUCTION(BPF_ALU | BPF_AND | BPF_K, 1, 0, 0, 7),
    INSTRUCTION(BPF_JMP | BPF_JNE | BPF_X, 1, 3, 4, 0),
    UNLESS(4, 1, 3),
    UNLESS(5, 3, 2),
    SET(0, 0),
    EXIT,
    SET(0, 1),
    EXIT,
};

static const struct bpf_insn from_pointer[] = {INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_X, 0, 1, 0, 0), EXIT};
static const struct bpf_insn pointer_and_number[] = {INSTRUCTION(BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, 4), LOAD(0, BPF_W, 0), EXIT};
static const struct bpf_insn stack[] = {INSTRUCTION(BPF_ST | BPF_MEM | BPF_DW, 10, 0, -8, 1), SET(0, 1), EXIT};
static const struct bpf_insn call[] = {INSTRUCTION(BPF_JMP | BPF_CALL, 0, 0, 0, 5), SET(0, 1), EXIT};
static const struct bpf_insn map[] = {INSTRUCTION(BPF_LD | BPF_IMM | BPF_DW, 1, 1, 0, 3), INSTRUCTION(0, 0, 0, 0, 0), SET(0, 1), EXIT};
static const struct bpf_insn loop[] = {SET(0, 1), UNLESS(0, 0, -1), EXIT};
static const struct bpf_insn beyond[] = {LOAD(0, BPF_W, 12), EXIT};
static const struct bpf_insn no_answer[] = {EXIT};
static const struct bpf_insn no_end[] = {SET(0, 1)};
static const struct bpf_insn unreached[] = {SET(0, 1), EXIT, SET(0, 1), EXIT};
/* one way leads past where 1 becomes a number */
static const struct bpf_insn perhaps_pointer[] = {LOAD(2, BPF_W, 0), UNLESS(2, 1, 1), SET(1, 7), INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_X, 0, 1, 0, 0), EXIT};
/* what the kernel's own judge has to say is heard: an answer is 0 or 1 */
static const struct bpf_insn other_answer[] = {SET(0, 2), EXIT};

#define SHAPE(name) \
    { #name, name, COUNT_OF(name) }
static const struct {
    const char *name;
    const struct bpf_insn *code;
    size_t length;
} shapes[] = {
    SHAPE(open_all), SHAPE(no_null),  SHAPE(from_pointer), SHAPE(pointer_and_number), SHAPE(stack),     SHAPE(call),            SHAPE(map),
    SHAPE(loop),     SHAPE(beyond),   SHAPE(no_answer),    SHAPE(no_end),             SHAPE(unreached), SHAPE(perhaps_pointer), SHAPE(other_answer),
};

static int load(unsigned type, const struct bpf_insn *code, size_t length) {
    union bpf_attr attributes = {.prog_type = type, .insn_cnt = (unsigned)length, .insns = (uintptr_t)code, .license = (uintptr_t) "Apache-2.0"};
    return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes);
}

static int change(int command, int group, int program) {
    union bpf_attr attributes = {
        .target_fd = (unsigned)group, .attach_bpf_fd = (unsigned)program, .attach_type = BPF_CGROUP_DEVICE, .attach_flags = command == BPF_PROG_ATTACH ? BPF_F_ALLOW_MULTI : 0};
    return (int)syscall(SYS_bpf, command, &attributes, sizeof attributes);
}

static int error_of(long result) {
    return result < 0 ? errno : 0;
}

struct attaching {
    int group, program, error;
};

static void *attach(void *context) {
    struct attaching *self = context;
    self->program = load(BPF_PROG_TYPE_CGROUP_DEVICE, no_null, COUNT_OF(no_null));
    self->error = self->program < 0 ? errno : error_of(change(BPF_PROG_ATTACH, self->group, self->program));
    return NULL;
}

static int deny(const char *folder, const char *path) {
    struct attaching attaching = {.group = open(folder, O_RDONLY | O_DIRECTORY)};
    pthread_t thread;
    int processes = openat(attaching.group, "cgroup.procs", O_WRONLY);
    if (pthread_create(&thread, NULL, attach, &attaching) != 0 || pthread_join(thread, NULL) != 0 || write(processes, "0", 1) != 1)
        return 1;
    int denied = error_of(open(path, O_RDWR)), detached = error_of(change(BPF_PROG_DETACH, attaching.group, attaching.program));
    printf("%d %d %d %d\n", attaching.error, denied, detached, error_of(open(path, O_RDWR)));
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 4 && strcmp(argv[1], "deny") == 0)
        return deny(argv[2], argv[3]);
    if (argc == 3 && strcmp(argv[1], "attach") == 0) {
        int program = load(BPF_PROG_TYPE_CGROUP_DEVICE, open_all, COUNT_OF(open_all));
        printf("%d\n", program < 0 ? errno : error_of(change(BPF_PROG_ATTACH, open(argv[2], O_RDONLY | O_DIRECTORY), program)));
        return 0;
    }
    if (argc == 3 && strcmp(argv[1], "many") == 0) {
        int count = 0;
        while (count < atoi(argv[2]) && load(BPF_PROG_TYPE_CGROUP_DEVICE, open_all, COUNT_OF(open_all)) >= 0)
            count++;
        printf("%d\n", count);
        fflush(stdout);
        pause();
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "shapes") == 0) {
        for (size_t i = 0; i < COUNT_OF(shapes); i++)
            printf("%s %d\n", shapes[i].name, error_of(load(BPF_PROG_TYPE_CGROUP_DEVICE, shapes[i].code, shapes[i].length)));
        printf("socket_filter %d\n", error_of(load(BPF_PROG_TYPE_SOCKET_FILTER, open_all, COUNT_OF(open_all))));
        printf("wild %d\n", error_of(load(BPF_PROG_TYPE_CGROUP_DEVICE, (void *)8, 2)));
        printf("map_create %d\n", error_of(syscall(SYS_bpf, BPF_MAP_CREATE, &(union bpf_attr){.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1}, sizeof(union bpf_attr))));
        return 0;
    }
    return 2;
}
