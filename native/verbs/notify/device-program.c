/* See device-program.h. Which programs are plain: each instruction knows which registers hold numbers, whichever way led to it. */
#include "verbs/notify/device-program.h"

#include <stddef.h>
#include <string.h>

#include "base/util.h"

enum { ARGUMENT = BPF_REG_1, FRAME = BPF_REG_10, REGISTERS = 11 };

/* What is known of the registers before an instruction: a bit for each that holds a number, and one for the context that is still in its place. */
enum { CONTEXT = 1 << REGISTERS, EVERYTHING = (1 << (REGISTERS + 1)) - 1, UNREACHED = 1 << (REGISTERS + 1) };

static bool is_number(unsigned known, unsigned reg) {
    return reg < FRAME && (known >> reg & 1) != 0;
}

static unsigned with_number(unsigned known, unsigned reg) {
    return (known | 1U << reg) & ~(reg == ARGUMENT ? (unsigned)CONTEXT : 0U);
}

/** A word, half or byte of struct bpf_cgroup_dev_ctx. */
static bool is_context_load(const struct bpf_insn *one, unsigned known) {
    const unsigned size = BPF_SIZE(one->code) == BPF_W ? 4 : BPF_SIZE(one->code) == BPF_H ? 2 : BPF_SIZE(one->code) == BPF_B ? 1 : 0;
    return BPF_MODE(one->code) == BPF_MEM && size != 0 && one->src_reg == ARGUMENT && (known & CONTEXT) != 0 && one->dst_reg < FRAME && one->imm == 0 && one->off >= 0 &&
           (unsigned)one->off % size == 0 && (unsigned)one->off + size <= sizeof(struct bpf_cgroup_dev_ctx);
}

/** Whether what an instruction takes its second number from is one. */
static bool has_operand(const struct bpf_insn *one, unsigned known) {
    return BPF_SRC(one->code) == BPF_X ? is_number(known, one->src_reg) && one->imm == 0 : one->src_reg == 0;
}

static bool is_calculation(const struct bpf_insn *one, unsigned known) {
    const int bits = BPF_CLASS(one->code) == BPF_ALU64 ? 64 : 32;
    const unsigned operation = BPF_OP(one->code);
    if (one->off != 0 || one->dst_reg >= FRAME || !has_operand(one, known))
        return false;
    switch (operation) {
    case BPF_MOV:
        return true;
    case BPF_LSH:
    case BPF_RSH:
        return is_number(known, one->dst_reg) && BPF_SRC(one->code) == BPF_K && one->imm >= 0 && one->imm < bits;
    case BPF_ADD:
    case BPF_SUB:
    case BPF_AND:
    case BPF_OR:
    case BPF_XOR:
        return is_number(known, one->dst_reg);
    default:
        return false;
    }
}

static bool is_comparison(const struct bpf_insn *one, unsigned known) {
    const unsigned operation = BPF_OP(one->code);
    return operation != BPF_JA && operation != BPF_CALL && operation != BPF_EXIT && operation <= BPF_JSLE && is_number(known, one->dst_reg) && has_operand(one, known);
}

/** What two ways to the same instruction have in common. */
static void meet(unsigned *known, unsigned other) {
    *known = (*known & UNREACHED) != 0 ? other : *known & other;
}

/** @param known of this one and, behind it, of those that follow @param left how many follow */
static bool is_plain(const struct bpf_insn *one, unsigned *known, unsigned left) {
    const unsigned class = BPF_CLASS(one->code), before = *known;
    /* nothing leads here: what is not looked at may be anything */
    if ((before & UNREACHED) != 0)
        return false;
    if (class == BPF_JMP && BPF_OP(one->code) == BPF_EXIT)
        return one->code == (BPF_JMP | BPF_EXIT) && one->dst_reg == 0 && one->src_reg == 0 && one->off == 0 && one->imm == 0 && is_number(before, BPF_REG_0);
    if (class == BPF_JMP || class == BPF_JMP32) {
        const bool always = one->code == (BPF_JMP | BPF_JA) && one->dst_reg == 0 && one->src_reg == 0 && one->imm == 0;
        /* ahead alone, so that each way ends */
        if (one->off < 0 || (unsigned)one->off >= left || (!always && !is_comparison(one, before)))
            return false;
        meet(&known[1 + one->off], before);
        if (!always)
            meet(&known[1], before);
        return true;
    }
    if (left == 0 || !(class == BPF_LDX ? is_context_load(one, before) : (class == BPF_ALU || class == BPF_ALU64) && is_calculation(one, before)))
        return false;
    meet(&known[1], with_number(before, one->dst_reg));
    return true;
}

bool is_plain_device_program(const struct bpf_insn *code, unsigned length) {
    if (length == 0 || length > DEVICE_PROGRAM_MAX)
        return false;
    cleanup_free unsigned *known = must_alloc(length * sizeof *known);
    known[0] = CONTEXT;
    for (unsigned i = 1; i < length; i++)
        known[i] = UNREACHED;
    for (unsigned i = 0; i < length; i++)
        if (!is_plain(&code[i], &known[i], length - 1 - i))
            return false;
    return true;
}
