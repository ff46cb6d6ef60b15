/* See landlock.h. */
#include "security/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/sys.h"
#include "base/util.h"

/* before ABI 2 nothing may be moved from one folder to another */
enum { ABI_MIN = 2, ABI_TRUNCATE = 3, ABI_NETWORK = 4, ABI_SCOPE = 6 };
/* for a file, as opposed to a folder, the kernel takes no other rights */
enum { READS = LAND_READ_FILE | LAND_READ_DIR | LAND_EXECUTE, OF_FILES = LAND_EXECUTE | LAND_WRITE_FILE | LAND_READ_FILE | LAND_TRUNCATE };

int reach_begin(struct reach *reach, unsigned flags) {
    const int abi = sys_land_ruleset(NULL, 0, LAND_ABI);
    *reach = (struct reach){.ruleset = -1};
    /* not in this kernel, or not among its security modules */
    if (abi < ABI_MIN)
        return abi >= 0 || errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -1;
    const struct sys_land_ruleset rules = {
        .files = abi >= ABI_TRUNCATE ? LAND_FILES_3 : LAND_FILES_2,
        .network = abi >= ABI_NETWORK && (flags & REACH_NO_PORTS) != 0 ? LAND_BIND_TCP : 0,
        .scoped = abi >= ABI_SCOPE && (flags & REACH_NO_PROCESSES) != 0 ? LAND_SCOPE_ABSTRACT_SOCKETS | LAND_SCOPE_SIGNALS : 0,
    };
    reach->writes = rules.files & ~(uint64_t)LAND_EXECUTE;
    if ((flags & REACH_DEVICE_NODES) == 0)
        reach->writes &= ~(uint64_t)LAND_MAKE_BLOCK;
    /* older kernels know fewer fields, and take more of them as long as those are zero */
    reach->ruleset = sys_land_ruleset(&rules, sizeof rules, 0);
    return reach->ruleset < 0 ? -1 : 0;
}

static int add_place(const struct reach *reach, const char *path, uint64_t rights) {
    struct stat about;
    if (reach->ruleset < 0)
        return 0;
    cleanup_fd int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) < 0)
        return -1;
    struct sys_land_path rule = {.allowed = S_ISDIR(about.st_mode) ? rights : rights & OF_FILES, .parent = fd};
    return sys_land_path(reach->ruleset, &rule);
}

int reach_to_read(const struct reach *reach, const char *path) {
    return add_place(reach, path, READS);
}

int reach_to_write(const struct reach *reach, const char *path) {
    return add_place(reach, path, reach->writes);
}

int reach_end(struct reach *reach) {
    if (reach->ruleset < 0)
        return 0;
    int result = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -1 : sys_land_restrict(reach->ruleset);
    close_now(&reach->ruleset);
    return result;
}
