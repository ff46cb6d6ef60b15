/* Host name and sysctls of a container's namespaces. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/util.h"
#include "kernel/inroot.h"
#include "kernel/kernel-settings.h"
#include "kernel/mounts.h"
#include "kernel/network.h"
#include "wire/ops.h"

int inside_hostname(struct cell *cell, struct op *op) {
    if (sethostname(op->word[0], strlen(op->word[0])) < 0)
        return fail(&cell->status, "hostname", errno, op->word[0], "Cannot set the host name");
    return 0;
}

int take_sysctl(struct cell *cell, struct op *op) {
    return *op->word[0] != '\0' ? 0 : fail(&cell->status, "sysctl", EINVAL, NULL, "Cannot set a sysctl without a name");
}

static int set_sysctl(struct cell *cell, const struct op *op) {
    const char *name = op->word[0], *value = op->word[1];
    char inner[512];
    int length = snprintf(inner, sizeof inner, "/proc/sys/%s", name);
    if (length < 0 || (size_t)length >= sizeof inner)
        return fail(&cell->status, "sysctl", ENAMETOOLONG, NULL, "Cannot set a sysctl of so long a name");
    /* as sysctl(8) has it: with a slash in it the name is a path already */
    if (strchr(name, '/') == NULL)
        for (char *at = inner + strlen("/proc/sys/"); *at != '\0'; at++)
            if (*at == '.')
                *at = '/';
    if (strncmp(name, "net", 3) == 0 && wait_for_network(cell) < 0)
        return -1;
    const char *path = inner;
    int root = root_above(cell, &path);
    cleanup_fd int file = root < 0 ? -1 : open_in_root(root, path, O_WRONLY, 0);
    struct statfs about;
    if (file < 0 || fstatfs(file, &about) < 0)
        return fail(&cell->status, "sysctl", errno, inner, "Cannot open the sysctl \"%.128s\"", name);
    if (about.f_type != PROC_SUPER_MAGIC)
        return fail(&cell->status, "sysctl", EINVAL, inner, "Cannot set the sysctl \"%.128s\": no proc is mounted there", name);
    if (write(file, value, strlen(value)) < 0)
        return fail(&cell->status, "sysctl", errno, inner, "Cannot set the sysctl \"%.128s\" to \"%.128s\"", name, value);
    return 0;
}

int set_sysctls(struct cell *cell) {
    for (unsigned i = 0; i < cell->op_count; i++)
        if (cell->ops[i].kind->take == take_sysctl && set_sysctl(cell, &cell->ops[i]) < 0)
            return -1;
    return 0;
}
