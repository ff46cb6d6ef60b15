/* See ops.h. Operations that only record a word are defined here; the others in the file of their kernel subject. */
#include "wire/ops.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"

static int take_name(struct cell *cell, struct op *op) {
    cell->name = op->word[0];
    return 0;
}
static int take_control(struct cell *cell, struct op *op) {
    cell->control = op->word[0];
    return 0;
}
static int take_console_log(struct cell *cell, struct op *op) {
    cell->console_log = op->word[0];
    if (!parse_number(op->word[1], INT64_MAX, &cell->console_max) || cell->console_max == 0)
        return fail(&cell->status, "console-log", EINVAL, NULL, "Cannot bound the console log by \"%.64s\" bytes", op->word[1]);
    return 0;
}
static int take_net(struct cell *cell, struct op *op) {
    cell->net_host = strcmp(op->word[0], "host") == 0;
    if (!cell->net_host && strcmp(op->word[0], "new") != 0)
        return fail(&cell->status, "net", EINVAL, NULL, "Cannot give the network \"%.64s\": it is host or new", op->word[0]);
    return 0;
}
static int take_arg(struct cell *cell, struct op *op) {
    cell->argv[cell->argc++] = op->word[0];
    return 0;
}
static int take_env(struct cell *cell, struct op *op) {
    cell->envp[cell->envc++] = op->word[0];
    return 0;
}
static int take_cwd(struct cell *cell, struct op *op) {
    cell->cwd = op->word[0];
    return 0;
}
static int take_home(struct cell *cell, struct op *op) {
    cell->home = op->word[0];
    return 0;
}
static int take_umask(struct cell *cell, struct op *op) {
    cell->has_mask = true;
    if (!parse_octal(op->word[0], 0777, &cell->file_mode_mask))
        return fail(&cell->status, "umask", EINVAL, NULL, "Cannot set the umask \"%.64s\"", op->word[0]);
    return 0;
}
static int take_reaper(struct cell *cell, struct op *op) {
    (void)op;
    cell->reaper = true;
    return 0;
}
static int take_no_new_privs(struct cell *cell, struct op *op) {
    (void)op;
    cell->no_new_privs = true;
    return 0;
}
static int take_id(struct cell *cell, struct op *op, uint32_t *id) {
    uint64_t number;
    if (!parse_number(op->word[0], UINT32_MAX - 1, &number))
        return fail(&cell->status, op->kind->name, EINVAL, NULL, "Cannot use the id \"%.64s\"", op->word[0]);
    *id = (uint32_t)number;
    return 0;
}
static int take_user(struct cell *cell, struct op *op) {
    return take_id(cell, op, &cell->uid);
}
static int take_group(struct cell *cell, struct op *op) {
    return take_id(cell, op, &cell->gid);
}
static int take_supplementary_group(struct cell *cell, struct op *op) {
    if (cell->group_count == GROUPS_MAX)
        return fail(&cell->status, op->kind->name, EINVAL, NULL, "Cannot give more than %d supplementary groups", GROUPS_MAX);
    return take_id(cell, op, &cell->groups[cell->group_count++]);
}
static int take_tty(struct cell *cell, struct op *op) {
    uint64_t width, height;
    if (!parse_number(op->word[0], UINT16_MAX, &width) || !parse_number(op->word[1], UINT16_MAX, &height))
        return fail(&cell->status, "tty", EINVAL, NULL, "Cannot make a terminal of %.16s columns and %.16s rows", op->word[0], op->word[1]);
    cell->has_tty = true;
    cell->tty_width = (uint16_t)width;
    cell->tty_height = (uint16_t)height;
    return 0;
}

/** file:MAXBYTES:PATH */
static bool take_file_stream(struct stream *stream, char *word) {
    char *path = strncmp(word, "file:", 5) == 0 ? strchr(word + 5, ':') : NULL;
    if (path == NULL || path[1] == '\0')
        return false;
    *path = '\0';
    *stream = (struct stream){.kind = STREAM_FILE, .path = path + 1};
    return parse_number(word + 5, INT64_MAX, &stream->max);
}

static int take_stream(struct cell *cell, struct op *op) {
    static const char *const names[] = {"stdin", "stdout", "stderr"};
    for (size_t fd = 0; fd < COUNT_OF(names); fd++) {
        if (strcmp(op->kind->name, names[fd]) != 0)
            continue;
        struct stream *stream = &cell->stdio[fd];
        if (strcmp(op->word[0], "pipe") == 0)
            *stream = (struct stream){.kind = STREAM_PIPE};
        else if (strcmp(op->word[0], "null") == 0)
            *stream = (struct stream){.kind = STREAM_NULL};
        else if (fd == 0 || !take_file_stream(stream, op->word[0]))
            return fail(&cell->status, op->kind->name, EINVAL, NULL, "Cannot connect %s to \"%.64s\"", op->kind->name, op->word[0]);
    }
    return 0;
}

static int take_file_action(struct cell *cell, struct op *op) {
    if (cell->file_action != NULL)
        return fail(&cell->status, op->kind->name, EINVAL, NULL, "Cannot do more than one thing with a file at once");
    cell->file_action = op->kind->name;
    cell->file_words = op->word;
    return 0;
}
static int take_upstream(struct cell *cell, struct op *op) {
    cell->upstream = op->word[0];
    return 0;
}
static int take_at(struct cell *cell, struct op *op) {
    cell->run_at = op->word[0];
    return 0;
}

enum {
    START = VERB_START,
    EXEC = VERB_EXEC,
    COMMAND = VERB_START | VERB_EXEC,
    ROOT = VERB_START | VERB_FILE | VERB_SFTP | VERB_RUN,
    ENTER = VERB_EXEC | VERB_GUEST_API | VERB_FILE | VERB_SFTP | VERB_NET_STATE | VERB_PLUG | VERB_PROXY,
    DEVICE = VERB_START | VERB_PLUG,
};

static const struct op_kind kinds[] = {
    /* name, arguments, verbs, take, host, inside */
    {"arg", 1, COMMAND | VERB_RUN, take_arg, NULL, NULL},
    {"at", 1, VERB_RUN, take_at, NULL, NULL},
    {"bind", 3, DEVICE, take_bind, host_bind, inside_bind},
    {"cap-keep", 1, COMMAND, take_caps, NULL, NULL},
    {"cgroup-devices", 3, DEVICE, take_cgroup_devices, host_cgroup_devices, NULL},
    {"cgroup-end", 1, VERB_END, NULL, NULL, NULL},
    {"cgroup-into", 1, COMMAND, NULL, host_cgroup_into, NULL},
    {"cgroup-join", 1, COMMAND, NULL, host_cgroup_join, NULL},
    {"cgroup-make", 1, START, NULL, host_cgroup_make, NULL},
    {"cgroup-own", 1, START, NULL, host_cgroup_own, NULL},
    {"cgroup-write", 2, DEVICE, NULL, host_cgroup_write, NULL},
    {"console", 0, START, NULL, NULL, inside_console},
    {"console-log", 2, START, take_console_log, NULL, NULL},
    {"control", 1, START | VERB_PROXY | VERB_GUEST_API, take_control, NULL, NULL},
    {"cwd", 1, COMMAND, take_cwd, NULL, NULL},
    {"delete", 1, VERB_FILE, take_file_action, NULL, NULL},
    {"dev", 1, START, NULL, host_dev, inside_dev},
    {"devpts", 0, START, NULL, NULL, inside_devpts},
    {"env", 1, COMMAND, take_env, NULL, NULL},
    {"folder", 1, VERB_PROJECT, take_folder, NULL, NULL},
    {"get", 1, VERB_FILE, take_file_action, NULL, NULL},
    {"group", 1, COMMAND, take_group, NULL, NULL},
    {"home", 1, EXEC, take_home, NULL, NULL},
    {"hostname", 1, START, NULL, NULL, inside_hostname},
    {"idmap-gid", 3, ROOT | ENTER, take_id_line, NULL, NULL},
    {"idmap-uid", 3, ROOT | ENTER, take_id_line, NULL, NULL},
    {"init-reaper", 0, START, take_reaper, NULL, NULL},
    {"limit", 1, VERB_PROJECT, take_project_change, NULL, NULL},
    {"make", 1, VERB_PROJECT, take_project_change, NULL, NULL},
    {"mask", 1, START, take_mask, NULL, NULL},
    {"mkdir", 2, START, take_mkdir, NULL, inside_mkdir},
    {"mount", 5, DEVICE, take_mount, NULL, inside_mount},
    {"name", 1, COMMAND | VERB_PROXY | VERB_GUEST_API, take_name, NULL, NULL},
    {"net", 1, START, take_net, NULL, NULL},
    {"nic", 5, DEVICE, take_nic, NULL, NULL},
    {"node", 7, DEVICE, take_node, host_node, inside_node},
    {"nic-address", 4, DEVICE, take_nic_address, NULL, NULL},
    {"no-new-privs", 0, COMMAND, take_no_new_privs, NULL, NULL},
    {"oom-score-adj", 1, COMMAND, take_oom, NULL, NULL},
    {"personality", 1, COMMAND, take_personality, NULL, NULL},
    {"proxy-connect", 4, VERB_PROXY, take_proxy_connect, NULL, NULL},
    {"proxy-file", 3, VERB_PROXY, take_proxy_file, NULL, NULL},
    {"proxy-header", 0, VERB_PROXY, take_proxy_header, NULL, NULL},
    {"proxy-listen", 4, VERB_PROXY, take_proxy_listen, NULL, NULL},
    {"proxy-user", 2, VERB_PROXY, take_proxy_user, NULL, NULL},
    {"put", 6, VERB_FILE, take_file_action, NULL, NULL},
    {"readonly", 1, START, take_readonly, NULL, NULL},
    {"rlimit", 3, COMMAND, take_rlimit, NULL, NULL},
    {"root-dir", 1, ROOT, take_root_dir, NULL, NULL},
    {"root-overlay", 3, ROOT, take_root_overlay, NULL, NULL},
    {"root-readonly", 0, ROOT, take_root_readonly, NULL, NULL},
    {"seccomp", 1, COMMAND, NULL, host_seccomp, NULL},
    {"stderr", 1, EXEC, take_stream, NULL, NULL},
    {"stdin", 1, EXEC, take_stream, NULL, NULL},
    {"stdout", 1, EXEC, take_stream, NULL, NULL},
    {"supplementary-group", 1, START, take_supplementary_group, NULL, NULL},
    {"symlink", 2, START, NULL, NULL, inside_symlink},
    {"sysctl", 2, START, take_sysctl, NULL, NULL},
    {"target", 2, ENTER | VERB_AWAIT, take_target, NULL, NULL},
    {"tree", 1, VERB_REMOVE, take_tree, NULL, NULL},
    {"tty", 2, EXEC, take_tty, NULL, NULL},
    {"umask", 1, COMMAND, take_umask, NULL, NULL},
    {"unbind", 1, VERB_PLUG, NULL, NULL, inside_unbind},
    {"unnode", 1, VERB_PLUG, NULL, NULL, inside_unnode},
    {"unplug-nic", 1, VERB_PLUG, take_unplug_nic, host_unplug_nic, NULL},
    {"upstream", 1, VERB_GUEST_API, take_upstream, NULL, NULL},
    {"user", 1, COMMAND, take_user, NULL, NULL},
};

const struct op_kind *find_op(const char *name, enum verb verb) {
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return (kinds[i].verbs & verb) != 0 ? &kinds[i] : NULL;
    return NULL;
}
