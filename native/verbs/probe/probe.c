/* See probe.h. Each question is answered by trying it in a throwaway child, so that nothing is left. */
#include "verbs/probe/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/child.h"
#include "base/json.h"
#include "base/sys.h"
#include "base/util.h"
#include "kernel/netlink.h"
#include "kernel/userns.h"
#include "security/caps.h"
#include "security/devices.h"
#include "verbs/probe/probe-mounts.h"
#include "wire/cell.h"

enum { CAP_SYS_RESOURCE_NUMBER = 24 };

struct trial {
    bool (*run)(void);
};

static int try(void *context) {
    const struct trial *trial = context;
    return trial->run() ? 0 : 1;
}

static bool try_apart(bool (*trial)(void)) {
    return run_apart(try, &(struct trial){trial}) == 0;
}

static bool has_user_namespaces(void) {
    return unshare(CLONE_NEWUSER) == 0;
}

static bool has_network_namespaces(void) {
    return unshare(CLONE_NEWNET) == 0;
}

/** In a throwaway network namespace, whose end takes the link along. */
static bool can_make_link(const char *kind) {
    if (unshare(CLONE_NEWNET) < 0)
        return false;
    cleanup_fd int netlink = netlink_open();
    struct netlink_message message;
    struct ifinfomsg link = {0};
    netlink_begin(&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof link);
    netlink_attribute(&message, IFLA_IFNAME, "probe0", sizeof "probe0");
    size_t info = netlink_begin_nest(&message, IFLA_LINKINFO);
    netlink_attribute(&message, IFLA_INFO_KIND, kind, strlen(kind) + 1);
    netlink_end_nest(&message, info);
    return netlink >= 0 && netlink_request(netlink, &message) == 0;
}

static bool has_veth(void) {
    return can_make_link("veth");
}

static bool has_bridge(void) {
    return can_make_link("bridge");
}

static bool has_tun(void) {
    return open("/dev/net/tun", O_RDWR | O_CLOEXEC) >= 0;
}

static bool has_pidfd(void) {
    return sys_pidfd_open(getpid()) >= 0;
}

static bool has_openat2(void) {
    struct sys_open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = SYS_RESOLVE_IN_ROOT};
    return sys_openat2(AT_FDCWD, "/", &how) >= 0;
}

/** A filter of NULL is EFAULT where the operation is known at all. */
static bool has_seccomp_action(unsigned flags) {
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

static bool has_seccomp(void) {
    return has_seccomp_action(0);
}

static bool has_seccomp_notification(void) {
    return has_seccomp_action(SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

static bool clone_into(const char *group) {
    cleanup_fd int fd = open(group, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct sys_clone_args args = {.flags = CELL_CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)fd};
    pid_t child = fd < 0 ? -1 : sys_clone3(&args);
    if (child == 0)
        _exit(0);
    reap_child(child);
    return child > 0;
}

/* Control groups. */

struct cgroups {
    char v2[256];
    struct json v1;
    unsigned v1_count;
};

static void add_hierarchy(struct cgroups *groups, const char *where, const char *options) {
    static const char *const general[] = {"rw", "ro", "relatime", "nosuid", "nodev", "noexec", "noatime", "xattr", "clone_children", "release_agent"};
    char copy[512];
    snprintf(copy, sizeof copy, "%s", options);
    char *rest = copy;
    for (char *word = next_part(&rest, ','); word != NULL; word = next_part(&rest, ',')) {
        bool skip = false;
        for (size_t i = 0; i < COUNT_OF(general); i++)
            skip = skip || strncmp(word, general[i], strlen(general[i])) == 0;
        if (skip)
            continue;
        json_string_field(&groups->v1, word, where);
        groups->v1_count++;
    }
}

static void read_hierarchies(struct cgroups *groups) {
    FILE *mounts = fopen("/proc/self/mounts", "re");
    char line[2048], where[256], type[64], options[512];
    while (mounts != NULL && fgets(line, sizeof line, mounts) != NULL) {
        if (sscanf(line, "%*s %255s %63s %511s", where, type, options) != 3)
            continue;
        if (strcmp(type, "cgroup2") == 0 && groups->v2[0] == '\0')
            snprintf(groups->v2, sizeof groups->v2, "%s", where);
        if (strcmp(type, "cgroup") == 0)
            add_hierarchy(groups, where, options);
    }
    if (mounts != NULL)
        fclose(mounts);
}

/** The features of v2 that need a group to be seen; it is made and removed. */
static void add_v2(struct json *json, const char *v2) {
    char path[512], controllers[512];
    snprintf(path, sizeof path, "%s/cgroup.controllers", v2);
    if (read_small_file(AT_FDCWD, path, controllers, sizeof controllers) < 0)
        controllers[0] = '\0';
    controllers[strcspn(controllers, "\n")] = '\0';
    json_string_field(json, "v2", v2);
    json_key(json, "v2Controllers");
    json_raw(json, "[");
    char *rest = controllers;
    for (char *word = next_part(&rest, ' '); word != NULL && *word != '\0'; word = next_part(&rest, ' ')) {
        if (json->last != '[')
            json_raw(json, ",");
        json_string(json, word);
    }
    json_raw(json, "]");

    char group[320];
    snprintf(group, sizeof group, "%s/bothy-probe-%d", v2, (int)getpid());
    bool made = mkdir(group, 0755) == 0;
    json_bool_field(json, "writable", made);
    static const char *const files[][2] = {{"kill", "cgroup.kill"}, {"freeze", "cgroup.freeze"}};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        snprintf(path, sizeof path, "%s/%s", group, files[i][1]);
        json_bool_field(json, files[i][0], made && access(path, W_OK) == 0);
    }
    json_bool_field(json, "cloneInto", made && clone_into(group));
    json_bool_field(json, "deviceRules", made && can_guard_devices(group));
    if (made)
        rmdir(group);
}

static void add_cgroups(struct json *json) {
    struct cgroups groups = {.v1 = {.fd = -1}};
    json_raw(&groups.v1, "{");
    read_hierarchies(&groups);
    json_raw(&groups.v1, "}");
    json_key(json, "cgroup");
    json_raw(json, "{");
    json_string_field(json, "layout", groups.v1_count == 0 ? groups.v2[0] != '\0' ? "v2" : "none" : groups.v2[0] != '\0' ? "hybrid" : "v1");
    json_key(json, "v1");
    json_verbatim(json, groups.v1.text);
    if (groups.v2[0] != '\0')
        add_v2(json, groups.v2);
    json_raw(json, "}");
    free(groups.v1.text);
}

/* What files of proc and sys say. */

static bool file_says(const char *path, const char *word) {
    char text[8192];
    return read_small_file(AT_FDCWD, path, text, sizeof text) > 0 && strstr(text, word) != NULL;
}

static void add_filesystems(struct json *json) {
    static const char *const names[] = {"btrfs", "squashfs", "fuse", "overlay"};
    json_key(json, "filesystems");
    json_raw(json, "{");
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char line[32];
        snprintf(line, sizeof line, "\t%s\n", names[i]);
        json_bool_field(json, names[i], file_says("/proc/filesystems", line));
    }
    json_raw(json, "}");
}

static void add_limits(struct json *json) {
    static const char *const names[] = {"max_user_namespaces", "max_net_namespaces", "max_mnt_namespaces", "max_inotify_instances"};
    json_key(json, "limits");
    json_raw(json, "{");
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char path[64], text[32];
        snprintf(path, sizeof path, "/proc/sys/user/%s", names[i]);
        if (read_small_file(AT_FDCWD, path, text, sizeof text) > 0)
            json_number_field(json, names[i], strtoull(text, NULL, 10));
    }
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        json_number_field(json, "openFiles", files.rlim_max);
    json_raw(json, "}");
}

static void add_capabilities(struct json *json) {
    struct cap_sets sets = {0};
    char mask[32];
    if (get_caps(&sets) < 0)
        sets.effective = 0;
    snprintf(mask, sizeof mask, "%016llx", (unsigned long long)sets.effective);
    json_string_field(json, "capabilities", mask);
    json_bool_field(json, "capSysResource", (sets.effective >> CAP_SYS_RESOURCE_NUMBER & 1) != 0);
}

static const struct {
    const char *name;
    bool (*trial)(void);
    bool mounts; /* needs the folders: where none can be made, the question is left open */
} trials[] = {
    {"userNamespaces", has_user_namespaces, .mounts = false},
    {"networkNamespaces", has_network_namespaces, .mounts = false},
    {"idmappedMounts", has_idmapped_mounts, .mounts = true},
    {"overlay", has_overlay, .mounts = true},
    {"overlayIdmappedLayers", has_overlay_of_idmapped_layers, .mounts = true},
    {"pidfd", has_pidfd, .mounts = false},
    {"openat2", has_openat2, .mounts = false},
    {"seccomp", has_seccomp, .mounts = false},
    {"seccompNotification", has_seccomp_notification, .mounts = false},
    {"veth", has_veth, .mounts = false},
    {"bridge", has_bridge, .mounts = false},
    {"tun", has_tun, .mounts = false},
};

int run_probe(const char *folder) {
    struct utsname name;
    struct json json = {.fd = 1};
    uname(&name);
    json_raw(&json, "{");
    json_string_field(&json, "kernel", name.release);
    json_string_field(&json, "architecture", name.machine);
    json_number_field(&json, "uid", geteuid());
    /* an interrupt at the terminal would leave the folders behind; the trials take some milliseconds */
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    bool has_scene = make_mount_scene(folder);
    for (size_t i = 0; i < COUNT_OF(trials); i++)
        if (has_scene || !trials[i].mounts)
            json_bool_field(&json, trials[i].name, try_apart(trials[i].trial));
    remove_mount_scene();
    json_bool_field(&json, "apparmor", file_says("/sys/module/apparmor/parameters/enabled", "Y"));
    json_bool_field(&json, "landlock", sys_land_ruleset(NULL, 0, LAND_ABI) >= 2);
    json_bool_field(&json, "selinux", access("/sys/fs/selinux/enforce", F_OK) == 0);
    add_filesystems(&json);
    add_cgroups(&json);
    add_limits(&json);
    add_capabilities(&json);
    json_raw(&json, "}");
    return json_finish(&json) < 0 ? 1 : 0;
}
