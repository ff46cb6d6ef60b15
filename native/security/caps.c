/* See caps.h. */
#include "security/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/util.h"
#include "security/command.h"
#include "wire/ops.h"

int take_caps(struct cell *cell, struct op *op) {
    char *end;
    errno = 0;
    cell->command->caps = strtoull(op->word[0], &end, 16);
    if (errno != 0 || *op->word[0] == '\0' || *op->word[0] == '-' || *end != '\0')
        return fail(&cell->status, "cap-keep", EINVAL, NULL, "Cannot keep the capabilities \"%.64s\": it is not a hexadecimal mask", op->word[0]);
    cell->command->has_caps = true;
    return 0;
}

int get_caps(struct cap_sets *sets) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) < 0)
        return -1;
    sets->effective = data[0].effective | (uint64_t)data[1].effective << 32;
    sets->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
    sets->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
    return 0;
}

int set_caps(const struct cap_sets *sets) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {
        {(uint32_t)sets->effective, (uint32_t)sets->permitted, (uint32_t)sets->inheritable},
        {(uint32_t)(sets->effective >> 32), (uint32_t)(sets->permitted >> 32), (uint32_t)(sets->inheritable >> 32)},
    };
    return (int)syscall(SYS_capset, &header, data);
}

int bound_caps(uint64_t keep) {
    for (int number = 0; number < 64; number++) {
        int held = prctl(PR_CAPBSET_READ, number, 0, 0, 0);
        if (held < 0)
            return 0; /* the kernel knows no capability of this number, and none above it */
        if (held == 1 && (keep >> number & 1) == 0 && prctl(PR_CAPBSET_DROP, number, 0, 0, 0) < 0)
            return -1;
    }
    return 0;
}
