/*
 * seccomp-gen ARCHITECTURE NAME FILE: writes one of the filters below as an array of struct sock_filter, a binary tree, at build time. With "-native" after its
 * name a filter answers ENOSYS to the 32-bit system calls that a 64-bit kernel has besides its own. The architecture need not be that of this machine: libseccomp
 * knows the numbers of all of them.
 *
 * A list of what is denied, as LXC and LXD have it: a machine container runs whole distributions, so what is not known to reach the host
 * is allowed. ENOSYS makes programs fall back as on a kernel without the feature; EPERM says that it is forbidden.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DEFAULT = 1, NESTING = 2, PRIVILEGED = 4, ALL = DEFAULT | NESTING | PRIVILEGED };

static const struct {
    const char *name;
    int filter;
} filters[] = {{"default", DEFAULT}, {"nesting", NESTING}, {"privileged", PRIVILEGED}};

static const struct {
    const char *syscall;
    int filters, error;
} denied[] = {
    /* another kernel, or code in this one */
    {"kexec_load", ALL, EPERM},
    {"kexec_file_load", ALL, EPERM},
    {"init_module", ALL, EPERM},
    {"finit_module", ALL, EPERM},
    {"delete_module", ALL, EPERM},
    {"create_module", ALL, ENOSYS},
    {"query_module", ALL, ENOSYS},
    {"get_kernel_syms", ALL, ENOSYS},
    /* opens any file of a file system by number, past the container's root */
    {"open_by_handle_at", ALL, EPERM},
    /* ports, firmware and old interfaces that have had no safe user for long */
    {"iopl", ALL, EPERM},
    {"ioperm", ALL, EPERM},
    {"uselib", ALL, ENOSYS},
    {"nfsservctl", ALL, ENOSYS},
    {"_sysctl", ALL, ENOSYS},
    {"sysfs", ALL, ENOSYS},
    {"vm86", ALL, ENOSYS},
    {"vm86old", ALL, ENOSYS},
    {"lookup_dcookie", ALL, EPERM},
    /* of the whole machine */
    {"swapon", ALL, EPERM},
    {"swapoff", ALL, EPERM},
    {"acct", ALL, EPERM},
    /* the host's log, which a kernel with dmesg_restrict=0 shows to everybody */
    {"syslog", ALL, EPERM},
    {"settimeofday", PRIVILEGED, EPERM},
    {"stime", PRIVILEGED, EPERM},
    {"clock_settime", PRIVILEGED, EPERM},
    {"clock_settime64", PRIVILEGED, EPERM},
    {"quotactl", PRIVILEGED, EPERM},
    {"quotactl_fd", PRIVILEGED, EPERM},
    /* large attack surface; a container manager inside asks for them and copes with the kernel's own answer */
    {"bpf", DEFAULT | PRIVILEGED, EPERM},
    {"perf_event_open", ALL, EPERM},
    {"userfaultfd", DEFAULT | PRIVILEGED, EPERM},
    /* the same, and past what a filter can see of what is asked for; ENOSYS is what programs fall back from */
    {"io_uring_setup", ALL, ENOSYS},
    {"io_uring_enter", ALL, ENOSYS},
    {"io_uring_register", ALL, ENOSYS},
    /* keys of one user namespace's root are counted together; ENOSYS is what systemd, runc and login take as "this kernel has no keys" */
    {"keyctl", DEFAULT | PRIVILEGED, ENOSYS},
    {"add_key", DEFAULT | PRIVILEGED, ENOSYS},
    {"request_key", DEFAULT | PRIVILEGED, ENOSYS},
};

/* a call that makes sockets, and what its first argument is refused with; a number of 0 for none */
struct socket_call {
    unsigned audit;
    int number;
    unsigned first[2];
    unsigned error;
};
enum { SOCKETCALL_SOCKET = 1, CALLS = 3 };
#define OF_FAMILIES {AF_VSOCK, AF_ALG}, EAFNOSUPPORT

/* uname -m's name; what libseccomp calls it and its 32-bit companion, and the kernel calls them; its calls of both that make sockets */
struct arch {
    const char *name;
    uint32_t native, compat;
    unsigned audit[2];
    struct socket_call socket[CALLS];
};
static const struct arch archs[] = {
    {"x86_64",
     SCMP_ARCH_X86_64,
     SCMP_ARCH_X86,
     {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386},
     {{AUDIT_ARCH_X86_64, 41, OF_FAMILIES}, {AUDIT_ARCH_I386, 359, OF_FAMILIES}, {AUDIT_ARCH_I386, 102, {SOCKETCALL_SOCKET, SOCKETCALL_SOCKET}, ENOSYS}}},
    {"aarch64",
     SCMP_ARCH_AARCH64,
     SCMP_ARCH_ARM,
     {AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM},
     {{AUDIT_ARCH_AARCH64, 198, OF_FAMILIES}, {AUDIT_ARCH_ARM, 281, OF_FAMILIES}}},
};

static int add_rules(scmp_filter_ctx filter, int which) {
    for (size_t i = 0; i < sizeof denied / sizeof denied[0]; i++) {
        if ((denied[i].filters & which) == 0)
            continue;
        int number = seccomp_syscall_resolve_name(denied[i].syscall);
        /* a libseccomp that is older than a system call cannot filter it */
        if (number == __NR_SCMP_ERROR)
            continue;
        int error = seccomp_rule_add(filter, SCMP_ACT_ERRNO((unsigned)denied[i].error), number, 0);
        if (error < 0) {
            fprintf(stderr, "seccomp-gen: Cannot deny %s: %s\n", denied[i].syscall, strerror(-error));
            return -1;
        }
    }
    /* a forced umount reaches the file system of the host behind a mount */
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(umount2), 1,
                            SCMP_A1(SCMP_CMP_MASKED_EQ, MNT_FORCE, MNT_FORCE));
}

/*
 * Families of sockets: AF_VSOCK speaks to the machine's hypervisor and to its virtual machines, whatever the network namespace; AF_ALG is a large surface that nobody
 * needs, which once let anybody change the page cache, and with it files that containers have in common. socketcall(2) has the family behind a pointer that a filter
 * cannot follow, and any program can call it: it makes no sockets, as on a kernel without it. A program of our own before libseccomp's, which would deny with one
 * family all that socketcall does, and let those pass that set a bit above the lower 32.
 */
enum { OF_CALL = 8 };

static int write_socket_rules(const struct arch *arch, int fd) {
    for (size_t i = 0; i < CALLS && arch->socket[i].number > 0; i++) {
        const struct socket_call *call = &arch->socket[i];
        /* each falls through to what comes after it */
        const struct sock_filter rules[OF_CALL] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call->number, 0, 6),
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call->audit, 0, 4),
            /* the kernel takes an int; both architectures have their lower half first */
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call->first[0], 1, 0),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call->first[1], 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | call->error),
        };
        if (write(fd, rules, sizeof rules) != sizeof rules)
            return -1;
    }
    return 0;
}

static int write_filter(const struct arch *arch, int which, int with_compat, const char *path) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL)
        return -1;
    /* a filter begins with the architecture of this machine */
    if (arch->native != seccomp_arch_native() &&
        (seccomp_arch_add(filter, arch->native) < 0 || seccomp_arch_remove(filter, seccomp_arch_native()) < 0))
        return -1;
    /* foreign calling conventions that are not filtered below, such as x32, do not exist in there */
    if (seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)) < 0 ||
        seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0) < 0 || seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) < 0)
        return -1;
    if (with_compat && seccomp_arch_add(filter, arch->compat) < 0)
        return -1;
    if (add_rules(filter, which) < 0)
        return -1;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write_socket_rules(arch, fd) < 0 || seccomp_export_bpf(filter, fd) < 0 || close(fd) < 0)
        return -1;
    seccomp_release(filter);
    return 0;
}

static const struct arch *find_arch(const char *name) {
    for (size_t i = 0; i < sizeof archs / sizeof archs[0]; i++)
        if (strcmp(archs[i].name, name) == 0)
            return &archs[i];
    fprintf(stderr, "seccomp-gen: Cannot make filters for \"%s\": its number of socket(2) is not known here. Add it to archs.\n", name);
    return NULL;
}

/* no architecture of ours numbers its system calls beyond */
enum { NUMBERS = 1024 };

/** libseccomp has numbers of its own, below zero, for calls that it also finds within another one (socketcall, ipc): the kernel's is the one by which it knows the name. */
static int number_of(uint32_t arch, const char *name) {
    int number = seccomp_syscall_resolve_name_arch(arch, name);
    for (int one = 0; number < 0 && one < NUMBERS; one++) {
        char *known = seccomp_syscall_resolve_num_arch(arch, one);
        if (known != NULL && strcmp(known, name) == 0)
            number = one;
        free(known);
    }
    return number < 0 ? -1 : number;
}

/** Lines of "name", the number of it here and that of 32 bits, -1 where it is none; the first line has the kernel's names of both architectures instead. */
static int write_names(const struct arch *arch, const char *path) {
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return -1;
    fprintf(file, "%s %u %u\n", arch->name, arch->audit[0], arch->audit[1]);
    for (int of = 0; of < 2; of++)
        for (int number = 0; number < NUMBERS; number++) {
            char *name = seccomp_syscall_resolve_num_arch(of == 0 ? arch->native : arch->compat, number);
            if (name == NULL)
                continue;
            int native = number_of(arch->native, name);
            int compat = number_of(arch->compat, name);
            /* each once: those that are here as well have been told */
            if (of == 0 || native < 0)
                fprintf(file, "%s %d %d\n", name, native, compat);
            free(name);
        }
    return fclose(file);
}

int main(int argc, char **argv) {
    if (argc == 4 && strcmp(argv[2], "names") == 0) {
        const struct arch *arch = find_arch(argv[1]);
        return arch != NULL && write_names(arch, argv[3]) == 0 ? 0 : 1;
    }
    for (size_t i = 0; argc == 4 && i < sizeof filters / sizeof filters[0]; i++) {
        size_t length = strlen(filters[i].name);
        const char *variant = argv[2] + length;
        if (strncmp(filters[i].name, argv[2], length) != 0 || (*variant != '\0' && strcmp(variant, "-native") != 0))
            continue;
        const struct arch *arch = find_arch(argv[1]);
        if (arch == NULL)
            return 1;
        if (write_filter(arch, filters[i].filter, *variant == '\0', argv[3]) == 0)
            return 0;
        perror("seccomp-gen");
        unlink(argv[3]);
        return 1;
    }
    fputs("usage: seccomp-gen ARCHITECTURE names|default|nesting|privileged[-native] FILE\n", stderr);
    return 2;
}
