/* See attributes.h. */
#include "security/attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>

#include "base/sys.h"
#include "base/util.h"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "attributes.c does not know this architecture's number: add it"
#endif

/* the same number everywhere; 6.13 and newer */
#define NR_setxattrat 463
#define NR_io_uring_setup 425
#define X32_BIT 0x40000000U
/* XATTR_NAME_MAX of the kernel */
#define NAME_MOST 255

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF_EQUAL(value, action) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, 1), BPF_STMT(BPF_RET | BPF_K, (action))
#define IF_NOT_EQUAL(value, action) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 1, 0), BPF_STMT(BPF_RET | BPF_K, (action))
#define IF_AT_LEAST(value, action) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (value), 0, 1), BPF_STMT(BPF_RET | BPF_K, (action))

#define ANSWER(nodes) ((nodes) ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW)

int attributes_filter(bool nodes) {
    struct sock_filter filter[] = {
        LOAD(arch),
        IF_NOT_EQUAL(NATIVE_ARCH, SECCOMP_RET_KILL_PROCESS),
        LOAD(nr),
        IF_AT_LEAST(X32_BIT, SECCOMP_RET_ERRNO | ENOSYS),
        IF_EQUAL(SYS_setxattr, SECCOMP_RET_USER_NOTIF),
        IF_EQUAL(SYS_lsetxattr, SECCOMP_RET_USER_NOTIF),
        IF_EQUAL(SYS_fsetxattr, SECCOMP_RET_USER_NOTIF),
        IF_EQUAL(SYS_mknodat, ANSWER(nodes)),
#ifdef SYS_mknod
        IF_EQUAL(SYS_mknod, ANSWER(nodes)),
#endif
        /* other ways to the same, which no unpacker needs */
        IF_EQUAL(NR_setxattrat, SECCOMP_RET_ERRNO | ENOSYS),
        IF_EQUAL(NR_io_uring_setup, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = COUNT_OF(filter), .filter = filter};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

/** A revision 3 names the user namespace that it holds in by its root's id; any but ours is of no use, or another's. */
static bool is_own_capability(const unsigned char *value, size_t size, uint32_t root) {
    struct vfs_ns_cap_data data = {0};
    if (size > sizeof data)
        return false;
    memcpy(&data, value, size);
    if ((data.magic_etc & VFS_CAP_REVISION_MASK) != VFS_CAP_REVISION_3)
        return true;
    return size == sizeof data && data.rootid == root;
}

static bool has_prefix(const char *text, const char *prefix) {
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_kept(int memory, const char *name, const struct seccomp_data *call, uint32_t root) {
    if (has_prefix(name, "user."))
        return !has_prefix(name, "user.overlay.");
    if (strcmp(name, "system.posix_acl_access") == 0 || strcmp(name, "system.posix_acl_default") == 0)
        return true;
    if (strcmp(name, "security.capability") != 0)
        return false;
    unsigned char value[sizeof(struct vfs_ns_cap_data)];
    size_t size = (size_t)call->args[3];
    return size <= sizeof value && pread(memory, value, size, (off_t)call->args[2]) == (ssize_t)size && is_own_capability(value, size, root);
}

/** @returns whether the text at an address of the process ends within the room */
static bool read_text(int memory, uint64_t address, char *text, size_t room) {
    /* not in one read, which would fail where the page after the text is not there */
    for (size_t at = 0; at < room; at++) {
        if (pread(memory, text + at, 1, (off_t)(address + at)) != 1)
            return false;
        if (text[at] == '\0')
            return true;
    }
    return false;
}

/** The folder that a path of the process begins at. @returns a descriptor, or -1 with errno */
static int open_start(int proc, uint32_t pid, int fd) {
    char path[48];
    if (fd == AT_FDCWD)
        snprintf(path, sizeof path, "%u/cwd", pid);
    else
        snprintf(path, sizeof path, "%u/fd/%d", pid, fd);
    return openat(proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/** Whether the call makes a node, whose place in its arguments it tells. */
static bool is_mknod(const struct seccomp_data *call, int *path_at) {
#ifdef SYS_mknod
    if (call->nr == SYS_mknod) {
        *path_at = 0;
        return true;
    }
#endif
    *path_at = 1;
    return call->nr == SYS_mknodat;
}

/* What the process asks, and what answers it. */
struct asked {
    int listener, proc, memory;
    struct seccomp_notif question;
    struct seccomp_notif_resp answer;
};

static bool stands(const struct asked *asked) {
    return ioctl(asked->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &asked->question.id) == 0;
}

static void answer_mknod(struct asked *asked, int path_at, struct left_out *nodes) {
    const struct seccomp_data *call = &asked->question.data;
    char path[PATH_MAX];
    mode_t mode = (mode_t)call->args[path_at + 1];
    if (nodes == NULL || !left_out_is_wanted(mode)) {
        asked->answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        return;
    }
    cleanup_fd int start = open_start(asked->proc, asked->question.pid, path_at == 0 ? AT_FDCWD : (int)call->args[0]);
    bool is_read = asked->memory >= 0 && read_text(asked->memory, call->args[path_at], path, sizeof path) && stands(asked);
    /* this process has the same root and the same mounts, of which only those to write can be written */
    asked->answer.error = is_read ? -left_out_take(nodes, start, path, mode, (dev_t)call->args[path_at + 2]) : -EPERM;
}

static void answer_setxattr(struct asked *asked, uint32_t root) {
    char name[NAME_MOST + 1];
    const struct seccomp_data *call = &asked->question.data;
    bool is_read = asked->memory >= 0 && stands(asked) && read_text(asked->memory, call->args[1], name, sizeof name);
    /* a name that cannot be read is the kernel's to judge: it cannot read it either, or finds it too long */
    if (!is_read || is_kept(asked->memory, name, call, root))
        asked->answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
}

void attributes_answer(int listener, int proc, uint32_t root, struct left_out *nodes) {
    struct asked asked;
    memset(&asked, 0, sizeof asked);
    asked.listener = listener;
    asked.proc = proc;
    /* the process may be gone meanwhile */
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked.question) < 0)
        return;
    asked.answer.id = asked.question.id;
    char path[32];
    snprintf(path, sizeof path, "%u/mem", asked.question.pid);
    /* what we opened is of the one that asks only as long as its question stands */
    cleanup_fd int memory = openat(proc, path, O_RDONLY | O_CLOEXEC);
    asked.memory = memory;
    int path_at;
    if (is_mknod(&asked.question.data, &path_at))
        answer_mknod(&asked, path_at, nodes);
    else
        answer_setxattr(&asked, root);
    (void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &asked.answer);
}
