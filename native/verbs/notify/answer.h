/* One call, in the process that answers it. */
#pragma once

#include "verbs/notify/notify.h"

enum { CALLER_GROUPS_MAX = 256 };

/** What one of several calls of a kind begins with. */
enum call_form {
    CALL_PLAIN,         /* a path */
    CALL_AT,            /* a folder, then a path */
    CALL_OF_LINK,       /* a path whose last part may be a symlink that is meant itself */
    CALL_OF_DESCRIPTOR, /* a descriptor */
};

struct caller {
    const struct interception *container;
    struct shared *shared;
    const struct seccomp_notif *call;
    enum call_form form;
    int listener;
    int proc, mem; /* its folder in the host's /proc, and its memory: they stay its own when its number becomes another's */
    bool is_of_container; /* in the container's own user namespace, rather than in one below */
    /* of the host */
    uid_t uid;
    gid_t gid; /* both those for files */
    gid_t groups[CALLER_GROUPS_MAX];
    unsigned group_count;
    uint64_t caps; /* effective ones, in its user namespace */
    mode_t umask;
};

/** Ends the calling process when its parent ends: a place of the guest's that does not answer would keep it for ever. To be said after each change of ids, which takes it back. */
void end_with(pid_t parent);

/** Looks who calls. @returns 0, or -1 when that cannot be told, or the caller has gone */
int open_caller(struct caller *caller);
/** The same, once caller->proc is open. */
int examine_caller(struct caller *caller);
/** Whether it calls as a program of 32 bits does: what its memory has may be laid out otherwise. */
bool is_narrow(const struct caller *caller);
/** Whether the caller still waits: what was read of it before was its own. */
bool is_waiting(const struct caller *caller);
/** Reads a string of the caller's memory and asks whether it still waits. @returns 0, or an errno: ENAMETOOLONG when it does not end within size */
int read_string(const struct caller *caller, uint64_t address, char *text, size_t size);
/** Reads exactly size bytes. @returns 0, or an errno */
int read_memory(const struct caller *caller, uint64_t address, void *data, size_t size);
/** Writes them. @returns 0, or an errno */
int write_memory(const struct caller *caller, uint64_t address, const void *data, size_t size);
bool has_capability(const struct caller *caller, int number);

/** A path as the caller means it. */
struct place {
    int dir; /* what it begins at when it does not begin with a slash; of the caller, AT_FDCWD or a descriptor */
    const char *path;
    bool nofollow;    /* the last component, if it is a symlink, itself */
    bool is_folder;
    int access; /* what the caller must be allowed, as of access(2); 0 for nothing */
};

/**
 * Resolves a path in the caller's root, as the caller: with its ids, groups and capabilities, in the container's user namespace. Links of proc that lead past paths
 * (/proc/PID/root) are not followed. @param fd a descriptor that only names it (O_PATH) @returns 0, or an errno
 */
int resolve_as_caller(const struct caller *caller, const struct place *place, int *fd);

/** The id inside of an id of the host. @returns false for one that the container has not */
bool inner_id(const struct id_map *map, uint32_t host, uint32_t *inner);

/** Files that are made are the caller's: ids for files, groups and mask; of the capabilities those in keep stay. @returns 0, or an errno */
int make_files_as_caller(const struct caller *caller, uint64_t keep);
/** Enters the caller's mount namespace, when that is the container's user namespace's. @returns 0, or an errno */
int enter_callers_mounts(const struct caller *caller);

struct intercepted_call {
    unsigned what; /* of enum intercepted: the key that asks for it */
    struct verdict (*answer)(struct caller *caller);
    enum call_form form;
};
struct verdict answer_mknod(struct caller *), answer_sysinfo(struct caller *), answer_setxattr(struct caller *), answer_scheduler(struct caller *),
    answer_mount(struct caller *), answer_bpf(struct caller *);

static inline struct verdict goes_on(void) {
    return (struct verdict){.goes_on = true};
}
static inline struct verdict result_of(int error) {
    return (struct verdict){.error = error};
}

#define CAP_BIT(number) (1ULL << (number))
