/* sysinfo(2) with the figures of the container: what its control groups allow and hold, and for how long it has been up. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>

#include "base/util.h"
#include "verbs/notify/answer.h"
#include "verbs/notify/sysinfo.h"

enum { FILE_MAX = 16 * 1024, PAGE_SHIFT = 12 };

_Static_assert(sizeof(struct narrow_sysinfo) == 64, "as the kernel writes it");

static bool read_figure(const char *group, const char *file, uint64_t *figure) {
    char path[PATH_MAX], text[32];
    const int length = snprintf(path, sizeof path, "%s/%s", group, file);
    if (length < 0 || (size_t)length >= sizeof path || read_small_file(AT_FDCWD, path, text, sizeof text) <= 0)
        return false;
    *figure = *text == 'm' ? UINT64_MAX : strtoull(text, NULL, 10); /* "max" */
    return true;
}

static uint64_t read_field(const char *group, const char *file, const char *field) {
    char path[PATH_MAX], text[FILE_MAX];
    const int length = snprintf(path, sizeof path, "%s/%s", group, file);
    if (length < 0 || (size_t)length >= sizeof path || read_small_file(AT_FDCWD, path, text, sizeof text) <= 0)
        return 0;
    const char *found = strstr(text, field);
    return found == NULL ? 0 : strtoull(found + strlen(field), NULL, 10);
}

static uint64_t least(uint64_t one, uint64_t other) {
    return one < other ? one : other;
}

static uint64_t most(uint64_t one, uint64_t other) {
    return one > other ? one : other;
}

/* Swap of v1 is a limit of memory and swap together, of v2 one of its own. */
static void read_group(const char *group, struct figures *figures) {
    uint64_t limit, used, both;
    if (read_figure(group, "memory.max", &limit) && read_figure(group, "memory.current", &used)) {
        figures->memory = least(figures->memory, limit);
        figures->used = most(figures->used, used);
        figures->shared = most(figures->shared, read_field(group, "memory.stat", "\nshmem "));
        if (read_figure(group, "memory.swap.max", &both))
            figures->swap = least(figures->swap, both);
        if (read_figure(group, "memory.swap.current", &both))
            figures->swap_used = most(figures->swap_used, both);
    } else if (read_figure(group, "memory.limit_in_bytes", &limit) && read_figure(group, "memory.usage_in_bytes", &used)) {
        figures->memory = least(figures->memory, limit);
        figures->used = most(figures->used, used);
        figures->shared = most(figures->shared, read_field(group, "memory.stat", "\ntotal_shmem "));
        if (read_figure(group, "memory.memsw.limit_in_bytes", &both) && both >= limit)
            figures->swap = least(figures->swap, both - limit);
        if (read_figure(group, "memory.memsw.usage_in_bytes", &both) && both >= used)
            figures->swap_used = most(figures->swap_used, both - used);
    }
    if (read_figure(group, "pids.current", &used))
        figures->processes = most(figures->processes, used);
}

void tell_figures(const struct figures *figures, struct sysinfo *info) {
    const uint64_t unit = info->mem_unit == 0 ? 1 : info->mem_unit;
    const uint64_t memory = least(figures->memory, info->totalram * unit), swap = least(figures->swap, info->totalswap * unit);
    info->totalram = memory;
    info->freeram = memory - least(memory, figures->used);
    info->sharedram = least(memory, figures->shared);
    /* buffers of file systems are nobody's: what of them is the container's counts as used */
    info->bufferram = 0;
    info->totalswap = swap;
    info->freeswap = swap - least(swap, figures->swap_used);
    info->totalhigh = info->freehigh = 0;
    info->mem_unit = 1;
    info->procs = (unsigned short)least(figures->processes, USHRT_MAX);
    info->uptime = (long)figures->uptime;
}

void narrow_figures(const struct sysinfo *info, struct narrow_sysinfo *narrow) {
    const unsigned shift = info->totalram > UINT32_MAX || info->totalswap > UINT32_MAX ? PAGE_SHIFT : 0;
    memset(narrow, 0, sizeof *narrow);
    *narrow = (struct narrow_sysinfo){
        .uptime = (int32_t)info->uptime,
        .totalram = (uint32_t)(info->totalram >> shift),
        .freeram = (uint32_t)(info->freeram >> shift),
        .sharedram = (uint32_t)(info->sharedram >> shift),
        .bufferram = (uint32_t)(info->bufferram >> shift),
        .totalswap = (uint32_t)(info->totalswap >> shift),
        .freeswap = (uint32_t)(info->freeswap >> shift),
        .procs = info->procs,
        .totalhigh = (uint32_t)(info->totalhigh >> shift),
        .freehigh = (uint32_t)(info->freehigh >> shift),
        .mem_unit = 1U << shift,
    };
    for (size_t i = 0; i < COUNT_OF(narrow->loads); i++)
        narrow->loads[i] = (uint32_t)info->loads[i];
}

static int write_figures(const struct caller *caller, const struct sysinfo *info) {
    const uint64_t address = caller->call->data.args[0];
    struct narrow_sysinfo narrow;
    if (!is_narrow(caller))
        return write_memory(caller, address, info, KERNEL_SYSINFO_SIZE);
    narrow_figures(info, &narrow);
    return write_memory(caller, address, &narrow, sizeof narrow);
}

static uint64_t uptime_of(pid_t pid) {
    struct timespec now;
    const long ticks = sysconf(_SC_CLK_TCK);
    clock_gettime(CLOCK_BOOTTIME, &now);
    const uint64_t since = process_start_time(pid) / (uint64_t)(ticks > 0 ? ticks : 100);
    return (uint64_t)now.tv_sec > since ? (uint64_t)now.tv_sec - since : 0;
}

struct verdict answer_sysinfo(struct caller *caller) {
    struct sysinfo info;
    struct figures figures = {.memory = UINT64_MAX, .swap = UINT64_MAX, .uptime = uptime_of(caller->container->init)};
    memset(&info, 0, sizeof info);
    if (sysinfo(&info) < 0)
        return goes_on();
    figures.processes = info.procs;
    bool is_first = true;
    for (unsigned i = 0; i < caller->container->groups->made_count; i++) {
        uint64_t count;
        if (is_first && read_figure(caller->container->groups->made[i], "pids.current", &count)) {
            figures.processes = 0;
            is_first = false;
        }
        read_group(caller->container->groups->made[i], &figures);
    }
    tell_figures(&figures, &info);
    return result_of(write_figures(caller, &info));
}
