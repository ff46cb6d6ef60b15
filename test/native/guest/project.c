/*
 * Tries to take a folder out of its project, or the project from what is made in it: "project" and "flag" by FS_IOC_FSSETXATTR, "flags" by FS_IOC_SETFLAGS, "file_setattr"
 * by that call. Prints what the kernel said to each, 0 or the number of the error, and the folder's project before and after.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FILE_SETATTR = 469, EMPTY_PATH = 0x1000 };

static void tell(const char *name, long result) {
    printf("%s %d\n", name, result < 0 ? errno : 0);
}

static struct fsxattr attributes_of(int folder) {
    struct fsxattr attributes = {0};
    if (ioctl(folder, FS_IOC_FSGETXATTR, &attributes) < 0)
        perror("FS_IOC_FSGETXATTR");
    return attributes;
}

static void tell_project(const char *when, int folder) {
    struct fsxattr attributes = attributes_of(folder);
    printf("%s %u %s\n", when, attributes.fsx_projid, attributes.fsx_xflags & FS_XFLAG_PROJINHERIT ? "inherits" : "no");
}

int main(int argc, char **argv) {
    int folder = open(argc > 1 ? argv[1] : "/", O_RDONLY | O_DIRECTORY);
    tell_project("before", folder);
    struct fsxattr other = attributes_of(folder);
    other.fsx_projid = 7;
    tell("project", ioctl(folder, FS_IOC_FSSETXATTR, &other));
    struct fsxattr bare = attributes_of(folder);
    bare.fsx_xflags &= ~(uint32_t)FS_XFLAG_PROJINHERIT;
    tell("flag", ioctl(folder, FS_IOC_FSSETXATTR, &bare));
    int flags = 0;
    tell("flags", ioctl(folder, FS_IOC_GETFLAGS, &flags) < 0 ? -1 : (flags &= ~FS_PROJINHERIT_FL, ioctl(folder, FS_IOC_SETFLAGS, &flags)));
    struct {
        uint64_t flags;
        uint32_t extent, extents, project, cow_extent;
    } given = {.project = 7};
    tell("file_setattr", syscall(FILE_SETATTR, folder, "", &given, sizeof given, EMPTY_PATH));
    tell_project("after", folder);
    return 0;
}
