/**
 * LXD words: keys, options and types of LXD 5.0 by name. Bothy's own tables say what works here; what stands in these lists only is named as
 * LXD's, so that nobody looks for a slip of the fingers. Families end with a dot.
 */

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== "");

export const lxdInstanceKeys = words(`
  agent.nic_config boot.autostart boot.autostart.delay boot.autostart.priority boot.host_shutdown_timeout boot.stop.priority
  cloud-init.network-config cloud-init.user-data cloud-init.vendor-data cluster.evacuate environment.
  limits.cpu limits.cpu.allowance limits.cpu.nodes limits.cpu.priority limits.disk.priority
  limits.hugepages.64KB limits.hugepages.1MB limits.hugepages.2MB limits.hugepages.1GB limits.kernel.
  limits.memory limits.memory.enforce limits.memory.hugepages limits.memory.swap limits.memory.swap.priority
  limits.network.priority limits.processes linux.kernel_modules linux.sysctl.
  migration.incremental.memory migration.incremental.memory.goal migration.incremental.memory.iterations migration.stateful
  nvidia.driver.capabilities nvidia.require.cuda nvidia.require.driver nvidia.runtime
  raw.apparmor raw.idmap raw.lxc raw.qemu raw.qemu.conf raw.seccomp
  security.agent.metrics security.csm security.devlxd security.devlxd.images security.idmap.base security.idmap.isolated
  security.idmap.size security.nesting security.privileged security.protection.delete security.protection.shift
  security.secureboot security.sev security.sev.policy.es security.sev.session.data security.sev.session.dh
  security.syscalls.allow security.syscalls.blacklist security.syscalls.blacklist_compat security.syscalls.blacklist_default
  security.syscalls.deny security.syscalls.deny_compat security.syscalls.deny_default security.syscalls.whitelist
  security.syscalls.intercept.bpf security.syscalls.intercept.bpf.devices security.syscalls.intercept.mknod
  security.syscalls.intercept.mount security.syscalls.intercept.mount.allowed security.syscalls.intercept.mount.fuse
  security.syscalls.intercept.mount.shift security.syscalls.intercept.sched_setscheduler
  security.syscalls.intercept.setxattr security.syscalls.intercept.sysinfo
  snapshots.expiry snapshots.pattern snapshots.schedule snapshots.schedule.stopped user. volatile.`);

export const lxdNetworkKeys = words(`
  bgp.ipv4.nexthop bgp.ipv6.nexthop bgp.peers. bridge.driver bridge.external_interfaces bridge.hwaddr bridge.mode bridge.mtu
  dns.domain dns.mode dns.nameservers dns.search dns.zone.forward dns.zone.reverse.ipv4 dns.zone.reverse.ipv6
  fan.overlay_subnet fan.type fan.underlay_subnet gvrp
  ipv4.address ipv4.dhcp ipv4.dhcp.expiry ipv4.dhcp.gateway ipv4.dhcp.ranges ipv4.firewall ipv4.gateway ipv4.l3only ipv4.nat
  ipv4.nat.address ipv4.nat.order ipv4.ovn.ranges ipv4.routes ipv4.routes.anycast ipv4.routing
  ipv6.address ipv6.dhcp ipv6.dhcp.expiry ipv6.dhcp.ranges ipv6.dhcp.stateful ipv6.firewall ipv6.gateway ipv6.l3only ipv6.nat
  ipv6.nat.address ipv6.nat.order ipv6.ovn.ranges ipv6.routes ipv6.routes.anycast ipv6.routing
  maas.subnet.ipv4 maas.subnet.ipv6 mtu network ovn.ingress_mode parent raw.dnsmasq
  security.acls security.acls.default.egress.action security.acls.default.egress.logged
  security.acls.default.ingress.action security.acls.default.ingress.logged tunnel. user. vlan volatile.`);

export const lxdPoolKeys = words(`
  btrfs.mount_options ceph.cluster_name ceph.osd.data_pool_name ceph.osd.force_reuse ceph.osd.pg_num ceph.osd.pool_name
  ceph.rbd.clone_copy ceph.rbd.du ceph.rbd.features ceph.user.name cephfs.cluster_name cephfs.fscache cephfs.path
  cephfs.user.name lvm.thinpool_metadata_size lvm.thinpool_name lvm.use_thinpool lvm.vg.force_reuse lvm.vg_name
  rsync.bwlimit rsync.compression size source source.wipe user. volatile. volume.
  zfs.clone_copy zfs.export zfs.pool_name`);

export const lxdServerKeys = words(`
  backups.compression_algorithm candid. cluster. core.bgp_address core.bgp_asn core.bgp_routerid core.debug_address core.dns_address
  core.https_address core.https_allowed_credentials core.https_allowed_headers core.https_allowed_methods core.https_allowed_origin
  core.https_trusted_proxy core.metrics_address core.metrics_authentication core.proxy_http core.proxy_https core.proxy_ignore_hosts
  core.remote_token_expiry core.shutdown_timeout core.trust_ca_certificates core.trust_password
  images.auto_update_cached images.auto_update_interval images.compression_algorithm images.default_architecture
  images.remote_cache_expiry loki. maas. network.ovn. rbac. storage.backups_volume storage.images_volume user.`);

/** Keys of LXD that are not to come, and why. */
export const lxdKeysLeftOut: Readonly<Record<string, string>> = {
  "candid.": "clients are trusted by their certificates",
  "cluster.": "this server is one host, and in no cluster",
  "core.debug_address": "there is no profiler of Go",
  "lvm.stripes": 'it cannot be used with thin pool volumes, and a pool has "volume.lvm.stripes" for its thin pool',
  "lvm.stripes.size":
    'it cannot be used with thin pool volumes, and a pool has "volume.lvm.stripes.size" for its thin pool',
  "fan.": "fan bridges need a kernel of Ubuntu's",
  "loki.": "log lines go to the daemon's log and to listeners of events",
  "maas.": "addresses are given by the networks' own DHCP",
  "rbac.": "clients are restricted by certificates and projects",
  "security.syscalls.intercept.mount.fuse":
    "programs of FUSE mount by themselves inside, without help from outside (docs/security.md)",
};

export const lxdCustomVolumeKeys = words(`
  block.filesystem block.mount_options lvm.stripes lvm.stripes.size security.shifted security.unmapped size
  snapshots.expiry snapshots.pattern snapshots.schedule user. volatile.
  zfs.blocksize zfs.remove_snapshots zfs.reserve_space zfs.use_refquota`);

export const lxdProjectKeys = words(`
  backups.compression_algorithm features.images features.networks features.networks.zones features.profiles
  features.storage.buckets features.storage.volumes images.auto_update_cached images.auto_update_interval
  images.compression_algorithm images.default_architecture images.remote_cache_expiry
  limits.containers limits.cpu limits.disk limits.instances limits.memory limits.networks limits.processes
  limits.virtual-machines restricted restricted.backups restricted.cluster.groups restricted.cluster.target
  restricted.containers.interception restricted.containers.lowlevel restricted.containers.nesting
  restricted.containers.privilege restricted.devices.disk restricted.devices.disk.paths restricted.devices.gpu
  restricted.devices.infiniband restricted.devices.nic restricted.devices.pci restricted.devices.proxy
  restricted.devices.unix-block restricted.devices.unix-char restricted.devices.unix-hotplug restricted.devices.usb
  restricted.idmap.gid restricted.idmap.uid restricted.networks.access restricted.networks.subnets
  restricted.networks.uplinks restricted.networks.zones restricted.snapshots restricted.virtual-machines.lowlevel user.`);

/** Keys of instances that a server may fill in from an image which is a container of one application. */
export const lxdComputedInstanceKeys = words("environment.* oci.*");

/** Keys that an LXD fills in and Bothy does not have, or leaves to the user: a program of ours may look after objects of a real LXD. */
export const lxdComputedNetworkKeys = words("bridge.mtu ipv6.address ipv6.nat network tunnel.* volatile.*");

/** Such keys of projects: each LXD has features that a new project gets. */
export const lxdComputedProjectKeys = words("features.*");

/** Such keys of storage pools, by driver. */
export const lxdComputedPoolKeys: Readonly<Record<string, readonly string[]>> = {
  lvm: words("source size lvm.vg_name lvm.thinpool_name"),
  zfs: words("source size zfs.pool_name"),
};

/** Defaults of a pool's volumes, which every driver of LXD fills in. */
export const lxdVolumeKeys = "volume.*";

export const lxdPoolDrivers = words("btrfs ceph cephfs cephobject dir lvm zfs");
export const lxdNetworkTypes = words("bridge macvlan ovn physical sriov");
export const lxdNicTypes = words("bridged ipvlan macvlan ovn p2p physical routed sriov");

/** Options of devices by the type that has them. */
export const lxdDevices: Readonly<Record<string, readonly string[]>> = {
  disk: words(`boot.priority ceph.cluster_name ceph.user_name limits.max limits.read limits.write path pool propagation
    raw.mount.options readonly recursive required shift size size.state source`),
  gpu: words("gid gputype id mdev mig.ci mig.gi mig.uuid mode pci productid uid vendorid"),
  infiniband: words("hwaddr mtu name nictype parent"),
  nic: words(`acceleration boot.priority gvrp host_name hwaddr ipv4.address ipv4.gateway ipv4.host_address ipv4.host_table
    ipv4.neighbor_probe ipv4.routes ipv4.routes.external ipv6.address ipv6.gateway ipv6.host_address ipv6.host_table
    ipv6.neighbor_probe ipv6.routes ipv6.routes.external limits.egress limits.ingress limits.max limits.priority maas.subnet.ipv4
    maas.subnet.ipv6 mode mtu name nested network nictype parent queue.tx.length security.acls
    security.acls.default.egress.action security.acls.default.egress.logged security.acls.default.ingress.action
    security.acls.default.ingress.logged security.ipv4_filtering security.ipv6_filtering security.mac_filtering
    security.port_isolation security.promiscuous vlan vlan.tagged`),
  none: [],
  pci: words("address"),
  proxy: words("bind connect gid listen mode nat proxy_protocol security.gid security.uid uid"),
  tpm: words("path pathrm"),
  "unix-block": words("gid major minor mode path required source uid"),
  "unix-char": words("gid major minor mode path required source uid"),
  "unix-hotplug": words("gid mode productid required uid vendorid"),
  usb: words("gid mode productid required uid vendorid"),
};

/** @returns whether a list has a name, as it is or by its family */
export const isWordOf = (list: readonly string[], name: string): boolean =>
  list.some((word) => (word.endsWith(".") ? name.startsWith(word) && name.length > word.length : word === name));
