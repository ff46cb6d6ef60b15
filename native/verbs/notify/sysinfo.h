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
