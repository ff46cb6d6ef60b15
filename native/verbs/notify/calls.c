/* See calls.h. */
#include "verbs/notify/calls.h"

#include <linux/audit.h>
#include <sys/syscall.h>

#include "base/util.h"

/* What the kernel calls this architecture and the 32-bit one, and the numbers of that (asm/unistd_32.h; arch/arm/tools/syscall.tbl). */
#if defined(__x86_64__)
static const uint32_t own = AUDIT_ARCH_X86_64, narrow = AUDIT_ARCH_I386;
enum { NARROW_MKNODAT = 297, NARROW_BPF = 357 };
#elif defined(__aarch64__)
static const uint32_t own = AUDIT_ARCH_AARCH64, narrow = AUDIT_ARCH_ARM;
enum { NARROW_MKNODAT = 324, NARROW_BPF = 386 };
#else
#error "calls.c has no numbers of this architecture"
#endif
enum {
    NARROW_MKNOD = 14,
    NARROW_MOUNT = 21,
    NARROW_SYSINFO = 116,
    NARROW_SCHEDULER = 156,
    NARROW_SETXATTR = 226,
    NARROW_LSETXATTR = 227,
    NARROW_FSETXATTR = 228,
};

static const struct {
    long own, narrow; /* -1 where there is none */
    struct intercepted_call call;
} calls[] = {
#ifdef SYS_mknod
    {SYS_mknod, NARROW_MKNOD, {.what = INTERCEPT_MKNOD, .answer = answer_mknod}},
#else
    {-1, NARROW_MKNOD, {.what = INTERCEPT_MKNOD, .answer = answer_mknod}},
#endif
    {SYS_mknodat, NARROW_MKNODAT, {.what = INTERCEPT_MKNOD, .answer = answer_mknod, .form = CALL_AT}},
    {SYS_sysinfo, NARROW_SYSINFO, {.what = INTERCEPT_SYSINFO, .answer = answer_sysinfo}},
    {SYS_sched_setscheduler, NARROW_SCHEDULER, {.what = INTERCEPT_SCHEDULER, .answer = answer_scheduler}},
    {SYS_mount, NARROW_MOUNT, {.what = INTERCEPT_MOUNT, .answer = answer_mount}},
    {SYS_bpf, NARROW_BPF, {.what = INTERCEPT_BPF_DEVICES, .answer = answer_bpf}},
    {SYS_setxattr, NARROW_SETXATTR, {.what = INTERCEPT_SETXATTR, .answer = answer_setxattr}},
    {SYS_lsetxattr, NARROW_LSETXATTR, {.what = INTERCEPT_SETXATTR, .answer = answer_setxattr, .form = CALL_OF_LINK}},
    {SYS_fsetxattr, NARROW_FSETXATTR, {.what = INTERCEPT_SETXATTR, .answer = answer_setxattr, .form = CALL_OF_DESCRIPTOR}},
};

const struct intercepted_call *find_call(const struct seccomp_data *data) {
    if (data->arch != own && data->arch != narrow)
        return NULL;
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        if (data->nr >= 0 && data->nr == (data->arch == own ? calls[i].own : calls[i].narrow))
            return &calls[i].call;
    return NULL;
}

bool is_narrow(const struct caller *caller) {
    return caller->call->data.arch == narrow;
}
