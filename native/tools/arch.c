/* See arch.h. */
#include "arch.h"

#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { SOCKETCALL_SOCKET = 1 };
#define OF_FAMILIES {AF_VSOCK, AF_ALG}, EAFNOSUPPORT

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

const struct arch *find_arch(const char *name) {
    for (size_t i = 0; i < sizeof archs / sizeof archs[0]; i++)
        if (strcmp(archs[i].name, name) == 0)
            return &archs[i];
    fprintf(stderr, "seccomp-gen: Cannot make filters for \"%s\": its number of socket(2) is not known here. Add it to archs.\n", name);
    return NULL;
}

/* no architecture of ours numbers its system calls beyond, but for those that Arm has for itself, which libseccomp has by name */
enum { NUMBERS = 1024 };

/* libseccomp has numbers of its own, below zero, for calls that it also finds within another one (socketcall, ipc): the kernel's is the one by which it knows the name */
int number_of(uint32_t arch, const char *name) {
    int number = seccomp_syscall_resolve_name_arch(arch, name);
    for (int one = 0; number < 0 && one < NUMBERS; one++) {
        char *known = seccomp_syscall_resolve_num_arch(arch, one);
        if (known != NULL && strcmp(known, name) == 0)
            number = one;
        free(known);
    }
    return number < 0 ? -1 : number;
}
