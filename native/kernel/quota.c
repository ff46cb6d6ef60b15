/* See quota.h. */
#include "kernel/quota.h"

#include <errno.h>
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <sys/ioctl.h>
#include <sys/random.h>

#include "base/sys.h"

/* Far from the ids that people and other programs give, which count from low numbers. */
#define OWN_FIRST 0x40000000U
#define OWN_COUNT 0x01000000U

static int ask(int folder, unsigned command, uint32_t id, void *data) {
    return sys_quotactl_fd(folder, QCMD(command, PRJQUOTA), id, data);
}

bool has_projects(int folder) {
    struct fs_quota_stat state = {0};
    struct fsxattr attributes;
    /* a file system may count and not hold to limits, as ext4 does that has the feature and not the mount option */
    const unsigned both = FS_QUOTA_PDQ_ACCT | FS_QUOTA_PDQ_ENFD;
    return ask(folder, Q_XGETQSTAT, 0, &state) == 0 && (state.qs_flags & both) == both && ioctl(folder, FS_IOC_FSGETXATTR, &attributes) == 0;
}

/** xfs has no record of a project that nothing is of and nobody bounds. */
static int read_record(int folder, uint32_t id, struct if_dqblk *record) {
    *record = (struct if_dqblk){0};
    return ask(folder, Q_GETQUOTA, id, record) < 0 && errno != ENOENT ? -1 : 0;
}

int read_project(int folder, struct project *project) {
    struct fsxattr attributes;
    struct if_dqblk record;
    *project = (struct project){0};
    if (ioctl(folder, FS_IOC_FSGETXATTR, &attributes) < 0)
        return -1;
    if ((attributes.fsx_xflags & FS_XFLAG_PROJINHERIT) == 0 || attributes.fsx_projid == 0)
        return 0;
    project->id = attributes.fsx_projid;
    project->own = project->id - OWN_FIRST < OWN_COUNT;
    if (read_record(folder, project->id, &record) < 0)
        return -1;
    project->used = record.dqb_curspace;
    project->limit = record.dqb_bhardlimit * QIF_DQBLKSIZE;
    return 0;
}

int limit_project(int folder, uint32_t id, uint64_t bytes) {
    const uint64_t blocks = bytes / QIF_DQBLKSIZE + (bytes % QIF_DQBLKSIZE != 0);
    struct if_dqblk record = {.dqb_bhardlimit = blocks, .dqb_bsoftlimit = blocks, .dqb_valid = QIF_BLIMITS};
    return ask(folder, Q_SETQUOTA, id, &record);
}

/** An id that no file is of. A limit without a file is left of a project of ours that went while its daemon was killed. */
static int find_free(int folder, uint32_t *id) {
    uint32_t start;
    if (getrandom(&start, sizeof start, 0) != sizeof start)
        return -1;
    for (uint32_t i = 0; i < OWN_COUNT; i++) {
        struct if_dqblk record;
        *id = OWN_FIRST + (start + i) % OWN_COUNT;
        if (read_record(folder, *id, &record) < 0)
            return -1;
        if (record.dqb_curinodes == 0 && record.dqb_curspace == 0)
            return 0;
    }
    errno = EUSERS;
    return -1;
}

int make_project(int folder, uint64_t bytes) {
    uint32_t id;
    struct fsxattr attributes;
    if (find_free(folder, &id) < 0 || limit_project(folder, id, bytes) < 0 || ioctl(folder, FS_IOC_FSGETXATTR, &attributes) < 0)
        return -1;
    attributes.fsx_projid = id;
    attributes.fsx_xflags |= FS_XFLAG_PROJINHERIT;
    return ioctl(folder, FS_IOC_FSSETXATTR, &attributes);
}
