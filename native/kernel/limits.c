/* See limits.h. */
#include "kernel/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>

#include "base/util.h"
#include "kernel/tables.h"
#include "wire/ops.h"

static bool parse_limit(const char *word, rlim_t *limit) {
    uint64_t number;
    if (strcmp(word, "unlimited") == 0) {
        *limit = RLIM_INFINITY;
        return true;
    }
    bool good = parse_number(word, INT64_MAX, &number);
    *limit = good ? number : 0;
    return good;
}

int take_rlimit(struct cell *cell, struct op *op) {
    rlim_t soft, hard;
    if (rlimit_number(op->word[0]) < 0)
        return fail(&cell->status, "rlimit", EINVAL, NULL, "Cannot limit \"%.32s\": it is not known", op->word[0]);
    if (!parse_limit(op->word[1], &soft) || !parse_limit(op->word[2], &hard) || soft > hard)
        return fail(&cell->status, "rlimit", EINVAL, NULL, "Cannot limit \"%.32s\" to \"%.32s\", at most \"%.32s\"", op->word[0], op->word[1],
                    op->word[2]);
    return 0;
}

int take_oom(struct cell *cell, struct op *op) {
    const char *digits = op->word[0] + (*op->word[0] == '-');
    uint64_t number;
    if (!parse_number(digits, 1000, &number))
        return fail(&cell->status, "oom-score-adj", EINVAL, NULL, "Cannot set the score \"%.32s\": it is between -1000 and 1000", op->word[0]);
    return 0;
}

void shield_from_oom(void) {
    (void)write_control_file(AT_FDCWD, "/proc/self/oom_score_adj", "-1000");
}

void unshield_from_oom(void) {
    char score[16];
    if (read_small_file(AT_FDCWD, "/proc/self/oom_score_adj", score, sizeof score) > 0 && *score == '-')
        (void)write_control_file(AT_FDCWD, "/proc/self/oom_score_adj", "0");
}

int raise_limits(struct cell *cell) {
    unshield_from_oom();
    for (unsigned i = 0; i < cell->op_count; i++) {
        const struct op *op = &cell->ops[i];
        if (op->kind->take == take_oom && write_control_file(AT_FDCWD, "/proc/self/oom_score_adj", op->word[0]) < 0)
            return fail(&cell->status, "oom-score-adj", errno, NULL, "Cannot set the out-of-memory score to %s", op->word[0]);
        if (op->kind->take != take_rlimit)
            continue;
        struct rlimit present;
        rlim_t hard = 0;
        int number = rlimit_number(op->word[0]);
        parse_limit(op->word[2], &hard);
        if (getrlimit(number, &present) == 0 && present.rlim_max >= hard)
            continue;
        present.rlim_max = hard;
        if (setrlimit(number, &present) < 0)
            return fail(&cell->status, "rlimit", errno, NULL, "Cannot raise the limit \"%s\" to %s", op->word[0], op->word[2]);
    }
    return 0;
}

int set_limits(struct cell *cell) {
    for (unsigned i = 0; i < cell->op_count; i++) {
        const struct op *op = &cell->ops[i];
        if (op->kind->take != take_rlimit)
            continue;
        struct rlimit limit = {0};
        parse_limit(op->word[1], &limit.rlim_cur);
        parse_limit(op->word[2], &limit.rlim_max);
        if (setrlimit(rlimit_number(op->word[0]), &limit) < 0)
            return fail(&cell->status, "rlimit", errno, NULL, "Cannot set the limit \"%s\"", op->word[0]);
    }
    return 0;
}
