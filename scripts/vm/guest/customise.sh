#!/bin/sh
# customise.sh ROOT: makes a root that mmdebstrap has filled a machine for tests.
set -e
root=$1
echo vm >"$root/etc/hostname"
echo "127.0.0.1 localhost vm" >"$root/etc/hosts"
printf 'LABEL=root / ext4 defaults 0 1\nLABEL=app /opt/app ext4 ro 0 0\n' >"$root/etc/fstab"
echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
mkdir -p "$root/opt/app"
ln -s /opt/app/node "$root/usr/local/bin/node"
for name in bothy bothyd; do ln -s "/opt/app/node_modules/.bin/$name" "$root/usr/local/bin/$name"; done
chroot "$root" useradd --create-home --shell /bin/bash ann
# nobody logs in at the serial line, which is for the kernel's words alone
ln -s /dev/null "$root/etc/systemd/system/serial-getty@ttyS0.service"
chroot "$root" systemctl enable bothy-agent.service
# AppArmor is on, and nothing here is below Debian's own profiles: compiling them takes a third of each boot by emulation
for profile in "$root"/etc/apparmor.d/*; do
  [ ! -f "$profile" ] || ln -s "../${profile##*/}" "$root/etc/apparmor.d/disable/${profile##*/}"
done
# no disk here has snapshots to look through
ln -s /dev/null "$root/etc/systemd/system/e2scrub_reap.service"
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin
