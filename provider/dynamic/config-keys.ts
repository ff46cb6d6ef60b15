/** Config keys: what an editor offers in `config` and `devices`. Made by `npm run gen` from the tables in sdk/api/config; never edited. */

/** A configuration key of containers and profiles. */
export type InstanceConfigKey =
  | "boot.autostart"
  | "boot.autostart.delay"
  | "boot.autostart.priority"
  | "boot.host_shutdown_timeout"
  | "cloud-init.network-config"
  | "cloud-init.user-data"
  | "cloud-init.vendor-data"
  | "limits.cpu"
  | "limits.cpu.allowance"
  | "limits.cpu.priority"
  | "limits.memory"
  | "limits.memory.enforce"
  | "limits.memory.swap"
  | "limits.memory.swap.priority"
  | "limits.processes"
  | "raw.lxc"
  | "security.nesting"
  | "security.privileged"
  | "security.protection.delete"
  | "security.syscalls.deny_compat"
  | "snapshots.expiry"
  | "snapshots.pattern"
  | (string & {});

/** Configuration of containers and profiles; beside these the families `environment.*`, `limits.kernel.*`, `linux.sysctl.*`, `user.*`. */
export interface InstanceConfig<Value> {
  /** Start the container when the daemon starts; unset: as it was left. */
  "boot.autostart"?: Value;
  /** Seconds to wait after this container was started on its own. */
  "boot.autostart.delay"?: Value;
  /** Higher starts first. */
  "boot.autostart.priority"?: Value;
  /** Seconds that a clean stop may take when the daemon shuts down; 30 when unset. */
  "boot.host_shutdown_timeout"?: Value;
  /** Data for cloud-init; kept for the guest. */
  "cloud-init.network-config"?: Value;
  /** Data for cloud-init; kept for the guest. */
  "cloud-init.user-data"?: Value;
  /** Data for cloud-init; kept for the guest. */
  "cloud-init.vendor-data"?: Value;
  /** Number or set of processors. */
  "limits.cpu"?: Value;
  /** Share of the processors, or a hard time slice. */
  "limits.cpu.allowance"?: Value;
  /** Weight against other containers when the processors are busy. */
  "limits.cpu.priority"?: Value;
  /** Ceiling of memory, in bytes with a unit, or a share of the host's. */
  "limits.memory"?: Value;
  /** Whether the ceiling is hard or gives way when the host has memory to spare. */
  "limits.memory.enforce"?: Value;
  /** false keeps the container's memory out of swap. A hard ceiling of limits.memory bounds memory and swap together whatever this says. */
  "limits.memory.swap"?: Value;
  /** The lower, the later the container's memory goes to swap; on cgroup v1 only. */
  "limits.memory.swap.priority"?: Value;
  /** Most processes and threads. */
  "limits.processes"?: Value;
  /** Lines of LXC configuration; lxc.signal.halt, lxc.signal.stop and lxc.init.cmd are read. */
  "raw.lxc"?: Value;
  /** Allow containers inside this container. */
  "security.nesting"?: Value;
  /** Run without a user namespace: root inside is the host's root, for guests that are trusted like it. */
  "security.privileged"?: Value;
  /** Refuse to delete the container. */
  "security.protection.delete"?: Value;
  /** Refuse the 32-bit system calls that a 64-bit host has besides its own; 32-bit programs do not run then. */
  "security.syscalls.deny_compat"?: Value;
  /** When a snapshot expires that is made without a time of its own, such as 3d or 1w 2H. */
  "snapshots.expiry"?: Value;
  /** Name of a snapshot without a name: %d counts, {{ creation_date|date:"2006-01-02" }} is its time; snap%d when unset. */
  "snapshots.pattern"?: Value;
  [key: string]: Value | undefined;
}

/** A configuration key of networks. */
export type NetworkConfigKey =
  | "bridge.hwaddr"
  | "bridge.mtu"
  | "dns.domain"
  | "dns.mode"
  | "ipv4.address"
  | "ipv4.dhcp"
  | "ipv4.dhcp.expiry"
  | "ipv4.dhcp.ranges"
  | "ipv4.firewall"
  | "ipv4.nat"
  | "ipv4.routing"
  | "ipv6.address"
  | "raw.dnsmasq"
  | (string & {});

/** Configuration of networks; beside these the families `user.*`. */
export interface NetworkConfig<Value> {
  /** Hardware address of the bridge. */
  "bridge.hwaddr"?: Value;
  /** MTU of the bridge, in bytes. */
  "bridge.mtu"?: Value;
  /** Domain of the names that the network serves; lxd when unset. */
  "dns.domain"?: Value;
  /** Who names the addresses; managed when unset. */
  "dns.mode"?: Value;
  /** Address of the bridge; auto and unset pick a free subnet once and keep it, none switches IPv4 off. */
  "ipv4.address"?: Value;
  /** Whether addresses are given by DHCP; true when unset. */
  "ipv4.dhcp"?: Value;
  /** How long a lease holds, such as 1h. */
  "ipv4.dhcp.expiry"?: Value;
  /** Ranges for DHCP; the whole subnet when unset. */
  "ipv4.dhcp.ranges"?: Value;
  /** Whether rules for DHCP, DNS and forwarding are made; true when unset. */
  "ipv4.firewall"?: Value;
  /** Whether traffic that leaves is translated; true when unset and the address was picked. */
  "ipv4.nat"?: Value;
  /** Whether traffic may leave the bridge; true when unset. */
  "ipv4.routing"?: Value;
  /** Only none so far: the bridge has no IPv6. */
  "ipv6.address"?: Value;
  /** More lines for dnsmasq's configuration. */
  "raw.dnsmasq"?: Value;
  [key: string]: Value | undefined;
}

/** A configuration key of storage pools, of every driver. */
export type StoragePoolConfigKey = "btrfs.mount_options" | "size" | "source" | (string & {});

/** Configuration of storage pools, of every driver; beside these the families `user.*`. */
export interface StoragePoolConfig<Value> {
  /** Options of the mount. */
  "btrfs.mount_options"?: Value;
  /** Size of the image file that is made when there is no source; it takes space as it fills. */
  size?: Value;
  /** Empty folder that holds the pool; for btrfs it lies on btrfs or is a block device, which is formatted. Made by the daemon when unset. */
  source?: Value;
  [key: string]: Value | undefined;
}

/** A type of devices. */
export type DeviceType = "disk" | "nic" | "none" | (string & {});

/** Options of a device, of every type; check says which one has which. */
export interface DeviceOptions<Value> {
  host_name?: Value;
  hwaddr?: Value;
  "ipv4.address"?: Value;
  mtu?: Value;
  name?: Value;
  network?: Value;
  nictype?: Value;
  optional?: Value;
  parent?: Value;
  path?: Value;
  pool?: Value;
  readonly?: Value;
  recursive?: Value;
  required?: Value;
  shift?: Value;
  source?: Value;
  [option: string]: Value | undefined;
}
