/* The words of interception: `intercept WHAT OF`. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "verbs/notify/notify.h"
#include "verbs/start/start.h"
#include "wire/ops.h"

static const struct {
    const char *name;
    enum intercepted what;
    bool has_list; /* its second word is the file systems; of the others it is empty */
} words[] = {
    {"bpf-devices", INTERCEPT_BPF_DEVICES, .has_list = false},
    {"mknod", INTERCEPT_MKNOD, .has_list = false},
    {"mount", INTERCEPT_MOUNT, .has_list = true},
    {"mount-shift", INTERCEPT_MOUNT_SHIFT, .has_list = false},
    {"sched_setscheduler", INTERCEPT_SCHEDULER, .has_list = false},
    {"setxattr", INTERCEPT_SETXATTR, .has_list = false},
    {"sysinfo", INTERCEPT_SYSINFO, .has_list = false},
};

static int take_filesystems(struct cell *cell, char *list) {
    struct interception *interception = start_of(cell)->made.interception;
    for (char *name = next_part(&list, ','); name != NULL; name = next_part(&list, ',')) {
        if (interception->filesystem_count == FILESYSTEMS_MAX || *name == '\0')
            return fail(&cell->status, "intercept", EINVAL, NULL, "Cannot take the list of file systems: it has %d names at most", FILESYSTEMS_MAX);
        /* the request's own memory goes before the container does */
        char *copy = strdup(name);
        if (copy == NULL)
            abort();
        interception->filesystems[interception->filesystem_count++] = copy;
    }
    return 0;
}

int take_intercept(struct cell *cell, struct op *op) {
    struct interception **interception = &start_of(cell)->made.interception;
    /* the request's own memory goes before the container does */
    if (*interception == NULL) {
        *interception = must_alloc(sizeof **interception);
        **interception = (struct interception){.folder = -1};
    }
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strcmp(words[i].name, op->word[0]) != 0)
            continue;
        (*interception)->what |= words[i].what;
        return words[i].has_list ? take_filesystems(cell, op->word[1]) : 0;
    }
    return fail(&cell->status, "intercept", EINVAL, NULL, "Cannot intercept \"%.64s\": it is not known", op->word[0]);
}
