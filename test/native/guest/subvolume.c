/* subvolume FOLDER: makes btrfs subvolumes in a folder by either form of the ioctl, and a snapshot of one, and says how that went. */
#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

int main(int argc, char **argv) {
    int folder = open(argc > 1 ? argv[1] : ".", O_RDONLY | O_DIRECTORY);
    struct btrfs_ioctl_vol_args first = {.name = "made"};
    struct btrfs_ioctl_vol_args_v2 second = {.name = "made too"};
    puts(ioctl(folder, BTRFS_IOC_SUBVOL_CREATE, &first) == 0 ? "made" : strerror(errno));
    puts(ioctl(folder, BTRFS_IOC_SUBVOL_CREATE_V2, &second) == 0 ? "made" : strerror(errno));
    struct btrfs_ioctl_vol_args_v2 snapshot = {.fd = openat(folder, "made", O_RDONLY), .name = "taken"};
    puts(ioctl(folder, BTRFS_IOC_SNAP_CREATE_V2, &snapshot) == 0 ? "made" : strerror(errno));
    return 0;
}
