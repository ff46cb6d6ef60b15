/* What the operations of a command say. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "security/command.h"
#include "wire/ops.h"

int take_arg(struct cell *cell, struct op *op) {
    cell->command->argv[cell->command->argc++] = op->word[0];
    return 0;
}

int take_env(struct cell *cell, struct op *op) {
    cell->command->envp[cell->command->envc++] = op->word[0];
    return 0;
}

int take_cwd(struct cell *cell, struct op *op) {
    cell->command->cwd = op->word[0];
    return 0;
}

int take_home(struct cell *cell, struct op *op) {
    cell->command->home = op->word[0];
    return 0;
}

int take_umask(struct cell *cell, struct op *op) {
    cell->command->has_mask = true;
    if (!parse_octal(op->word[0], 0777, &cell->command->file_mode_mask))
        return fail(&cell->status, "umask", EINVAL, NULL, "Cannot set the umask \"%.64s\"", op->word[0]);
    return 0;
}

int take_no_new_privs(struct cell *cell, struct op *op) {
    (void)op;
    cell->command->no_new_privs = true;
    return 0;
}

static int take_id(struct cell *cell, struct op *op, uint32_t *id) {
    uint64_t number;
    if (!parse_number(op->word[0], UINT32_MAX - 1, &number))
        return fail(&cell->status, op->kind->name, EINVAL, NULL, "Cannot use the id \"%.64s\"", op->word[0]);
    *id = (uint32_t)number;
    return 0;
}

int take_user(struct cell *cell, struct op *op) {
    return take_id(cell, op, &cell->command->uid);
}

int take_group(struct cell *cell, struct op *op) {
    return take_id(cell, op, &cell->command->gid);
}

int take_supplementary_group(struct cell *cell, struct op *op) {
    if (cell->command->group_count == GROUPS_MAX)
        return fail(&cell->status, op->kind->name, EINVAL, NULL, "Cannot give more than %d supplementary groups", GROUPS_MAX);
    return take_id(cell, op, &cell->command->groups[cell->command->group_count++]);
}
