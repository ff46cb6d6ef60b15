/* See ops.h. */
#include "wire/ops.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "wire/control.h"

static int take_name(struct cell *cell, struct op *op) {
    cell->name = op->word[0];
    return 0;
}

static int take_control(struct cell *cell, struct op *op) {
    cell->control->path = op->word[0];
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
    {"apparmor", 1, COMMAND | VERB_FILE | VERB_SFTP, take_apparmor, NULL, NULL},
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
    {"choose", 3, START, take_choose, NULL, NULL},
    {"console", 0, START, NULL, NULL, inside_console},
    {"console-log", 2, START, take_console_log, NULL, NULL},
    {"control", 1, COMMAND | VERB_PROXY | VERB_GUEST_API, take_control, NULL, NULL},
    {"cover", 3, START, take_cover, host_bind, NULL},
    {"cwd", 1, COMMAND, take_cwd, NULL, NULL},
    {"delete", 1, VERB_FILE, take_file_action, NULL, NULL},
    {"dev", 1, START, NULL, host_dev, inside_dev},
    {"disk", 6, DEVICE, take_disk, host_disk, inside_bind},
    {"devpts", 0, START, NULL, NULL, inside_devpts},
    {"env", 1, COMMAND, take_env, NULL, NULL},
    {"folder", 1, VERB_PROJECT, take_folder, NULL, NULL},
    {"follow", 0, VERB_NET_STATE, take_follow, NULL, NULL},
    {"get", 1, VERB_FILE, take_file_action, NULL, NULL},
    {"group", 1, COMMAND, take_group, NULL, NULL},
    {"home", 1, EXEC, take_home, NULL, NULL},
    {"hostname", 1, START, NULL, NULL, inside_hostname},
    {"idmap-gid", 3, ROOT | ENTER, take_id_line, NULL, NULL},
    {"idmap-uid", 3, ROOT | ENTER, take_id_line, NULL, NULL},
    {"init-reaper", 0, START, take_reaper, NULL, NULL},
    {"input", 1, VERB_RUN, take_input, NULL, NULL},
    {"intercept", 2, START, take_intercept, NULL, NULL},
    {"limit", 1, VERB_PROJECT, take_project_change, NULL, NULL},
    {"make", 1, VERB_PROJECT, take_project_change, NULL, NULL},
    {"mask", 1, START, take_mask, NULL, NULL},
    {"mkdir", 2, START, take_mkdir, NULL, inside_mkdir},
    {"mount", 5, DEVICE, take_mount, NULL, inside_mount},
    {"name", 1, COMMAND | VERB_PROXY | VERB_GUEST_API, take_name, NULL, NULL},
    {"net", 1, START, take_net, NULL, NULL},
    {"nic", 5, DEVICE, take_nic, NULL, NULL},
    {"nic-address", 4, DEVICE, take_nic_address, NULL, NULL},
    {"nic-move", 6, DEVICE, take_nic_move, NULL, NULL},
    {"nic-parent", 7, DEVICE, take_nic_parent, NULL, NULL},
    {"nic-port", 6, DEVICE, take_nic_port, NULL, NULL},
    {"node", 7, DEVICE, take_node, host_node, inside_node},
    {"no-new-privs", 0, COMMAND, take_no_new_privs, NULL, NULL},
    {"oom-score-adj", 1, COMMAND, take_oom, NULL, NULL},
    {"output", 0, VERB_RUN, take_output, NULL, NULL},
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
    {"root-unmapped", 0, ROOT, take_root_unmapped, NULL, NULL},
    {"seccomp", 1, COMMAND, NULL, host_seccomp, NULL},
    {"selinux", 1, COMMAND | VERB_FILE | VERB_SFTP, take_selinux, NULL, NULL},
    {"selinux-files", 3, DEVICE, take_selinux_files, NULL, NULL},
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
    {"unplug-inner", 2, VERB_PLUG, take_unplug_inner, host_unplug_inner, NULL},
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
