/* What sysinfo(2) tells a container. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/sysinfo.h>

/** Bytes, and UINT64_MAX for no limit; uptime in seconds. */
struct figures {
    uint64_t memory, used, shared, swap, swap_used, processes, uptime;
};

/** What the kernel writes; libc's struct may have room behind it that the caller's has not. */
enum { KERNEL_SYSINFO_SIZE = 112 };

/** Puts the container's figures in the place of the host's, of which none is exceeded. */
void tell_figures(const struct figures *figures, struct sysinfo *info);

/** The same for programs of 32 bits (the kernel's struct compat_sysinfo). */
struct narrow_sysinfo {
    int32_t uptime;
    uint32_t loads[3], totalram, freeram, sharedram, bufferram, totalswap, freeswap;
    uint16_t procs, pad;
    uint32_t totalhigh, freehigh, mem_unit;
    char room[8];
};

/** Counts in pages what does not fit into 32 bits, as the kernel does. @param info with 1 as its unit */
void narrow_figures(const struct sysinfo *info, struct narrow_sysinfo *narrow);
