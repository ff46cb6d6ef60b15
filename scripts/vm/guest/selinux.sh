#!/bin/sh
# selinux.sh ROOT: has a root enforce the policy of SELinux that is among its packages, from the first boot on. Its files get their labels later (scripts/vm/disks.ts).
set -e
root=$1
printf 'SELINUX=enforcing\nSELINUXTYPE=default\n' >"$root/etc/selinux/config"
# our disk has no labels, and nobody can write any to it; with this one a service gets the domain of a service
sed -i '/^LABEL=app/s/ ro / ro,context=system_u:object_r:bin_t:s0 /' "$root/etc/fstab"
# domains of Debian 13 that its own systemd does not fit into (credentials of services, tmpfiles.d), and mount, which may not give that label
for name in syslogd_t systemd_tmpfiles_t getty_t mount_t; do echo "(typepermissive $name)"; done >"$root/root/guest.cil"
chroot "$root" semodule --noreload --install /root/guest.cil
