/*
 * Answers to system calls that are handed over: what they make of the caller's arguments, of its memory and of what its files in /proc say. An input is
 *     which call, by its row in `known`; bits (below); six arguments of 8 bytes; the text of /proc/PID/status, ended by NUL; the memory, from address 0 on.
 * What an answer does in the caller's place is done by nobody: paths lead to an empty file, and no namespace is entered.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sys.h"
#include "base/util.h"
#include "fuzz/fuzz.h"
#include "verbs/notify/answer.h"
#include "verbs/notify/calls.h"
#include "verbs/notify/device-program.h"
#include "verbs/notify/mount.h"
#include "wire/ops.h"

enum { ARGUMENTS = 6, HEAD = 2 + ARGUMENTS * 8, MEMORY_MAX = 64 * 1024, BASE = 100000, LISTENER = INT_MAX };
/* the three bits above them: how often a caller is still found waiting, 7 for ever */
enum { BIT_NARROW = 1, BIT_STRANGER = 2, BIT_ROOT = 4, PATIENCE = 32, FOR_EVER = 7 };

/* The numbers of each call that is known, of this architecture and, with BIT_NARROW, of 32 bits; an index beyond is a number itself. */
#ifdef __x86_64__
static const uint32_t own = AUDIT_ARCH_X86_64, narrow = AUDIT_ARCH_I386;
enum { OWN_MKNOD = SYS_mknod, NARROW_MKNODAT = 297, NARROW_BPF = 357 };
#else
static const uint32_t own = AUDIT_ARCH_AARCH64, narrow = AUDIT_ARCH_ARM;
enum { OWN_MKNOD = -1, NARROW_MKNODAT = 324, NARROW_BPF = 386 };
#endif
static const int known[][2] = {
    {OWN_MKNOD, 14},  {SYS_mknodat, NARROW_MKNODAT}, {SYS_sysinfo, 116},   {SYS_sched_setscheduler, 156},
    {SYS_mount, 21},  {SYS_setxattr, 226},           {SYS_lsetxattr, 227}, {SYS_fsetxattr, 228},
    {SYS_bpf, NARROW_BPF},
};

static char folder[] = "/dev/shm/bothy-fuzz-XXXXXX";
static int proc = -1, status = -1, memory = -1, file = -1;
static unsigned patience;

static void remove_folder(void) {
    unlinkat(proc, "status", 0);
    unlinkat(proc, "mem", 0);
    rmdir(folder);
}

/** A folder of /proc as the input says, in the place of a caller's. */
static void make_proc(void) {
    if (mkdtemp(folder) == NULL)
        abort();
    proc = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    status = openat(proc, "status", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    memory = openat(proc, "mem", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    file = memfd_create("place", MFD_CLOEXEC);
    if (proc < 0 || status < 0 || memory < 0 || file < 0 || atexit(remove_folder) != 0)
        abort();
}

/* What the linker puts in the place of the functions that act (WRAPPED in the Makefile). */

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, void *argument);
int __wrap_resolve_as_caller(const struct caller *caller, const struct place *place, int *fd);
int __wrap_make_files_as_caller(const struct caller *caller, uint64_t keep);
int __wrap_host_node(struct cell *cell, struct op *op);
int __wrap_setxattr(const char *path, const char *name, const void *value, size_t size, int flags);
ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t at);
int __wrap_give_device_program(const struct caller *caller, const struct bpf_insn *code, unsigned length, int *number);
int __wrap_change_device_program(const struct caller *caller, enum bpf_cmd command, const union bpf_attr *asked);

/** Whether a caller still waits. */
int __wrap_ioctl(int fd, unsigned long request, void *argument) {
    if (fd != LISTENER)
        return __real_ioctl(fd, request, argument);
    if (request != SECCOMP_IOCTL_NOTIF_ID_VALID)
        __builtin_trap();
    if (patience == FOR_EVER)
        return 0;
    errno = ENOENT;
    return patience == 0 ? -1 : (int)(patience--, 0);
}

int __wrap_resolve_as_caller(const struct caller *caller, const struct place *place, int *fd) {
    /* a path that was not ended is read beyond its room here */
    if (!caller->is_of_container || strlen(place->path) >= PATH_MAX)
        __builtin_trap();
    *fd = fcntl(file, F_DUPFD_CLOEXEC, 0);
    return place->path[0] == '\0' || *fd < 0 ? ENOENT : 0;
}

int __wrap_make_files_as_caller(const struct caller *caller, uint64_t keep) {
    /* nobody keeps what the caller has not, but for the one node */
    if ((keep & ~(caller->caps | CAP_BIT(CAP_MKNOD))) != 0 || !has_capability(caller, CAP_MKNOD))
        __builtin_trap();
    return EPERM;
}

int __wrap_host_node(struct cell *cell, struct op *op) {
    /* whoever makes a node is an id of the container's */
    if (cell->container->uids.count == 0 || strcmp(op->word[0], "c") != 0)
        __builtin_trap();
    op->fd = fcntl(file, F_DUPFD_CLOEXEC, 0);
    return op->fd < 0 ? -1 : 0;
}

int __wrap_setxattr(const char *path, const char *name, const void *value, size_t size, int flags) {
    (void)path;
    (void)value;
    (void)flags;
    if (strcmp(name, "trusted.overlay.opaque") != 0 || size != 1)
        __builtin_trap();
    return 0;
}

/** Of the caller's memory, sysinfo(2) alone is written, and its size is known. */
ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t at) {
    char *copy = must_alloc(size);
    memcpy(copy, data, size);
    free(copy);
    if (fd < 0 || (size != 112 && size != 64))
        __builtin_trap();
    return at < 0 || at > MEMORY_MAX ? -1 : (ssize_t)size;
}

/** A program that is loaded has an end, no call and no way back; the kernel loads it, too, when there is somebody who may. */
int __wrap_give_device_program(const struct caller *caller, const struct bpf_insn *code, unsigned length, int *number) {
    if (!has_capability(caller, CAP_SYS_ADMIN) || length == 0 || code[length - 1].code != (BPF_JMP | BPF_EXIT))
        __builtin_trap();
    for (unsigned i = 0; i < length; i++)
        if (code[i].code == (BPF_JMP | BPF_CALL) || BPF_CLASS(code[i].code) == BPF_ST || BPF_CLASS(code[i].code) == BPF_STX || code[i].dst_reg >= BPF_REG_10 ||
            code[i].src_reg >= BPF_REG_10)
            __builtin_trap();
    *number = 5;
    return 0;
}

int __wrap_change_device_program(const struct caller *caller, enum bpf_cmd command, const union bpf_attr *asked) {
    if (!has_capability(caller, CAP_SYS_ADMIN) || (command != BPF_PROG_ATTACH && command != BPF_PROG_DETACH) || asked->attach_type != BPF_CGROUP_DEVICE)
        __builtin_trap();
    return 0;
}

static void put(int fd, const void *bytes, size_t size) {
    if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0 || write_all(fd, bytes, size) < 0)
        abort();
}

static uint64_t number_at(const uint8_t *data) {
    uint64_t number;
    memcpy(&number, data, sizeof number);
    return number;
}

/** Options that are let through name no other file, and a mount has no device nodes. */
static void judge_options(const uint8_t *data, size_t size) {
    char words[1024], options[1024 + 64];
    unsigned attributes;
    const size_t length = size < sizeof words ? size : sizeof words - 1;
    memcpy(words, data, length);
    words[length] = '\0';
    if (!read_mount_options("ext4", number_at(data) & 0xffff, words, options, sizeof options, &attributes))
        return;
    if ((attributes & ATTR_NODEV) == 0 || strchr(options, '/') != NULL || strstr(options, "panic") != NULL || strstr(options, "errors=") == NULL)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct groups groups;
    static struct shared shared;
    static char ext4[] = "ext4";
    if (proc < 0)
        make_proc();
    if (size < HEAD || size > MEMORY_MAX)
        return 0;
    const unsigned row = data[0], bits = data[1];
    const uint8_t *text = data + HEAD, *end = memchr(text, '\0', size - HEAD);
    const size_t text_size = end == NULL ? size - HEAD : (size_t)(end - text);
    struct seccomp_notif call = {.pid = 1};
    call.data.arch = (bits & BIT_NARROW) != 0 ? narrow : own;
    call.data.nr = row >= COUNT_OF(known) ? (int)row : known[row][(bits & BIT_NARROW) != 0];
    for (unsigned i = 0; i < ARGUMENTS; i++)
        call.data.args[i] = number_at(data + 2 + (size_t)i * 8);
    struct interception container = {
        .what = ~0U,
        .filesystems = {ext4},
        .filesystem_count = 1,
        .init = getpid(),
        .groups = &groups,
        .folder = -1,
    };
    container.uids = container.gids = (struct id_map){.count = 1, .line = {{.inner = 0, .host = (bits & BIT_ROOT) != 0 ? 0 : BASE, .count = 65536}}};
    put(status, text, text_size);
    if (end != NULL)
        put(memory, end + 1, size - HEAD - text_size - 1);
    else
        put(memory, "", 0);
    patience = bits / PATIENCE;
    struct caller caller = {.container = &container, .shared = &shared, .call = &call, .listener = LISTENER, .proc = fcntl(proc, F_DUPFD_CLOEXEC, 0), .mem = -1};
    const struct intercepted_call *how = find_call(&call.data);
    if (how != NULL && examine_caller(&caller) == 0) {
        caller.form = how->form;
        caller.is_of_container = (bits & BIT_STRANGER) == 0;
        const struct verdict verdict = how->answer(&caller);
        /* an errno that the kernel would take, or none; and one that has gone is not acted for */
        if (verdict.error < 0 || verdict.error > 4095 || (verdict.goes_on && (verdict.error != 0 || how->what == INTERCEPT_BPF_DEVICES)))
            __builtin_trap();
    }
    close_now(&caller.mem);
    close_now(&caller.proc);
    if (size >= HEAD + 8)
        judge_options(data + 2, size - 2);
    return 0;
}
