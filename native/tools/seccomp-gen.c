/*
 * seccomp-gen ARCHITECTURE NAME FILE: writes one of the filters below as an array of struct sock_filter, a binary tree, at build time. With "-native" after its
 * name a filter answers ENOSYS to the 32-bit system calls that a 64-bit kernel has besides its own. The architecture need not be that of this machine: libseccomp
 * knows the numbers of all of them.
 *
 * A list of what is denied, as LXC and LXD have it: a machine container runs whole distributions, so what is not known to reach the host
 * is allowed. ENOSYS makes programs fall back as on a kernel without the feature; EPERM says that it is forbidden. The filter "strict" is the other way round: what
 * strict.list does not allow is refused (allow-list.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "allow-list.h"
#include "arch.h"
#include "argument-rules.h"

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

/* no architecture of ours numbers its system calls beyond */
enum { NUMBERS = 1024 };

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

/** @returns whether a name is that of a filter, or of its variant */
static int is_named(const char *name, const char *filter, int *with_compat) {
    size_t length = strlen(filter);
    if (strncmp(filter, name, length) != 0)
        return 0;
    *with_compat = name[length] == '\0';
    return *with_compat || strcmp(name + length, "-native") == 0;
}

/** @param list the file of an allow-list, or NULL @returns 0, or -1 for a filter that cannot be made, or 1 for one that is not known */
static int make_filter(const struct arch *arch, const char *name, const char *path, const char *list) {
    int with_compat;
    if (list != NULL && is_named(name, "strict", &with_compat))
        return write_allow_list(arch, list, 0, with_compat, path);
    if (list != NULL && is_named(name, "strict-nesting", &with_compat))
        return write_allow_list(arch, list, 1, with_compat, path);
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++)
        if (list == NULL && is_named(name, filters[i].name, &with_compat))
            return write_filter(arch, filters[i].filter, with_compat, path);
    return 1;
}

int main(int argc, char **argv) {
    if (argc != 4 && argc != 5)
        goto usage;
    const struct arch *arch = find_arch(argv[1]);
    if (arch == NULL)
        return 1;
    if (argc == 4 && strcmp(argv[2], "names") == 0)
        return write_names(arch, argv[3]) == 0 ? 0 : 1;
    int made = make_filter(arch, argv[2], argv[3], argv[4]);
    if (made == 0)
        return 0;
    if (made < 0) {
        perror("seccomp-gen");
        unlink(argv[3]);
        return 1;
    }
usage:
    fputs("usage: seccomp-gen ARCHITECTURE names|default|nesting|privileged[-native] FILE\n"
          "       seccomp-gen ARCHITECTURE strict|strict-nesting[-native] FILE LIST\n",
          stderr);
    return 2;
}
