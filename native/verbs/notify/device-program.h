/* Programs of BPF that say which devices a control group may open, as a guest writes them for groups of its own. */
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>

#include "verbs/notify/answer.h"

/** linux/bpf_common.h: what the kernel takes of whoever has no capability. */
enum { DEVICE_PROGRAM_MAX = 4096 };

/**
 * Whether a program reads its context, calculates with plain numbers, jumps ahead and answers, and does nothing else: no call, no map, no memory, no arithmetic with an
 * address, no loop. Of such a program the kernel's verifier has nothing to judge that it was ever wrong about.
 */
bool is_plain_device_program(const struct bpf_insn *code, unsigned length);

/** Loads a plain program, charged to the container, and gives the caller a descriptor of it. @param number becomes that @returns 0, or an errno */
int give_device_program(const struct caller *caller, const struct bpf_insn *code, unsigned length, int *number);

/** Attaches to a group of the caller's, or detaches from it, by the caller's descriptors. @param command BPF_PROG_ATTACH or BPF_PROG_DETACH @returns 0, or an errno */
int change_device_program(const struct caller *caller, enum bpf_cmd command, const union bpf_attr *asked);
