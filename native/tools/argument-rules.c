/* See argument-rules.h. */
#include "argument-rules.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mount.h>
#include <unistd.h>

/*
 * Families of sockets: AF_VSOCK speaks to the machine's hypervisor and to its virtual machines, whatever the network namespace; AF_ALG is a large surface that nobody
 * needs, which once let anybody change the page cache, and with it files that containers have in common. socketcall(2) has the family behind a pointer that a filter
 * cannot follow, and any program can call it: it makes no sockets, as on a kernel without it. A program of our own before libseccomp's, which would deny with one
 * family all that socketcall does, and let those pass that set a bit above the lower 32.
 */
enum { OF_CALL = 8 };

int write_socket_rules(const struct arch *arch, int fd) {
    for (size_t i = 0; i < SOCKET_CALLS && arch->socket[i].number > 0; i++) {
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

/* it reaches the file system of the host behind a mount */
int write_umount_rules(const struct arch *arch, int fd) {
    const uint32_t of[] = {arch->native, arch->compat};
    for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
        const struct sock_filter rules[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number_of(of[i], "umount2"), 0, 5),
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch->audit[i], 0, 3),
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
            BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MNT_FORCE, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
        };
        if (write(fd, rules, sizeof rules) != sizeof rules)
            return -1;
    }
    return 0;
}
