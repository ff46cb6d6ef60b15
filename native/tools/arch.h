/* Architectures that filters are made for, each with its companion of 32 bits. */
#pragma once

#include <stdint.h>

/* a call that makes sockets, and what its first argument is refused with; a number of 0 for none */
struct socket_call {
    unsigned audit;
    int number;
    unsigned first[2];
    unsigned error;
};
enum { SOCKET_CALLS = 3 };

/* uname -m's name; what libseccomp calls it and its companion, and the kernel calls them; its calls of both that make sockets */
struct arch {
    const char *name;
    uint32_t native, compat;
    unsigned audit[2];
    struct socket_call socket[SOCKET_CALLS];
};

/** @returns NULL, with the reason on stderr, for one that is not known */
const struct arch *find_arch(const char *name);

/** @returns the kernel's number of a system call on an architecture of libseccomp's, or -1 where there is none */
int number_of(uint32_t arch, const char *name);
