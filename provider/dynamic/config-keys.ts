/** Config keys: what an editor offers in `config` and `devices`. Made by `npm run gen` from the tables in sdk/api/config; never edited. */

/** A configuration key of containers and profiles. */
export type InstanceConfigKey =
  | "boot.autorestart"
  | "boot.autostart"
  | "boot.autostart.delay"
  | "boot.autostart.priority"
  | "boot.host_shutdown_timeout"
  | "boot.stop.priority"
  | "cloud-init.network-config"
  | "cloud-init.user-data"
  | "cloud-init.vendor-data"
  | "limits.cpu"
  | "limits.cpu.allowance"
  | "limits.cpu.nodes"
  | "limits.cpu.priority"
  | "limits.disk.priority"
  | "limits.hugepages.1GB"
  | "limits.hugepages.1MB"
  | "limits.hugepages.2MB"
  | "limits.hugepages.64KB"
  | "limits.memory"
  | "limits.memory.enforce"
  | "limits.memory.swap"
  | "limits.memory.swap.priority"
  | "limits.network.priority"
  | "limits.processes"
  | "linux.kernel_modules"
  | "oci.cwd"
  | "oci.entrypoint"
  | "oci.gid"
  | "oci.uid"
  | "raw.apparmor"
  | "raw.idmap"
  | "raw.lxc"
  | "raw.seccomp"
  | "security.devlxd"
  | "security.devlxd.images"
  | "security.idmap.base"
  | "security.idmap.isolated"
  | "security.idmap.size"
  | "security.nesting"
  | "security.privileged"
  | "security.protection.delete"
  | "security.protection.shift"
  | "security.syscalls.allow"
  | "security.syscalls.blacklist"
  | "security.syscalls.blacklist_compat"
  | "security.syscalls.blacklist_default"
  | "security.syscalls.deny"
  | "security.syscalls.deny_compat"
  | "security.syscalls.deny_default"
  | "security.syscalls.intercept.bpf"
  | "security.syscalls.intercept.bpf.devices"
  | "security.syscalls.intercept.mknod"
  | "security.syscalls.intercept.mount"
  | "security.syscalls.intercept.mount.allowed"
  | "security.syscalls.intercept.mount.shift"
  | "security.syscalls.intercept.sched_setscheduler"
  | "security.syscalls.intercept.setxattr"
  | "security.syscalls.intercept.sysinfo"
  | "security.syscalls.permit"
  | "security.syscalls.profile"
  | "security.syscalls.whitelist"
  | "snapshots.expiry"
  | "snapshots.pattern"
  | "snapshots.schedule"
  | "snapshots.schedule.stopped"
  | (string & {});

/** Configuration of containers and profiles; beside these the families `environment.*`, `limits.kernel.*`, `linux.sysctl.*`, `user.*`. */
export interface InstanceConfig<Value> {
  /** Whether the container starts again when it ends and nobody asked it to stop: at most 10 times within a minute. Ephemeral ones do not. Default: `false`. */
  "boot.autorestart"?: Value;
  /** Whether the container starts with the daemon. Default: as the container was left. */
  "boot.autostart"?: Value;
  /** Seconds that the daemon waits after the start of this container, before it starts the next one. Default: `0`. */
  "boot.autostart.delay"?: Value;
  /** Place in the order of the starts. The highest number comes first. Default: `0`. */
  "boot.autostart.priority"?: Value;
  /** Seconds that the container has to stop by itself when the daemon shuts down. Then it is killed. Default: `30`. */
  "boot.host_shutdown_timeout"?: Value;
  /** Place in the order of the stops when the daemon shuts down. Those of the highest number stop first, together. Default: `0`. */
  "boot.stop.priority"?: Value;
  /** Network configuration for cloud-init. The image's file templates give it to the guest. */
  "cloud-init.network-config"?: Value;
  /** The user's data for cloud-init. The image's file templates give it to the guest. */
  "cloud-init.user-data"?: Value;
  /** The vendor's data for cloud-init. The image's file templates give it to the guest. */
  "cloud-init.vendor-data"?: Value;
  /** How many processors the container may use, or which of them, such as `0-1,3`. `0` is all. Default: all processors. */
  "limits.cpu"?: Value;
  /** Share of the processors' time when they are busy, such as `50%`; or a bound that always holds, such as 25 of every 100 milliseconds. Default: `100%`. */
  "limits.cpu.allowance"?: Value;
  /** NUMA nodes on whose processors the container runs, where `limits.cpu` does not say which processors. Default: all NUMA nodes. */
  "limits.cpu.nodes"?: Value;
  /** Weight among containers with the same share when the processors are busy. The highest number gets most. Default: `10`. */
  "limits.cpu.priority"?: Value;
  /** Weight among the containers when the disks are busy. The highest number gets most. The scheduler of the host's disk must know weights, as BFQ does. Default: that of the host's other processes, as 1 is. */
  "limits.disk.priority"?: Value;
  /** Most memory in huge pages of 1GB that the container may use. The host needs the control group `hugetlb`, and pages of that size. Default: no huge pages are counted. */
  "limits.hugepages.1GB"?: Value;
  /** Most memory in huge pages of 1MB that the container may use. The host needs the control group `hugetlb`, and pages of that size. Default: no huge pages are counted. */
  "limits.hugepages.1MB"?: Value;
  /** Most memory in huge pages of 2MB that the container may use. The host needs the control group `hugetlb`, and pages of that size. Default: no huge pages are counted. */
  "limits.hugepages.2MB"?: Value;
  /** Most memory in huge pages of 64KB that the container may use. The host needs the control group `hugetlb`, and pages of that size. Default: no huge pages are counted. */
  "limits.hugepages.64KB"?: Value;
  /** Most memory that the container may use: a size, or a share of the host's memory such as `25%`. Default: all memory. */
  "limits.memory"?: Value;
  /** `hard`: the container never has more than `limits.memory`. `soft`: it may have more for a while, and the kernel takes it back. Default: `hard`. */
  "limits.memory.enforce"?: Value;
  /** Whether the container's memory may go to swap. A hard `limits.memory` bounds memory and swap together in any case. Default: `true`. */
  "limits.memory.swap"?: Value;
  /** How readily the container's memory goes to swap: the lower, the later. It counts on cgroup v1 only. Default: `10`. */
  "limits.memory.swap.priority"?: Value;
  /** Priority of the packets that the container sends by nics without a `limits.priority` of their own. The highest number goes first, where a queueing discipline of the host's interfaces goes by it. Default: `0`. */
  "limits.network.priority"?: Value;
  /** Most processes and threads of the container. Default: a quarter of what the host can have. */
  "limits.processes"?: Value;
  /** Modules that the host's kernel has to have before the container starts. The daemon loads those that are missing. Default: none. */
  "linux.kernel_modules"?: Value;
  /** Working folder of the command. A new container has that of its image. Default: `/`. It counts from the next start on. */
  "oci.cwd"?: Value;
  /** The command that the container runs. A new container has that of its image. It counts in containers made of an image of OCI only. Default: none, and the container cannot start. It counts from the next start on. */
  "oci.entrypoint"?: Value;
  /** Group that the command runs as. A new container has that of its image. Default: `0`. It counts from the next start on. */
  "oci.gid"?: Value;
  /** User that the command runs as. A new container has that of its image. Default: `0`. It counts from the next start on. */
  "oci.uid"?: Value;
  /** Rules for the end of the container's AppArmor profile, as apparmor.d(5) has them. What the profile denies stays denied. Nothing comes of them where the kernel has no AppArmor. It counts from the next start on. */
  "raw.apparmor"?: Value;
  /** Ids of the host that the container has as its own, a line each: `both`, `uid` or `gid`, an id or range of the host, and one of the container. Files of the host that belong to them belong to the container's users. Default: no ids of the host. It counts from the next start on. */
  "raw.idmap"?: Value;
  /** Lines of LXC configuration. `lxc.signal.halt`, `lxc.signal.stop`, `lxc.signal.reboot` and `lxc.init.cmd` are read; with `lxc.no_new_privs = 1` no program inside gains rights by a setuid bit or by capabilities of its file; `lxc.hook.clone` and `lxc.hook.destroy` mean nothing, as in LXD, `lxc.apparmor.profile=unconfined` starts the container without a profile of AppArmor, and `lxc.selinux.context` gives it another label of SELinux than that of Bothy's policy, or with `unconfined_t` none. It counts from the next start on. */
  "raw.lxc"?: Value;
  /** A whole policy of system calls in LXC's form, version 1 or 2, in the place of the filter of all containers and of `security.syscalls.*`: what it does not deny reaches the host's kernel. Default: the filter of all containers, and `security.syscalls.*`. It counts from the next start on. */
  "raw.seccomp"?: Value;
  /** Whether the container reaches the daemon at `/dev/lxd/sock`, where it reads its own `user.*` and `cloud-init.*` keys and devices ([guest-api.md](guest-api.md)). Default: `true`. */
  "security.devlxd"?: Value;
  /** Whether the container gets public and cached images at `/dev/lxd/sock`. Default: `false`. */
  "security.devlxd.images"?: Value;
  /** First id of the host that the container has. Nothing looks whether others have the same. Default: a range that no other container has. It counts from the next start on. */
  "security.idmap.base"?: Value;
  /** Whether no other container has the same ids. It is so whatever the value, unless `security.idmap.base` says which they are. Default: `true`. It counts from the next start on. */
  "security.idmap.isolated"?: Value;
  /** How many ids the container has. More than it has when not set need `security.idmap.base`. Default: 65536, or 1048576 with `security.nesting`. It counts from the next start on. */
  "security.idmap.size"?: Value;
  /** Whether the container can run containers of its own ([nesting.md](nesting.md)). Default: `false`. It counts from the next start on. */
  "security.nesting"?: Value;
  /** Whether the container runs without a user namespace. Its root is the host's root then, so its programs must be trusted like the host's. Default: `false`. It counts from the next start on. */
  "security.privileged"?: Value;
  /** Whether a deletion of the container is refused. Default: `false`. */
  "security.protection.delete"?: Value;
  /** Whether the owners of the container's files are never changed on disk at a start. It is so whatever the value: roots are mounted through their id map. Default: `false`. */
  "security.protection.shift"?: Value;
  /** System calls that the container's programs may make, a name a line; any other kills the process. What is denied to all containers stays so. Not together with `security.syscalls.deny`. Default: all that are not denied. It counts from the next start on. */
  "security.syscalls.allow"?: Value;
  /** The older name of `security.syscalls.deny`, which goes before it. Default: as `security.syscalls.deny`. It counts from the next start on. */
  "security.syscalls.blacklist"?: Value;
  /** The older name of `security.syscalls.deny_compat`, which goes before it. Default: as `security.syscalls.deny_compat`. It counts from the next start on. */
  "security.syscalls.blacklist_compat"?: Value;
  /** The older name of `security.syscalls.deny_default`, which goes before it. Default: as `security.syscalls.deny_default`. It counts from the next start on. */
  "security.syscalls.blacklist_default"?: Value;
  /** System calls that the container's programs may not make besides those that are denied to all: a name a line, then `errno` and the number that it answers, or `kill` or nothing, which kills the process. Default: those that are denied to all containers. It counts from the next start on. */
  "security.syscalls.deny"?: Value;
  /** Whether system calls of 32 bits are refused on a host of 64 bits. Programs of 32 bits do not run then. Default: `false`. It counts from the next start on. */
  "security.syscalls.deny_compat"?: Value;
  /** Whether what is denied to all containers is denied to this one. When `false`, nothing but its own rules stands between its programs and the host's kernel, so they must be trusted. Default: `true`. It counts from the next start on. */
  "security.syscalls.deny_default"?: Value;
  /** Whether those calls of `bpf` are answered that another key names: `security.syscalls.intercept.bpf.devices`. Default: `false`. It counts from the next start on. */
  "security.syscalls.intercept.bpf"?: Value;
  /** Whether the container's root can attach programs to its control groups of v2 that say which devices may be opened, as container managers and systemd do. It takes `security.syscalls.intercept.bpf`; a program that does more than compare numbers is refused ([security.md](security.md)). Default: `false`. It counts from the next start on. */
  "security.syscalls.intercept.bpf.devices"?: Value;
  /** Whether `mknod` makes nodes of null, zero, full, random, urandom and tty for the container's root ([security.md](security.md)). Privileged containers ignore this key and those below it. Default: `false`. It counts from the next start on. */
  "security.syscalls.intercept.mknod"?: Value;
  /** Whether the container's root can mount the file systems of `security.syscalls.intercept.mount.allowed` from block devices that the container has. Default: `false`. It counts from the next start on. */
  "security.syscalls.intercept.mount"?: Value;
  /** File systems that `mount` is answered for. The host's kernel then reads what the container wrote on its device, so its programs must be trusted ([security.md](security.md)). Default: none. It counts from the next start on. */
  "security.syscalls.intercept.mount.allowed"?: Value;
  /** Whether what is so mounted has the container's ids, counted from 0 on the device. Default: `false`. It counts from the next start on. */
  "security.syscalls.intercept.mount.shift"?: Value;
  /** Whether the container's root can give its processes real-time policies, by which they can keep the host's processors for themselves. Default: `false`. It counts from the next start on. */
  "security.syscalls.intercept.sched_setscheduler"?: Value;
  /** Whether the container's root can set `trusted.overlay.opaque` on files of the container, as programs do that make layers of an overlay. Default: `false`. It counts from the next start on. */
  "security.syscalls.intercept.setxattr"?: Value;
  /** Whether `sysinfo` tells memory, swap, processes and uptime of the container in the place of the host's. Default: `false`. It counts from the next start on. */
  "security.syscalls.intercept.sysinfo"?: Value;
  /** What the container may have of that which is denied to all containers: `io_uring`; sockets of AF_VSOCK, which reach the hypervisor and its machines (`vsock`); `socketcall`, by which older 32-bit programs make all their sockets, and every program those of vsock and AF_ALG ([security.md](security.md)). Default: none; `socketcall` for a container of 32 bits. It counts from the next start on. */
  "security.syscalls.permit"?: Value;
  /** Which system calls the container's programs may make: all but a list of what is denied (`default`), or none but a list of what is allowed (`strict`), which has what systems and usual programs need ([security.md](security.md)). `strict` does not go together with `raw.seccomp`, `security.syscalls.allow` and `security.syscalls.deny_default=false`. Default: `default`. It counts from the next start on. */
  "security.syscalls.profile"?: Value;
  /** The older name of `security.syscalls.allow`, which goes before it. Default: as `security.syscalls.allow`. It counts from the next start on. */
  "security.syscalls.whitelist"?: Value;
  /** How long a snapshot is kept that is made without a time of its own. Units are `S`, `M`, `H`, `d`, `w`, `m`, `y`. Default: never. */
  "snapshots.expiry"?: Value;
  /** Name of a snapshot that is made without a name. `%d` counts, and `creation_date` is its time. Default: `snap%d`. */
  "snapshots.pattern"?: Value;
  /** When snapshots are made on their own: minute, hour, day of the month, month and day of the week as in a crontab, or a word such as `@daily`. Several are separated by `, `. `@startup` is each start, and `@never` takes the place of what a profile says. Default: never. */
  "snapshots.schedule"?: Value;
  /** Whether `snapshots.schedule` counts for the instance while it is stopped. Default: `false`. */
  "snapshots.schedule.stopped"?: Value;
  [key: string]: Value | undefined;
}

/** A configuration key of networks. */
export type NetworkConfigKey =
  | "bridge.driver"
  | "bridge.external_interfaces"
  | "bridge.hwaddr"
  | "bridge.isolated"
  | "bridge.mode"
  | "bridge.mtu"
  | "dns.domain"
  | "dns.mode"
  | "dns.search"
  | "dns.zone.forward"
  | "dns.zone.reverse.ipv4"
  | "dns.zone.reverse.ipv6"
  | "gvrp"
  | "ipv4.address"
  | "ipv4.dhcp"
  | "ipv4.dhcp.expiry"
  | "ipv4.dhcp.gateway"
  | "ipv4.dhcp.ranges"
  | "ipv4.firewall"
  | "ipv4.nat"
  | "ipv4.nat.address"
  | "ipv4.nat.order"
  | "ipv4.routes"
  | "ipv4.routing"
  | "ipv6.address"
  | "ipv6.dhcp"
  | "ipv6.dhcp.expiry"
  | "ipv6.dhcp.ranges"
  | "ipv6.dhcp.stateful"
  | "ipv6.firewall"
  | "ipv6.nat"
  | "ipv6.nat.address"
  | "ipv6.nat.order"
  | "ipv6.routes"
  | "ipv6.routing"
  | "mtu"
  | "parent"
  | "raw.dnsmasq"
  | "security.acls"
  | "security.acls.default.egress.action"
  | "security.acls.default.egress.logged"
  | "security.acls.default.ingress.action"
  | "security.acls.default.ingress.logged"
  | "security.egress.allow"
  | "security.egress.logged"
  | "vlan"
  | (string & {});

/** Configuration of networks; beside these the families `bgp.peers.*.address`, `bgp.peers.*.asn`, `bgp.peers.*.password`, `tunnel.*.group`, `tunnel.*.id`, `tunnel.*.interface`, `tunnel.*.local`, `tunnel.*.port`, `tunnel.*.protocol`, `tunnel.*.remote`, `tunnel.*.ttl`, `user.*`. */
export interface NetworkConfig<Value> {
  /** What the bridge is made by: the kernel. LXD's `openvswitch` is refused. Default: `native`. */
  "bridge.driver"?: Value;
  /** Interfaces of the host that are ports of the bridge too, separated by commas. They have no addresses and belong to no other bridge. */
  "bridge.external_interfaces"?: Value;
  /** Hardware address of the bridge. Default: `volatile.bridge.hwaddr`. */
  "bridge.hwaddr"?: Value;
  /** Whether the gateway, with DHCP and DNS, is in a network namespace of its own. Then the host has no address in the network and routes nothing of it, and another network may have the same `ipv4.address`. There is no IPv6. Default: `false`. It cannot be changed later. */
  "bridge.isolated"?: Value;
  /** How the bridge works. LXD's `fan` is refused: it needs a kernel of Ubuntu's. Default: `standard`. */
  "bridge.mode"?: Value;
  /** Largest packet of the bridge, in bytes. A nic follows at its next start. When the key is set, DHCP tells it to the guests. Default: `1500`, and `1400` with a tunnel. */
  "bridge.mtu"?: Value;
  /** Domain of the names that the network serves. Default: `lxd`. */
  "dns.domain"?: Value;
  /** Who gives addresses their names. `managed`: the daemon, by the instances' names. `dynamic`: the guests. `none`: nobody. Default: `managed`. */
  "dns.mode"?: Value;
  /** Domains that guests try for short names, separated by commas. DHCP of both families tells them. Default: the domain of the network. */
  "dns.search"?: Value;
  /** Network zone that has the names of the network's instances. */
  "dns.zone.forward"?: Value;
  /** Network zone of their IPv4 addresses, which leads back to names in `dns.zone.forward`. */
  "dns.zone.reverse.ipv4"?: Value;
  /** Network zone of their IPv6 addresses, which leads back to names in `dns.zone.forward`. */
  "dns.zone.reverse.ipv6"?: Value;
  /** Of the types `macvlan` and `physical`: whether the switch is told of the VLAN by GVRP, where the interface `<parent>.<vlan>` is made. Default: `false`. It counts from the next start on. */
  gvrp?: Value;
  /** Address of the bridge. `auto` takes a free subnet once and keeps it. `none` leaves IPv4 out. Default: `auto`. */
  "ipv4.address"?: Value;
  /** Whether nics get their addresses by DHCP. Default: `true`. */
  "ipv4.dhcp"?: Value;
  /** How long a lease holds, at least two minutes. A number without a unit means seconds. Default: `1h`. */
  "ipv4.dhcp.expiry"?: Value;
  /** Router that DHCP tells the guests, in the subnet of `ipv4.address`. Default: the address of the bridge. */
  "ipv4.dhcp.gateway"?: Value;
  /** Ranges of addresses that DHCP gives, separated by commas. They lie in the subnet of `ipv4.address`. Default: the whole subnet. */
  "ipv4.dhcp.ranges"?: Value;
  /** Whether the host's firewall gets rules that let DHCP, DNS and forwarded traffic of the network pass. Default: `true`. */
  "ipv4.firewall"?: Value;
  /** Whether traffic that leaves the network has the host's address as its source. Default: `true` when the daemon chose the address, else `false`. */
  "ipv4.nat"?: Value;
  /** Source of the traffic that leaves the network by NAT. The host has to have the address. Default: that of the interface through which it leaves. */
  "ipv4.nat.address"?: Value;
  /** Whether the rule of NAT comes before or after those of other programs. Default: `before`. */
  "ipv4.nat.order"?: Value;
  /** Further subnets that the host sends to the bridge, separated by commas: those behind its guests. */
  "ipv4.routes"?: Value;
  /** Whether traffic can leave the bridge. Default: `true`. */
  "ipv4.routing"?: Value;
  /** Address of the bridge. `auto` takes a free /64 below fd42::/16 once and keeps it; so has a new network where the host's kernel has IPv6. `none` leaves IPv6 out. Default: `auto`. */
  "ipv6.address"?: Value;
  /** Whether DHCPv6 answers. Without it guests know routes and DNS by router advertisements alone. Default: `true`. */
  "ipv6.dhcp"?: Value;
  /** How long a lease of stateful DHCPv6 holds, at least two minutes. A number without a unit means seconds. Default: `1h`. */
  "ipv6.dhcp.expiry"?: Value;
  /** Ranges of addresses that stateful DHCPv6 gives, separated by commas. They lie in the subnet of `ipv6.address`, in the first /64 of a larger one. Default: the whole subnet. */
  "ipv6.dhcp.ranges"?: Value;
  /** Whether nics get their addresses by DHCPv6. Otherwise guests choose their own in the /64 that the router advertises (SLAAC); in a subnet smaller than a /64 they have none then. Default: `false`. */
  "ipv6.dhcp.stateful"?: Value;
  /** Whether the host's firewall gets rules that let neighbour discovery, DHCPv6, DNS and forwarded traffic of the network pass. Default: `true`. */
  "ipv6.firewall"?: Value;
  /** Whether traffic that leaves the network has the host's address as its source. Default: `true` when the daemon chose the address, else `false`. */
  "ipv6.nat"?: Value;
  /** Source of the traffic that leaves the network by NAT. The host has to have the address. Default: that of the interface through which it leaves. */
  "ipv6.nat.address"?: Value;
  /** Whether the rule of NAT comes before or after those of other programs. Default: `before`. */
  "ipv6.nat.order"?: Value;
  /** Further subnets that the host sends to the bridge, separated by commas: those behind its guests. */
  "ipv6.routes"?: Value;
  /** Whether traffic can leave the bridge. With it the host forwards IPv6 between all its interfaces, as the kernel has one switch for them. Default: `true`. */
  "ipv6.routing"?: Value;
  /** Of the same types: largest packet of the nics, in bytes. Default: that of the parent. It counts from the next start on. */
  mtu?: Value;
  /** Of the types `macvlan`, `physical` and `sriov`, which need it: interface of the host that the nics of the network stand on, or are. It counts from the next start on. */
  parent?: Value;
  /** More lines for the configuration of the network's dnsmasq. */
  "raw.dnsmasq"?: Value;
  /** Names of network ACLs, separated by commas. They judge what crosses the bridge to or from the host and other networks, not what goes between its instances. */
  "security.acls"?: Value;
  /** What becomes of packets from instances that no rule of the network's ACLs is about. It counts where there are ACLs. Default: `reject`. */
  "security.acls.default.egress.action"?: Value;
  /** Whether such packets from instances are told in the kernel's log. Default: `false`. */
  "security.acls.default.egress.logged"?: Value;
  /** What becomes of packets to instances that no rule of the network's ACLs is about. It counts where there are ACLs. Default: `reject`. */
  "security.acls.default.ingress.action"?: Value;
  /** Whether such packets to instances are told in the kernel's log. Default: `false`. */
  "security.acls.default.ingress.logged"?: Value;
  /** All that instances of the network may reach outside of it: names, names below another (`*.`), addresses and subnets, each with ports, or with all of its protocol, which is TCP unless `udp/` stands before it. `none` is nothing at all. Other names are not found, and other packets are refused. Default: everything. */
  "security.egress.allow"?: Value;
  /** Whether what `security.egress.allow` refuses is told: packets in the kernel's log, and all in the log of the network. Default: `true`. */
  "security.egress.logged"?: Value;
  /** Of the same types: VLAN of the parent that the nics are in. It counts from the next start on. */
  vlan?: Value;
  [key: string]: Value | undefined;
}

/** A configuration key of network forwards. */
export type NetworkForwardConfigKey = "target_address" | (string & {});

/** Configuration of network forwards; beside these the families `user.*`. */
export interface NetworkForwardConfig<Value> {
  /** Where all goes that none of the ports takes, whatever its protocol: an address of the network's subnet. Default: what no port names is not forwarded. */
  target_address?: Value;
  [key: string]: Value | undefined;
}

/** A configuration key of network zones. */
export type NetworkZoneConfigKey = "dns.nameservers" | "network.nat" | (string & {});

/** Configuration of network zones; beside these the families `peers.*.address`, `peers.*.key`, `user.*`. */
export interface NetworkZoneConfig<Value> {
  /** Names of the servers that serve the zone, with commas between: its NS records, and the first of them the primary one. Default: the zone itself. */
  "dns.nameservers"?: Value;
  /** Whether the zone has addresses of networks that hide them behind the host's. Default: `true`. */
  "network.nat"?: Value;
  [key: string]: Value | undefined;
}

/** A configuration key of projects. */
export type ProjectConfigKey =
  | "backups.compression_algorithm"
  | "expiry.at"
  | "expiry.networks"
  | "features.images"
  | "features.networks"
  | "features.profiles"
  | "features.storage.volumes"
  | "images.auto_update_cached"
  | "images.auto_update_interval"
  | "images.compression_algorithm"
  | "images.default_architecture"
  | "images.remote_cache_expiry"
  | "limits.containers"
  | "limits.cpu"
  | "limits.disk"
  | "limits.instances"
  | "limits.memory"
  | "limits.networks"
  | "limits.processes"
  | "limits.virtual-machines"
  | "restricted"
  | "restricted.backups"
  | "restricted.containers.interception"
  | "restricted.containers.lowlevel"
  | "restricted.containers.nesting"
  | "restricted.containers.privilege"
  | "restricted.devices.disk"
  | "restricted.devices.disk.paths"
  | "restricted.devices.gpu"
  | "restricted.devices.infiniband"
  | "restricted.devices.nic"
  | "restricted.devices.proxy"
  | "restricted.devices.unix-block"
  | "restricted.devices.unix-char"
  | "restricted.devices.unix-hotplug"
  | "restricted.devices.usb"
  | "restricted.idmap.gid"
  | "restricted.idmap.uid"
  | "restricted.networks.access"
  | "restricted.snapshots"
  | (string & {});

/** Configuration of projects; beside these the families `user.*`. */
export interface ProjectConfig<Value> {
  /** How backups of the project's instances are packed that say nothing of it: as the server's key of that name. Default: as the server has it. */
  "backups.compression_algorithm"?: Value;
  /** When the server deletes the project with all that is in it. Whoever uses it moves the time on; the default project has none. Default: never. */
  "expiry.at"?: Value;
  /** Networks that go with the project when it expires, if nothing else uses them. They need not be there. Default: none. */
  "expiry.networks"?: Value;
  /** Whether the project has images and aliases of its own; else it has those of the default project. Only an empty project changes it. Default: false; a new project gets true. */
  "features.images"?: Value;
  /** Whether the project has networks of its own. Bridges belong to the default project, so only `false` works. Default: `false`. */
  "features.networks"?: Value;
  /** Whether the project has profiles of its own; else it has those of the default project. Only an empty project changes it. Default: false; a new project gets true. */
  "features.profiles"?: Value;
  /** Whether the project has custom volumes of its own. Volumes of instances are always its own. Only an empty project changes it. Default: false; a new project gets true. */
  "features.storage.volumes"?: Value;
  /** Whether images that are fetched for instances are brought up to date by themselves. Default: as the server has it. */
  "images.auto_update_cached"?: Value;
  /** How many hours pass between looks for newer images; 0 for never. Default: as the server has it. */
  "images.auto_update_interval"?: Value;
  /** How images of the project's instances are packed that say nothing of it: as the server's key of that name. Default: as the server has it. */
  "images.compression_algorithm"?: Value;
  /** The architecture of which an image is taken where an alias has several. Default: as the server has it. */
  "images.default_architecture"?: Value;
  /** How many days an image that was fetched for an instance is kept after its last use; 0 for ever. Default: as the server has it. */
  "images.remote_cache_expiry"?: Value;
  /** How many containers the project may hold. Default: no limit. */
  "limits.containers"?: Value;
  /** How many processors the `limits.cpu` of all instances may come to. Each instance then needs a number there, not a set. Default: no limit. */
  "limits.cpu"?: Value;
  /** What the roots of all instances and the project's custom volumes may hold together. Each of them then needs a `size`. A new image may have the bytes that are left. Default: no limit. */
  "limits.disk"?: Value;
  /** How many instances the project may hold. Default: no limit. */
  "limits.instances"?: Value;
  /** What the `limits.memory` of all instances may come to. Each instance then needs a size there, not a share. Default: no limit. */
  "limits.memory"?: Value;
  /** How many networks the project may hold. Networks belong to the default project, so it holds none. Default: no limit. */
  "limits.networks"?: Value;
  /** What the `limits.processes` of all instances may come to. Each instance then needs a number there. Default: no limit. */
  "limits.processes"?: Value;
  /** How many virtual machines the project may hold. There are none yet. Default: no limit. */
  "limits.virtual-machines"?: Value;
  /** Whether the keys below count: what they do not allow, instances and profiles of the project cannot have. Default: `false`. */
  restricted?: Value;
  /** Whether backups can be made. Default: `block`. */
  "restricted.backups"?: Value;
  /** Which system calls of containers may be answered from outside (`security.syscalls.intercept.*`): none, those that are safe by themselves (`allow`), or all (`full`). Default: `block`. */
  "restricted.containers.interception"?: Value;
  /** Whether containers may have keys such as `raw.lxc` that reach past the other restrictions. Default: `block`. */
  "restricted.containers.lowlevel"?: Value;
  /** Whether containers may have `security.nesting`. Default: `block`. */
  "restricted.containers.nesting"?: Value;
  /** Whether containers may have `security.privileged`. Host ids are always a container's own, so `isolated` asks for nothing more. Default: `unprivileged`. */
  "restricted.containers.privilege"?: Value;
  /** Which disks there may be: of storage pools (`managed`), of host folders too (`allow`), or the root disk only (`block`). Default: `managed`. */
  "restricted.devices.disk"?: Value;
  /** Folders of the host in which the `source` of a disk must lie, with `restricted.devices.disk` set to `allow`. The kernel holds a source to its folder at each start (docs/lxd-api.md, Projects); such a disk has no `shift` and no file system's own options. Default: all paths. */
  "restricted.devices.disk.paths"?: Value;
  /** Whether there may be devices of the type `gpu`. Default: `block`. */
  "restricted.devices.gpu"?: Value;
  /** Whether there may be devices of the type `infiniband`. Default: `block`. */
  "restricted.devices.infiniband"?: Value;
  /** Which nics there may be: those with `network` (`managed`), all (`allow`), or none (`block`). Default: `managed`. */
  "restricted.devices.nic"?: Value;
  /** Whether there may be devices of the type `proxy`. Default: `block`. */
  "restricted.devices.proxy"?: Value;
  /** Whether there may be devices of the type `unix-block`. Default: `block`. */
  "restricted.devices.unix-block"?: Value;
  /** Whether there may be devices of the type `unix-char`. Default: `block`. */
  "restricted.devices.unix-char"?: Value;
  /** Whether there may be devices of the type `unix-hotplug`. Default: `block`. */
  "restricted.devices.unix-hotplug"?: Value;
  /** Whether there may be devices of the type `usb`. Default: `block`. */
  "restricted.devices.usb"?: Value;
  /** Groups of the host that `raw.idmap` may name without `restricted.containers.lowlevel`. Default: none. */
  "restricted.idmap.gid"?: Value;
  /** Users of the host that `raw.idmap` may name without `restricted.containers.lowlevel`. Default: none. */
  "restricted.idmap.uid"?: Value;
  /** Which networks the project may see and use. Default: all that `restricted.devices.nic` leaves. */
  "restricted.networks.access"?: Value;
  /** Whether snapshots can be made. Default: `block`. */
  "restricted.snapshots"?: Value;
  [key: string]: Value | undefined;
}

/** A configuration key of a server. */
export type ServerSettingsKey =
  | "backups.compression_algorithm"
  | "core.bgp_address"
  | "core.bgp_asn"
  | "core.bgp_routerid"
  | "core.dns_address"
  | "core.https_address"
  | "core.https_allowed_credentials"
  | "core.https_allowed_headers"
  | "core.https_allowed_methods"
  | "core.https_allowed_origin"
  | "core.https_trusted_proxy"
  | "core.metrics_address"
  | "core.metrics_authentication"
  | "core.proxy_http"
  | "core.proxy_https"
  | "core.proxy_ignore_hosts"
  | "core.remote_token_expiry"
  | "core.shutdown_timeout"
  | "core.trust_ca_certificates"
  | "core.trust_password"
  | "images.auto_update_cached"
  | "images.auto_update_interval"
  | "images.compression_algorithm"
  | "images.default_architecture"
  | "images.limits.depth"
  | "images.limits.entries"
  | "images.limits.names"
  | "images.limits.ratio"
  | "images.limits.size"
  | "images.limits.time"
  | "images.remote_cache_expiry"
  | "storage.backups_volume"
  | "storage.images_volume"
  | (string & {});

/** Configuration of a server; beside these the families `user.*`. */
export interface ServerSettings<Value> {
  /** How new backups are packed that say nothing of it: `none`, or one of bzip2, gzip, lzma, pigz, xz and zstd with its options. Default: `gzip`. */
  "backups.compression_algorithm"?: Value;
  /** Address for BGP. Kept, and nobody listens there: see `core.bgp_asn`. Default: no address. */
  "core.bgp_address"?: Value;
  /** Number of the server's autonomous system. Kept, and nothing is announced by BGP, of which a warning tells: a router daemon of the host, such as bird, can announce the subnets of networks. Default: none. */
  "core.bgp_asn"?: Value;
  /** Identifier of the server as a router. Kept, as `core.bgp_asn` is. Default: none. */
  "core.bgp_routerid"?: Value;
  /** Where the server answers peers of network zones over DNS, as `core.https_address` says it. Without a port it is 53. Default: zones are served to nobody. */
  "core.dns_address"?: Value;
  /** Where the server listens for HTTPS: `host:port`, `:port` for every address of the host, `[ipv6]:port`. Without a port it is 8443. Default: not on the network. */
  "core.https_address"?: Value;
  /** Whether pages of `core.https_allowed_origin` may bring the browser's own credentials. Default: `false`. */
  "core.https_allowed_credentials"?: Value;
  /** Headers that pages of `core.https_allowed_origin` may send. Default: none. */
  "core.https_allowed_headers"?: Value;
  /** Methods that pages of `core.https_allowed_origin` may use. Default: none. */
  "core.https_allowed_methods"?: Value;
  /** Site whose pages a browser lets talk to the server, or `*` for every one. With `core.https_allowed_credentials` such a page acts with its user's client certificate. Default: no other site. */
  "core.https_allowed_origin"?: Value;
  /** Addresses of proxies that pass connections on to the server and say by the PROXY protocol, version 1 or 2, whose they are. Other clients are not believed that. Default: no proxy. */
  "core.https_trusted_proxy"?: Value;
  /** Where the server shows its metrics over HTTPS, and nothing else, as `core.https_address` says it. Without a port it is 9100. Default: no address for metrics alone. */
  "core.metrics_address"?: Value;
  /** Whether metrics are for trusted clients alone. When `false`, whoever reaches an address of the server reads them. Default: `true`. */
  "core.metrics_authentication"?: Value;
  /** The proxy by which the daemon reaches servers over HTTP. Default: `HTTP_PROXY` of the daemon's environment. */
  "core.proxy_http"?: Value;
  /** The proxy by which the daemon reaches servers over HTTPS. Default: `HTTPS_PROXY` of the daemon's environment. */
  "core.proxy_https"?: Value;
  /** Hosts and domains that are reached without a proxy, with commas between; `*` for all. This host never needs one. Default: `NO_PROXY` of the daemon's environment. */
  "core.proxy_ignore_hosts"?: Value;
  /** How long a token counts that makes a client trusted, from when it is made. Units are `S`, `M`, `H`, `d`, `w`, `m`, `y`. Default: never. */
  "core.remote_token_expiry"?: Value;
  /** Minutes that a shutdown waits for operations that run, before it stops the containers. Default: `5`. */
  "core.shutdown_timeout"?: Value;
  /** Whether a client whose certificate `server.ca` in the state folder signed has the whole server without being added. `ca.crl` names those that count no more; one that is in the trust store has what stands there. Default: `false`. */
  "core.trust_ca_certificates"?: Value;
  /** By which clients make themselves trusted. It is kept as a hash and reads back as `true`; who writes `true` leaves it as it is. Default: no password. */
  "core.trust_password"?: Value;
  /** Whether images that are fetched for instances are brought up to date by themselves. Default: `true`. */
  "images.auto_update_cached"?: Value;
  /** How many hours pass between looks for newer images; 0 for never. Default: `6`. */
  "images.auto_update_interval"?: Value;
  /** How images are packed that are made of instances: `none`, or one of bzip2, gzip, lzma, pigz, xz and zstd with its options. Default: `gzip`. */
  "images.compression_algorithm"?: Value;
  /** The architecture of which an image is taken where an alias has several. Default: that of the host. */
  "images.default_architecture"?: Value;
  /** How many folders may lie in one another in an image. Default: `200`. */
  "images.limits.depth"?: Value;
  /** How many files and folders an image may hold. Default: `2000000`. */
  "images.limits.entries"?: Value;
  /** How long the names of all files in an image may be together. Default: `256MiB`. */
  "images.limits.names"?: Value;
  /** To how many times its own size an image may unpack. The first 256 MiB do not count. Default: `100`. */
  "images.limits.ratio"?: Value;
  /** To what size an image may unpack. Default: `64GiB`. */
  "images.limits.size"?: Value;
  /** Seconds that the check of an image may take, and its unpacking. Default: `3600`. */
  "images.limits.time"?: Value;
  /** How many days an image that was fetched for an instance is kept after its last use; 0 for ever. Default: `10`. */
  "images.remote_cache_expiry"?: Value;
  /** The custom volume of the default project in which backups are kept, as `POOL/VOLUME`: an empty one that nobody else has. What is there is moved at once. Default: `backups` in the state folder. */
  "storage.backups_volume"?: Value;
  /** The custom volume of the default project in which images are kept, as `POOL/VOLUME`: an empty one that nobody else has. What is there is moved at once. Default: `images` in the state folder. */
  "storage.images_volume"?: Value;
  [key: string]: Value | undefined;
}

/** A configuration key of storage pools, of every driver. */
export type StoragePoolConfigKey =
  | "btrfs.mount_options"
  | "lvm.thinpool_metadata_size"
  | "lvm.thinpool_name"
  | "lvm.use_thinpool"
  | "lvm.vg.force_reuse"
  | "lvm.vg_name"
  | "rsync.bwlimit"
  | "rsync.compression"
  | "size"
  | "source"
  | "volume.block.filesystem"
  | "volume.block.mount_options"
  | "volume.initial.gid"
  | "volume.initial.mode"
  | "volume.initial.uid"
  | "volume.lvm.stripes"
  | "volume.lvm.stripes.size"
  | "volume.security.shifted"
  | "volume.security.unmapped"
  | "volume.size"
  | "volume.snapshots.expiry"
  | "volume.snapshots.pattern"
  | "volume.snapshots.schedule"
  | "volume.zfs.blocksize"
  | "volume.zfs.remove_snapshots"
  | "volume.zfs.reserve_space"
  | "volume.zfs.use_refquota"
  | "zfs.clone_copy"
  | "zfs.export"
  | "zfs.pool_name"
  | (string & {});

/** Configuration of storage pools, of every driver; beside these the families `user.*`. */
export interface StoragePoolConfig<Value> {
  /** Options of the pool's mount, separated by commas. What is taken away counts from the next mount on. Default: `user_subvol_rm_allowed`. */
  "btrfs.mount_options"?: Value;
  /** Size of the metadata of a thin pool that is made. Default: what LVM takes. It cannot be changed later. */
  "lvm.thinpool_metadata_size"?: Value;
  /** Thin pool that holds all volumes. It is made of all that is free in the volume group when it is not there. Default: `LXDThinPool`. It cannot be changed later. */
  "lvm.thinpool_name"?: Value;
  /** Whether volumes are in a thin pool. Only `true` is taken. Default: `true`. It cannot be changed later. */
  "lvm.use_thinpool"?: Value;
  /** Whether a volume group or a thin pool is taken that another pool has, or that holds volumes. Default: `false`. It cannot be changed later. */
  "lvm.vg.force_reuse"?: Value;
  /** Name of the volume group. Default: the name of the pool, or its `source`. It cannot be changed later. */
  "lvm.vg_name"?: Value;
  /** How many bytes a second rsync sends of an instance of this pool to another server. Default: no bound. */
  "rsync.bwlimit"?: Value;
  /** Whether rsync compresses what goes between this pool and another server. The other side has its say too. Default: `true`. */
  "rsync.compression"?: Value;
  /** Size of the image file that holds a btrfs, LVM or zfs pool without a `source`. The file takes space as it fills, and the pool can be made larger. Where the state folder lies on btrfs, a btrfs pool with neither needs no such file. Default: 30GiB for an image file, or 80% of the free space if that is less. */
  size?: Value;
  /** Empty folder that holds the pool. That of a btrfs pool lies on btrfs, or is a block device, which is formatted. That of a pool of LVM is a block device, on which a volume group is made, or the name of a volume group that is there. That of a zfs pool is an empty pool or data set of ZFS, such as `tank/containers`, or a block device. Default: made by the daemon. It cannot be changed later. */
  source?: Value;
  /** `block.filesystem` of roots of containers, of images, and of custom volumes that are made without one. File system of a volume in a pool of `lvm`. A copy that is given another one is made file by file. Default: ext4. */
  "volume.block.filesystem"?: Value;
  /** `block.mount_options` of roots of containers, of images, and of custom volumes that are made without one. Options of the mount of a volume in a pool of `lvm`, separated by commas. With `discard` what is removed in it is room in the pool at once. What is taken away counts from the next mount on, and what the kernel keeps of each mount (such as `noatime`) in a running container from its next start on. Default: discard. */
  "volume.block.mount_options"?: Value;
  /** `initial.gid` of custom volumes that are made without one. Default: 0. */
  "volume.initial.gid"?: Value;
  /** `initial.mode` of custom volumes that are made without one. Default: 0711. */
  "volume.initial.mode"?: Value;
  /** `initial.uid` of custom volumes that are made without one. Default: 0. */
  "volume.initial.uid"?: Value;
  /** Disks of the volume group that a thin pool which is made lies across. Default: 1. It cannot be changed later. */
  "volume.lvm.stripes"?: Value;
  /** How much of such a thin pool lies on one disk before the next one: a power of 2, of 4KiB or more. Default: 64KiB. It cannot be changed later. */
  "volume.lvm.stripes.size"?: Value;
  /** `security.shifted` of custom volumes that are made without one. Default: false. */
  "volume.security.shifted"?: Value;
  /** `security.unmapped` of custom volumes that are made without one. Default: false. */
  "volume.security.unmapped"?: Value;
  /** How much a new volume can hold: a custom volume that is made without a size, or the root of a container, whose own disk says nothing of it. Volumes that are there keep what they have. Default: no bound; 10GiB for a block volume. */
  "volume.size"?: Value;
  /** `snapshots.expiry` of custom volumes that are made without one. Default: never. */
  "volume.snapshots.expiry"?: Value;
  /** `snapshots.pattern` of custom volumes that are made without one. Default: snap%d. */
  "volume.snapshots.pattern"?: Value;
  /** `snapshots.schedule` of custom volumes that are made without one. Default: never. */
  "volume.snapshots.schedule"?: Value;
  /** `zfs.blocksize` of roots of containers, of images, and of custom volumes that are made without one. Size of the largest blocks of files in a volume of a `zfs` pool: a power of 2 between 512 bytes and 16MiB. It counts for files that are written from then on. Default: 128KiB. */
  "volume.zfs.blocksize"?: Value;
  /** `zfs.remove_snapshots` of roots of containers, of images, and of custom volumes that are made without one. Whether a restore of a volume of a `zfs` pool may remove newer snapshots. It needs none removed here: they stay, whatever the value is. Default: false. */
  "volume.zfs.remove_snapshots"?: Value;
  /** `zfs.reserve_space` of roots of containers, of images, and of custom volumes that are made without one. Whether a volume of a `zfs` pool that has a size has that much of the pool for itself. Default: false. */
  "volume.zfs.reserve_space"?: Value;
  /** `zfs.use_refquota` of roots of containers, of images, and of custom volumes that are made without one. Whether the size of a volume of a `zfs` pool bounds what can be seen in it (`refquota`), rather than what it alone takes with its snapshots (`quota`). Default: false. */
  "volume.zfs.use_refquota"?: Value;
  /** Whether a copy of a container or a custom volume is a clone, which shares what both have. With `false` it is sent and received byte by byte, and with `rebase` what it does not share with its image is. What is made of an image is a clone always. Default: `true`. */
  "zfs.clone_copy"?: Value;
  /** Whether the pool of ZFS is exported when the daemon stops with its containers. One that was there before the storage pool never is. Default: `true`. */
  "zfs.export"?: Value;
  /** Name of the pool or data set of ZFS. Default: the pool's name. It cannot be changed later. */
  "zfs.pool_name"?: Value;
  [key: string]: Value | undefined;
}

/** A configuration key of custom storage volumes. */
export type StorageVolumeConfigKey =
  | "block.filesystem"
  | "block.mount_options"
  | "initial.gid"
  | "initial.mode"
  | "initial.uid"
  | "security.shifted"
  | "security.unmapped"
  | "size"
  | "snapshots.expiry"
  | "snapshots.pattern"
  | "snapshots.schedule"
  | "zfs.blocksize"
  | "zfs.remove_snapshots"
  | "zfs.reserve_space"
  | "zfs.use_refquota"
  | (string & {});

/** Configuration of custom storage volumes; beside these the families `user.*`. */
export interface StorageVolumeConfig<Value> {
  /** File system of a volume in a pool of `lvm`. A copy that is given another one is made file by file. Default: ext4. It cannot be changed later. */
  "block.filesystem"?: Value;
  /** Options of the mount of a volume in a pool of `lvm`, separated by commas. With `discard` what is removed in it is room in the pool at once. What is taken away counts from the next mount on, and what the kernel keeps of each mount (such as `noatime`) in a running container from its next start on. Default: discard. */
  "block.mount_options"?: Value;
  /** Group of that folder, as `initial.uid`. Default: 0. It cannot be changed later. */
  "initial.gid"?: Value;
  /** Mode of that folder, in octal digits. Default: 0711. It cannot be changed later. */
  "initial.mode"?: Value;
  /** User that the folder of a new volume belongs to, as containers see it. A volume that is a copy or comes of a backup keeps its owner. Default: 0. It cannot be changed later. */
  "initial.uid"?: Value;
  /** Whether several containers can share the files. Every container sees the owners of the files as its own users here whatever the value is, by an id-mapped mount of its own, so this is for servers that need to be told. Default: false. */
  "security.shifted"?: Value;
  /** Whether containers see the owners of the files as the host has them, without an id map. An unprivileged container then sees them as nobody. Default: false. It counts from the next start on. */
  "security.unmapped"?: Value;
  /** How much the volume may hold, in a pool that can bound it. The size of a block volume, which can grow but not shrink. Default: no bound; 10GiB for a block volume. */
  size?: Value;
  /** How long a snapshot is kept that is made without a time of its own. Units are `S`, `M`, `H`, `d`, `w`, `m`, `y`. Default: never. */
  "snapshots.expiry"?: Value;
  /** Name of a snapshot that is made without a name. `%d` counts, and `creation_date` is its time. Default: snap%d. */
  "snapshots.pattern"?: Value;
  /** When snapshots are made on their own: minute, hour, day of the month, month and day of the week as in a crontab, or a word such as `@daily`. Several are separated by `, `. Default: never. */
  "snapshots.schedule"?: Value;
  /** Size of the largest blocks of files in a volume of a `zfs` pool: a power of 2 between 512 bytes and 16MiB. It counts for files that are written from then on. Default: 128KiB. */
  "zfs.blocksize"?: Value;
  /** Whether a restore of a volume of a `zfs` pool may remove newer snapshots. It needs none removed here: they stay, whatever the value is. Default: false. */
  "zfs.remove_snapshots"?: Value;
  /** Whether a volume of a `zfs` pool that has a size has that much of the pool for itself. Default: false. */
  "zfs.reserve_space"?: Value;
  /** Whether the size of a volume of a `zfs` pool bounds what can be seen in it (`refquota`), rather than what it alone takes with its snapshots (`quota`). Default: false. */
  "zfs.use_refquota"?: Value;
  [key: string]: Value | undefined;
}

/** A type of devices. */
export type DeviceType =
  | "disk"
  | "gpu"
  | "infiniband"
  | "nic"
  | "none"
  | "proxy"
  | "tpm"
  | "unix-block"
  | "unix-char"
  | "unix-hotplug"
  | "usb"
  | (string & {});

/** Options of a device, of every type; check says which one has which. */
export interface DeviceOptions<Value> {
  /** Of a device proxy: Where `listen` is: on the host, or in the container's own network. `connect` is on the other side. `guest` and `container` are LXD's older words for `instance`. Default: `host`. */
  bind?: Value;
  /**
   * - disk: Order among disks from which a virtual machine boots. A container keeps it and boots from none.
   * - nic: Order among nics from which a virtual machine boots. A container keeps it and boots from none.
   */
  "boot.priority"?: Value;
  /** Of a device proxy: Where each connection goes. As many ports as `listen` has, or one for all. */
  connect?: Value;
  /**
   * - gpu: Group in the container that the node belongs to. Default: `0`.
   * - proxy: Group that the listening unix socket belongs to. Default: `0`.
   * - unix-block: Group in the container that the node belongs to. Default: `0`.
   * - unix-char: Group in the container that the node belongs to. Default: `0`.
   * - unix-hotplug: Group in the container that the node belongs to. Default: `0`.
   * - usb: Group in the container that the node belongs to. Default: `0`.
   */
  gid?: Value;
  /** Of a device gpu: What of a card the container gets. `physical`: the card itself, which the host and other containers can use as well. LXD's `mdev` and `sriov` are for virtual machines, and `mig` is not here yet. Default: `physical`. */
  gputype?: Value;
  /** Of a device nic: Whether the switch is told of the VLAN by GVRP, where the interface `<parent>.<vlan>` is made. Default: `false`. */
  gvrp?: Value;
  /** Of a device nic: Name of the interface on the host. Default: `veth` with 8 random digits. */
  host_name?: Value;
  /**
   * - infiniband: Address of the interface inside: all 20 bytes, or the last 8. Default: that of the port.
   * - nic: Hardware address of the interface inside. Default: `volatile.<device>.hwaddr`, chosen once.
   */
  hwaddr?: Value;
  /** Of a device gpu: Number of the card on the host: that of /dev/dri/card0 is `0`. Not together with `pci`, `vendorid` and `productid`. Default: any. */
  id?: Value;
  /** Of a device nic: Address that the network's DHCP gives to the nic, in the subnet of the network. Of `routed` and `ipvlan`: address, or several with commas between, that the nic has from the beginning; with the mode `l2` each with the length of its prefix. Default: any free one of the network. */
  "ipv4.address"?: Value;
  /** Of a device nic: Of `routed` and `ipvlan`: whether the nic is the container's way out for IPv4 (`auto`, or `none`). With the mode `l2`: address of the gateway. Default: `auto`; with the mode `l2` no gateway. */
  "ipv4.gateway"?: Value;
  /** Of a device nic: Of `routed`: address of the host's end, which is the container's gateway. Default: `169.254.0.1`. */
  "ipv4.host_address"?: Value;
  /** Of a device nic: Of `routed` and `ipvlan`: a routing table of the host that gets the routes to the IPv4 addresses as well. */
  "ipv4.host_table"?: Value;
  /** Of a device nic: Of `routed`: whether somebody else on the `parent` is asked for, before the nic takes its IPv4 addresses. Default: `true`. */
  "ipv4.neighbor_probe"?: Value;
  /** Of a device nic: Subnets behind the container, which the host gets routes to. */
  "ipv4.routes"?: Value;
  /** Of a device nic: Address that the network's DHCPv6 gives to the nic, in the subnet of the network, which has `ipv6.dhcp.stateful`. Of `routed` and `ipvlan`: address, or several with commas between, that the nic has from the beginning; with the mode `l2` each with the length of its prefix. Default: any free one of the network. */
  "ipv6.address"?: Value;
  /** Of a device nic: Of `routed` and `ipvlan`: whether the nic is the container's way out for IPv6 (`auto`, or `none`). With the mode `l2`: address of the gateway. Default: `auto`; with the mode `l2` no gateway. */
  "ipv6.gateway"?: Value;
  /** Of a device nic: Of `routed`: address of the host's end, which is the container's gateway. Default: `fe80::1`. */
  "ipv6.host_address"?: Value;
  /** Of a device nic: Of `routed` and `ipvlan`: a routing table of the host that gets the routes to the IPv6 addresses as well. */
  "ipv6.host_table"?: Value;
  /** Of a device nic: Of `routed`: whether somebody else on the `parent` is asked for, before the nic takes its IPv6 addresses. Default: `true`. */
  "ipv6.neighbor_probe"?: Value;
  /** Of a device nic: Subnets behind the container, which the host gets routes to. */
  "ipv6.routes"?: Value;
  /** Of a device nic: How much it sends, as for `limits.ingress`. What goes faster is dropped. Default: no bound. */
  "limits.egress"?: Value;
  /** Of a device nic: How much the container receives in a second, in bits (`kbit`, `Mbit`, `Gbit`, `Tbit`, or `Kibit` and so on). What comes faster waits, and is dropped when too much waits. `0` is no bound. Default: no bound. */
  "limits.ingress"?: Value;
  /**
   * - disk: Both of `limits.read` and `limits.write`, in their place. Default: no bound.
   * - nic: Both of `limits.ingress` and `limits.egress`, in their place. Default: no bound.
   */
  "limits.max"?: Value;
  /** Of a device nic: Priority of the packets that the container sends, for queueing disciplines of the host's interfaces that go by it (`skb->priority`, such as `prio`). Default: `limits.network.priority` of the instance. */
  "limits.priority"?: Value;
  /** Of a device disk: How much the container reads of the disk in a second. It counts for all that it reads from the disks of the host on which this one lies; several limited disks there have the mean of their limits. Default: no bound. */
  "limits.read"?: Value;
  /** Of a device disk: How much it writes, as for `limits.read`. On a host with control groups of v1 what goes through the page cache does not count. Default: no bound. */
  "limits.write"?: Value;
  /** Of a device proxy: Where connections come in. Several ports are written as `80,443` or `8000-8009`; a unix socket as `unix:PATH`, or `unix:@NAME` for an abstract one. */
  listen?: Value;
  /**
   * - unix-block: Major number of the device. With `minor` no node of the host is needed. Default: that of the host's node.
   * - unix-char: Major number of the device. With `minor` no node of the host is needed. Default: that of the host's node.
   */
  major?: Value;
  /**
   * - unix-block: Minor number of the device. Default: that of the host's node.
   * - unix-char: Minor number of the device. Default: that of the host's node.
   */
  minor?: Value;
  /**
   * - gpu: Permissions of the node, in octal digits. Default: `0660`.
   * - nic: Of `ipvlan`: at which layer packets are handed on. `l3s`: they are routed by the host, whose firewall sees them. `l2`: as by a switch. Default: `l3s`.
   * - proxy: Permissions of the listening unix socket, in octal digits. Default: `0644`.
   * - unix-block: Permissions of the node, in octal digits. Default: `0660`.
   * - unix-char: Permissions of the node, in octal digits. Default: `0660`.
   * - unix-hotplug: Permissions of the node, in octal digits. Default: `0660`.
   * - usb: Permissions of the node, in octal digits. Default: `0660`.
   */
  mode?: Value;
  /**
   * - infiniband: Largest packet of the interface inside, in bytes. Default: that of the port.
   * - nic: Largest packet of the interface inside, in bytes. Default: that of the bridge.
   */
  mtu?: Value;
  /**
   * - infiniband: Name of the interface inside. Default: one that the kernel has.
   * - nic: Name of the interface inside. Default: the first of `eth0`, `eth1` and so on that is free.
   */
  name?: Value;
  /** Of a device proxy: Whether packets are sent on by the host's rules, in the place of connections by a process, so that the container sees the client's address. `listen` is then an address of the host, and `connect` the fixed address of one of the container's nics on a network of the server, or `0.0.0.0` or `[::]` for the first that there is. Default: `false`. */
  nat?: Value;
  /** Of a device nic: Network of the server that the nic belongs to, in place of `nictype` and `parent`. */
  network?: Value;
  /**
   * - infiniband: What the container gets. `physical`: the port itself. `sriov`: a virtual function of it.
   * - nic: What the nic is on the host. `bridged`: a port of the bridge `parent`. `p2p`: an interface that nothing is done with. `macvlan`, `ipvlan`: an interface that stands on `parent`, with a hardware address of its own or with the parent's. `routed`: an interface that the host has routes to, and answers for on `parent`. `physical`: the interface `parent` itself, which the host has back when the container ends. `sriov`: a virtual function of the card `parent`. Default: by the type of the `network`.
   */
  nictype?: Value;
  /** Of a device disk: Whether the source may be missing on the host. It is LXD's older word for `required` with the value `false`. Default: `false`. */
  optional?: Value;
  /**
   * - infiniband: Interface of the port on the host.
   * - nic: Interface of the host: the bridge that a nic of the type `bridged` is a port of, or what the nic stands on.
   */
  parent?: Value;
  /**
   * - disk: Where the disk is in the container. `/` is the container's root.
   * - tpm: Where the TPM is in the container.
   * - unix-block: Where the node is in the container. Default: `source`.
   * - unix-char: Where the node is in the container. Default: `source`.
   */
  path?: Value;
  /** Of a device tpm: Where it is once more, by way of the kernel's resource manager: programs share it there. */
  pathrm?: Value;
  /** Of a device gpu: PCI address of the card. Not together with `id`, `vendorid` and `productid`. Default: any. */
  pci?: Value;
  /** Of a device disk: Storage pool of the container's root, or of the custom volume that is the `source`. It cannot be changed later. */
  pool?: Value;
  /**
   * - gpu: Number of the product that the cards are. Default: any.
   * - unix-hotplug: Number of the product that the USB device is. Default: any.
   * - usb: Number of the product that the devices are. Default: any.
   */
  productid?: Value;
  /** Of a device disk: What becomes of mounts below the source that are made while the container runs: with `slave` or `shared` it sees those that the host makes there, where the source is shared on the host. The host sees none of the container's. An `r` in front changes nothing: what is mounted below the source is treated alike. A root has none. Default: `private`. */
  propagation?: Value;
  /** Of a device proxy: Whether each connection begins with a line that tells the client's address (HAProxy's PROXY protocol, version 1). Default: `false`. */
  proxy_protocol?: Value;
  /** Of a device disk: More options of the mount, separated by commas: `ro`, `nodev`, `nosuid`, `noexec`, `noatime`, `strictatime`. Where the source is a block device, options of its file system as well, such as `discard` or `errors=remount-ro`. A root has none. */
  "raw.mount.options"?: Value;
  /** Of a device disk: Whether the container cannot write to the disk. It counts for the root from the next start on. Default: `false`. */
  readonly?: Value;
  /** Of a device disk: Whether what is mounted below the source comes along. Default: `false`. */
  recursive?: Value;
  /**
   * - disk: Whether the source must be there. If it may be missing and is missing, the container has no such disk. Default: `true`.
   * - unix-block: Whether the container cannot start without the device. If it need not be there, the container gets it when it comes, and loses it when it goes. Default: `true`.
   * - unix-char: Whether the container cannot start without the device. If it need not be there, the container gets it when it comes, and loses it when it goes. Default: `true`.
   * - unix-hotplug: Whether the container cannot start while no such device is there. Whatever it says, devices come to a running container and go with the host's. Default: `false`.
   * - usb: Whether the container cannot start while no such device is there. Whatever it says, devices come to a running container and go with the host's. Default: `false`.
   */
  required?: Value;
  /** Of a device nic: Of `bridged`, on a network of the server: names of network ACLs, separated by commas. They judge all that the nic sends and gets, its neighbours on the bridge included. */
  "security.acls"?: Value;
  /** Of a device nic: What becomes of packets from the nic that no rule of its ACLs is about. It counts where there are ACLs. Default: `reject`. */
  "security.acls.default.egress.action"?: Value;
  /** Of a device nic: Whether such packets from the nic are told in the kernel's log. Default: `false`. */
  "security.acls.default.egress.logged"?: Value;
  /** Of a device nic: What becomes of packets to the nic that no rule of its ACLs is about. It counts where there are ACLs. `reject` drops them as well: nobody is told. Default: `reject`. */
  "security.acls.default.ingress.action"?: Value;
  /** Of a device nic: Whether such packets to the nic are told in the kernel's log. Default: `false`. */
  "security.acls.default.ingress.logged"?: Value;
  /** Of a device nic: Of `bridged`, on a network of the server: all that the nic may reach outside of its network, as the key of networks has it. Where the network has the key too, only what both name. It means `security.mac_filtering` too. Default: what its network may reach. */
  "security.egress.allow"?: Value;
  /** Of a device nic: Of `bridged`: whether what the nic's `security.egress.allow` refuses is told. Default: `true`. */
  "security.egress.logged"?: Value;
  /** Of a device proxy: Group by which connections to a unix socket are made. Default: `0`. */
  "security.gid"?: Value;
  /** Of a device nic: Of `bridged`: whether packets from other IPv4 addresses than the nic's own are dropped; it means `security.mac_filtering` too. Without `ipv4.address` the network gives the nic one for good; on a bridge that is no network of the server it needs the key. With the address `none` all IPv4 is dropped. Default: `false`. */
  "security.ipv4_filtering"?: Value;
  /** Of a device nic: Of `bridged`: the same of IPv6. Without `ipv6.address` it is the address that the nic's hardware address makes in the subnet of the network. Default: `false`. */
  "security.ipv6_filtering"?: Value;
  /** Of a device nic: Of `bridged` and `sriov`: whether packets from other hardware addresses than the nic's own are dropped. Default: `false`. */
  "security.mac_filtering"?: Value;
  /** Of a device nic: Of `bridged`: whether the nic reaches no other nic of its bridge that has this set as well. Default: `false`. */
  "security.port_isolation"?: Value;
  /** Of a device proxy: User by whom connections to a unix socket are made. Default: `0`. */
  "security.uid"?: Value;
  /** Of a device disk: Whether the container sees the owners of the source's files as its own users, by an id-mapped mount. With a custom volume it always does. Default: `false`. */
  shift?: Value;
  /** Of a device disk: How much the root, or a file system in memory, can hold. `0` is no bound for a root. In pools of the drivers `dir` and `overlay` the first size of a root, and a smaller one, count from the next start on when the container runs. What a file system in memory holds counts for the container's `limits.memory`. Default: `volume.size` of the pool; half of the host's memory for a file system in memory. */
  size?: Value;
  /**
   * - disk: Folder or file of the host, a block device of the host with a file system, a custom volume of the `pool`, or `tmpfs:` for a file system in memory. Every disk but the root has one.
   * - unix-block: Device node of the host. One of `source` and `path` must be there. Default: `path`.
   * - unix-char: Device node of the host. One of `source` and `path` must be there. Default: `path`.
   */
  source?: Value;
  /**
   * - gpu: User in the container that the node belongs to. Default: `0`.
   * - proxy: User that the listening unix socket belongs to. Default: `0`.
   * - unix-block: User in the container that the node belongs to. Default: `0`.
   * - unix-char: User in the container that the node belongs to. Default: `0`.
   * - unix-hotplug: User in the container that the node belongs to. Default: `0`.
   * - usb: User in the container that the node belongs to. Default: `0`.
   */
  uid?: Value;
  /**
   * - gpu: Number of the vendor of the cards. Default: any.
   * - unix-hotplug: Number of the vendor of the USB device. One of `vendorid` and `productid` must be there. Default: any.
   * - usb: Number of the vendor of the devices. Default: any.
   */
  vendorid?: Value;
  /** Of a device nic: Of `bridged`: VLAN that untagged packets of the nic are in, `none` for no such. Of the types with an interface as `parent`: VLAN of the parent that the nic is in; the interface `<parent>.<vlan>` is made where it is not there, and goes with the last nic. */
  vlan?: Value;
  /** Of a device nic: Of `bridged`: VLANs whose tagged packets the nic sends and gets. */
  "vlan.tagged"?: Value;
  [option: string]: Value | undefined;
}
