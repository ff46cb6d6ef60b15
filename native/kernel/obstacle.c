/* See obstacle.h. */
#include "kernel/obstacle.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "base/util.h"

/* linux/fs.h of Linux 6.17: attributes also of what cannot be opened, such as a symlink */
#ifndef SYS_file_getattr
#define SYS_file_getattr 468
#define SYS_file_setattr 469
#endif
struct file_attributes {
    uint64_t flags;
    uint32_t extent_size, extents, project, copy_extent_size;
};
enum { ATTRIBUTE_IMMUTABLE = 0x08, ATTRIBUTE_APPEND = 0x10 };

/** BTRFS_FIRST_FREE_OBJECTID: inode number of every subvolume's root. */
enum { SUBVOLUME_ROOT = 256 };

/* the kernel reads and writes an int, whatever the ioctl's number says */
enum { LOCKING_FLAGS = FS_IMMUTABLE_FL | FS_APPEND_FL };

bool clear_flags(int fd) {
    int flags = 0;
    if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
        return false;
    if ((flags & LOCKING_FLAGS) == 0)
        return true;
    flags &= ~LOCKING_FLAGS;
    return ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
}

/** Opens a regular file or a folder for reading, or a file for writing; nothing else, whose opening would do something. */
static int open_plain(int folder, const char *name, int flags) {
    struct stat about;
    cleanup_fd int found = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (found < 0 || fstat(found, &about) < 0 || !(S_ISREG(about.st_mode) || S_ISDIR(about.st_mode)))
        return -1;
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", found);
    return open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

bool clear_entry_flags(int folder, const char *name) {
    cleanup_fd int fd = open_plain(folder, name, O_RDONLY);
    if (fd >= 0 && clear_flags(fd))
        return true;
    struct file_attributes attributes = {0};
    if (syscall(SYS_file_getattr, folder, name, &attributes, sizeof attributes, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    attributes.flags &= ~(uint64_t)(ATTRIBUTE_IMMUTABLE | ATTRIBUTE_APPEND);
    return syscall(SYS_file_setattr, folder, name, &attributes, sizeof attributes, AT_SYMLINK_NOFOLLOW) == 0;
}

void give_blocks_back(int folder, const char *name) {
    struct stat about;
    cleanup_fd int fd = open_plain(folder, name, O_WRONLY);
    /* another name of the file may be one that stays */
    if (fd >= 0 && fstat(fd, &about) == 0 && about.st_nlink == 1)
        (void)!ftruncate(fd, 0);
    /* what was freed before counts as free once the file system has committed it */
    (void)syncfs(folder);
}

bool is_subvolume(int fd, const struct stat *about) {
    struct statfs system;
    return about->st_ino == SUBVOLUME_ROOT && fstatfs(fd, &system) == 0 && (unsigned long)system.f_type == BTRFS_SUPER_MAGIC;
}

void make_subvolume_writable(int fd) {
    uint64_t flags = 0;
    if (ioctl(fd, BTRFS_IOC_SUBVOL_GETFLAGS, &flags) < 0 || (flags & BTRFS_SUBVOL_RDONLY) == 0)
        return;
    flags &= ~(uint64_t)BTRFS_SUBVOL_RDONLY;
    (void)ioctl(fd, BTRFS_IOC_SUBVOL_SETFLAGS, &flags);
}

int destroy_subvolume(int parent, const char *name) {
    struct btrfs_ioctl_vol_args args = {0};
    if (snprintf(args.name, sizeof args.name, "%s", name) >= (int)sizeof args.name) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return ioctl(parent, BTRFS_IOC_SNAP_DESTROY, &args);
}
