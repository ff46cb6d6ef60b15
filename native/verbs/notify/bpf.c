/*
 * bpf(2) of programs that say which devices a control group may open, as container managers and systemd make them on control groups of v2 (security.syscalls.intercept.bpf,
 * .bpf.devices). The kernel would judge a program with the rights of whoever loads it, so it gets none of the guest's but those that it can say nothing wrong about.
 */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "base/util.h"
#include "verbs/notify/answer.h"
#include "verbs/notify/device-program.h"

enum { ATTRIBUTES_MAX = 4096 };

/** As the kernel does: what the caller's size leaves out is 0, and what is beyond ours has to be. @returns 0, or an errno */
static int read_attributes(const struct caller *caller, union bpf_attr *attributes) {
    const uint64_t size = caller->call->data.args[2] & UINT32_MAX;
    char given[ATTRIBUTES_MAX];
    memset(attributes, 0, sizeof *attributes);
    if (size > sizeof given)
        return E2BIG;
    const int error = read_memory(caller, caller->call->data.args[1], given, (size_t)size);
    if (error != 0)
        return error;
    for (size_t i = sizeof *attributes; i < size; i++)
        if (given[i] != 0)
            return E2BIG;
    memcpy(attributes, given, size < sizeof *attributes ? (size_t)size : sizeof *attributes);
    return 0;
}

static struct verdict load(const struct caller *caller, const union bpf_attr *asked) {
    if (asked->prog_type != BPF_PROG_TYPE_CGROUP_DEVICE || asked->prog_flags != 0)
        return result_of(EPERM);
    if (asked->insn_cnt == 0 || asked->insn_cnt > DEVICE_PROGRAM_MAX)
        return result_of(E2BIG);
    cleanup_free struct bpf_insn *code = must_alloc(asked->insn_cnt * sizeof *code);
    int number = -1, error = read_memory(caller, asked->insns, code, asked->insn_cnt * sizeof *code);
    if (error == 0 && !is_plain_device_program(code, asked->insn_cnt))
        error = EACCES;
    if (error == 0)
        error = give_device_program(caller, code, asked->insn_cnt, &number);
    return error != 0 ? result_of(error) : (struct verdict){.value = number};
}

struct verdict answer_bpf(struct caller *caller) {
    const uint64_t command = caller->call->data.args[0] & UINT32_MAX;
    union bpf_attr asked;
    /* never the kernel's to go on with: the filter of the container may deny the call */
    if (!has_capability(caller, CAP_SYS_ADMIN))
        return result_of(EPERM);
    const int error = read_attributes(caller, &asked);
    if (error != 0)
        return result_of(error);
    if (command == BPF_PROG_LOAD)
        return load(caller, &asked);
    if ((command != BPF_PROG_ATTACH && command != BPF_PROG_DETACH) || asked.attach_type != BPF_CGROUP_DEVICE ||
        (asked.attach_flags & ~(uint32_t)(BPF_F_ALLOW_OVERRIDE | BPF_F_ALLOW_MULTI | BPF_F_REPLACE)) != 0)
        return result_of(EPERM);
    return result_of(change_device_program(caller, (enum bpf_cmd)command, &asked));
}
