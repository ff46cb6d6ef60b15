/** bothy/native: the resources of the plugin pulumi-resource-bothy. Made by `npm run gen`; never edited. */
import "../node-version";

import * as pulumi from "@pulumi/pulumi";
import type {
  InstanceConfig,
  NetworkConfig,
  NetworkForwardConfig,
  NetworkZoneConfig,
  ProjectConfig,
  ServerSettings,
  StoragePoolConfig,
  StorageVolumeConfig,
} from "../dynamic/config-keys";
import type { DeviceArgs as ContainerDevice, Named, OptionValue } from "../dynamic/reference";
import type { ConfigValue } from "../dynamic/resource";
import { NativeResource } from "./resource";

/** What a Provider takes. */
export interface ProviderArgs {
  /** Server of resources that name none: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: pulumi.Input<string>;
  /** Project of the server that all resources of this provider are in; `default` when absent. */
  project?: pulumi.Input<string>;
  /** Member of a cluster on which things are made; the cluster chooses when absent. */
  target?: pulumi.Input<string>;
  /** Certificate by which an https server knows this client, as PEM text; that of `bothy remote add` when absent. */
  certificate?: pulumi.Input<string>;
  /** Key of the certificate, as PEM text. */
  key?: pulumi.Input<string>;
  /** Token of the https server that `endpoint` names (`lxc config trust add`, `incus config trust add NAME`): it makes the server trust the certificate at first, and says which certificate the server has. */
  token?: pulumi.Input<string>;
}

/** A server to manage: a daemon of this machine, or an LXD or Incus elsewhere. */
export class Provider extends pulumi.ProviderResource {
  constructor(name: string, args: ProviderArgs = {}, options?: pulumi.ResourceOptions) {
    super("bothy", name, { ...args }, options);
  }
}

/** What cloud-init in a container is told. */
export interface ContainerCloudInit {
  /** `cloud-init.user-data`. */
  userData?: string;
  /** `cloud-init.vendor-data`. */
  vendorData?: string;
  /** `cloud-init.network-config`. */
  networkConfig?: string;
}

/** The root disk of a container, or a volume. */
export interface ContainerDisk {
  /** Where it is in the container; `/` for the root disk. */
  path: string;
  /** Storage pool. */
  pool: string;
  /** Custom volume of the pool; absent for the root disk. */
  volume?: string;
  /** Size of the root disk, such as `10GiB`. */
  size?: string;
  /** Whether the container can only read it. */
  readonly?: boolean;
}

/** A text file in the container. */
export interface ContainerFile {
  /** Content, as UTF-8 text. */
  content: string;
  /** Permissions, octal. */
  mode?: string;
  /** Owner, as the container sees it. */
  uid?: number;
  /** Group, as the container sees it. */
  gid?: number;
}

/** A network interface of a running container. */
export interface ContainerInterface {
  /** Name inside the container, such as `eth0`. */
  name: string;
  /** Hardware address. */
  macAddress: string;
  /** Global IPv4 addresses. */
  ipv4Addresses: string[];
  /** Global IPv6 addresses. */
  ipv6Addresses: string[];
}

/** What a container may use at most. */
export interface ContainerLimits {
  /** Memory, such as `512MiB` or `50%`: `limits.memory`. */
  memory?: string;
  /** Whether it may be swapped out: `limits.memory.swap`. */
  swap?: string;
  /** How many processors, or which, such as `2` or `0-3`: `limits.cpu`. */
  cpus?: string;
  /** Share of processor time, such as `50%` or `25ms/100ms`: `limits.cpu.allowance`. */
  cpuAllowance?: string;
  /** How many processes: `limits.processes`. */
  processes?: string;
}

/** A file or folder of the host in a container. */
export interface ContainerMount {
  /** File or folder of the host. */
  source: string;
  /** Where it is in the container. */
  path: string;
  /** Whether the container can only read it. */
  readonly?: boolean;
  /** Whether owners are those of the container's own ids. */
  shift?: boolean;
}

/** A network interface of a container. */
export interface ContainerNic {
  /** Managed network. */
  network?: string;
  /** Interface of the host, where there is no managed network; needs `nictype`. */
  parent?: string;
  /** Of a nic with a `parent`: `bridged`, `macvlan` and so on. */
  nictype?: string;
  /** Name of the device and inside of the container; `eth0` for the first one when absent, and so on. */
  name?: string;
  /** Fixed IPv4 address. */
  ipv4Address?: string;
  /** Fixed IPv6 address. */
  ipv6Address?: string;
  /** Hardware address. */
  macAddress?: string;
}

/** A port of the host that leads into a container. */
export interface ContainerPort {
  /** Port of the host. */
  host: number;
  /** Port of the container. */
  container: number;
  /** `tcp` or `udp`. */
  protocol?: string;
  /** Address of the host; all IPv4 ones when absent. */
  hostAddress?: string;
}

/** A container or a snapshot to copy. */
export interface ContainerSource {
  /** Container to copy. */
  instance: string;
  /** Snapshot of that container to copy in place of its present state. */
  snapshot?: string;
}

/** What must be true before the container counts as made. */
export interface ContainerWait {
  /** `ipv4`, `ipv6`: a global address; `port`: somebody listens on a TCP port; `http`: an answer over HTTP, asked by the machine of the program; `command`: exit code 0; `log`: a line; `systemd`: the boot is over; `cloud-init`: it is done, and without an error; `nothing`: no wait. When absent: `ipv4` if the container has a nic, then `command` if one is given. */
  for?: string;
  /** Of `ipv4`, `ipv6` and `http`: the device whose address is meant; any nic when absent. */
  nic?: string;
  /** Of `port` and `http`: a TCP port of the container; 80 for `http` when absent. */
  port?: number;
  /** Of `http`: the path that is asked for; `/` when absent. */
  path?: string;
  /** Of `http`: a whole address in place of the container's own, for a container that the machine of the program reaches in another way. */
  url?: string;
  /** Of `http`: the status of the answer; any below 400 when absent. */
  status?: number;
  /** Of `command`: program and arguments, run in the container again and again until the exit code is 0. No shell is added. */
  command?: string[];
  /** Of `log`: a regular expression that a line matches. */
  pattern?: string;
  /** Of `log`: the file in the container; its console when absent. */
  file?: string;
  /** Conditions that must all hold, in place of `for`. They are waited for at the same time. */
  all?: ContainerWaitCondition[];
  /** Conditions of which one must hold, in place of `for` or beside `all`. */
  any?: ContainerWaitCondition[];
  /** How long to wait, in seconds. */
  timeoutSeconds?: number;
}

/** One of several things that a container is waited for. */
export interface ContainerWaitCondition {
  /** What is waited for. `ipv4`, `ipv6`: a global address; `port`: somebody listens on a TCP port; `http`: an answer over HTTP, asked by the machine of the program; `command`: exit code 0; `log`: a line; `systemd`: the boot is over; `cloud-init`: it is done, and without an error. */
  for: string;
  /** Of `ipv4`, `ipv6` and `http`: the device whose address is meant; any nic when absent. */
  nic?: string;
  /** Of `port` and `http`: a TCP port of the container; 80 for `http` when absent. */
  port?: number;
  /** Of `http`: the path that is asked for; `/` when absent. */
  path?: string;
  /** Of `http`: a whole address in place of the container's own, for a container that the machine of the program reaches in another way. */
  url?: string;
  /** Of `http`: the status of the answer; any below 400 when absent. */
  status?: number;
  /** Of `command`: program and arguments, run in the container again and again until the exit code is 0. No shell is added. */
  command?: string[];
  /** Of `log`: a regular expression that a line matches. */
  pattern?: string;
  /** Of `log`: the file in the container; its console when absent. */
  file?: string;
}

/** A rule about packets. Whatever their order, drop comes before reject, and reject before allow. */
export interface NetworkAclRule {
  /** What becomes of a packet: `allow`, `drop` or `reject`. */
  action: string;
  /** `enabled` when absent, `disabled`, or `logged`: the kernel's log tells of it too. */
  state?: string;
  /** Where packets come from: addresses, subnets and ranges such as `10.1.2.3-10.1.2.9`, with commas between; anywhere when absent. */
  source?: string;
  /** Where packets go, written as `source`. */
  destination?: string;
  /** `tcp`, `udp`, `icmp4` or `icmp6`; any when absent. */
  protocol?: string;
  /** Ports of `tcp` and `udp`, and ranges of them, with commas between; any when absent. */
  sourcePort?: string;
  /** The same of where packets go. */
  destinationPort?: string;
  /** A number, of `icmp4` and `icmp6`; any when absent. */
  icmpType?: string;
  /** A number, of `icmp4` and `icmp6`; any when absent. */
  icmpCode?: string;
  /** Free text for people. */
  description?: string;
}

/** Ports of a forward, and where they lead. */
export interface NetworkForwardPort {
  /** Ports that it listens on, and ranges of them, with commas between: `80,90-95`. */
  listenPort: string;
  /** Where they lead: an address of the network's subnet. */
  targetAddress: string;
  /** As many ports as it listens on, or one for all; the same ones when absent. */
  targetPort?: string;
  /** `tcp` when absent, or `udp`. */
  protocol?: string;
  /** Free text for people. */
  description?: string;
}

/** An address of a network that somebody has. */
export interface NetworkLease {
  /** Name of the guest. */
  hostname: string;
  /** Its hardware address. */
  macAddress: string;
  /** Its address. */
  address: string;
  /** `static`, `dynamic` or `gateway`. */
  type: string;
}

/** Where a load balancer leads. */
export interface NetworkLoadBalancerBackend {
  /** Name by which ports lead to it. */
  name: string;
  /** Where it is: an address of the network's subnet. */
  targetAddress: string;
  /** As many ports as are listened on, or one for all; the same ones when absent. */
  targetPort?: string;
  /** Free text for people. */
  description?: string;
}

/** Ports of a load balancer, and the backends they lead to. */
export interface NetworkLoadBalancerPort {
  /** Ports that it listens on, and ranges of them, with commas between: `80,90-95`. */
  listenPort: string;
  /** Names of the backends that they lead to. */
  targetBackends?: string[];
  /** `tcp` when absent, or `udp`. */
  protocol?: string;
  /** Free text for people. */
  description?: string;
}

/** Something that a zone says of a name. */
export interface NetworkZoneRecordEntry {
  /** Type of DNS, such as `A`, `AAAA`, `CNAME`, `MX`, `SRV` or `TXT`. */
  type: string;
  /** As a zone file writes it, such as `192.0.2.5` or `10 mail.example.org.`; a name that does not end with a dot is one of the zone. */
  value: string;
  /** Seconds for which it may be kept; 300 when absent. */
  ttl?: number;
}

/** How long create, update and delete may take. */
export interface Timeouts {
  /** Ceiling of create, in seconds. */
  createSeconds?: number;
  /** Ceiling of update, in seconds. */
  updateSeconds?: number;
  /** Ceiling of delete, in seconds. */
  deleteSeconds?: number;
}

/** What cloud-init in a container is told. */
export interface ContainerCloudInitArgs {
  /** `cloud-init.user-data`. */
  userData?: pulumi.Input<string>;
  /** `cloud-init.vendor-data`. */
  vendorData?: pulumi.Input<string>;
  /** `cloud-init.network-config`. */
  networkConfig?: pulumi.Input<string>;
}

/** The root disk of a container, or a volume. */
export interface ContainerDiskArgs {
  /** Where it is in the container; `/` for the root disk. */
  path: pulumi.Input<string>;
  /** Storage pool. */
  pool: pulumi.Input<string> | Named;
  /** Custom volume of the pool; absent for the root disk. */
  volume?: pulumi.Input<string> | Named;
  /** Size of the root disk, such as `10GiB`. */
  size?: pulumi.Input<string>;
  /** Whether the container can only read it. */
  readonly?: pulumi.Input<boolean>;
}

/** A text file in the container. */
export interface ContainerFileArgs {
  /** Content, as UTF-8 text. */
  content: pulumi.Input<string>;
  /** Permissions, octal. */
  mode?: pulumi.Input<string>;
  /** Owner, as the container sees it. */
  uid?: pulumi.Input<number>;
  /** Group, as the container sees it. */
  gid?: pulumi.Input<number>;
}

/** What a container may use at most. */
export interface ContainerLimitsArgs {
  /** Memory, such as `512MiB` or `50%`: `limits.memory`. */
  memory?: pulumi.Input<string>;
  /** Whether it may be swapped out: `limits.memory.swap`. */
  swap?: pulumi.Input<ConfigValue>;
  /** How many processors, or which, such as `2` or `0-3`: `limits.cpu`. */
  cpus?: pulumi.Input<ConfigValue>;
  /** Share of processor time, such as `50%` or `25ms/100ms`: `limits.cpu.allowance`. */
  cpuAllowance?: pulumi.Input<string>;
  /** How many processes: `limits.processes`. */
  processes?: pulumi.Input<ConfigValue>;
}

/** A file or folder of the host in a container. */
export interface ContainerMountArgs {
  /** File or folder of the host. */
  source: pulumi.Input<string>;
  /** Where it is in the container. */
  path: pulumi.Input<string>;
  /** Whether the container can only read it. */
  readonly?: pulumi.Input<boolean>;
  /** Whether owners are those of the container's own ids. */
  shift?: pulumi.Input<boolean>;
}

/** A network interface of a container. */
export interface ContainerNicArgs {
  /** Managed network. */
  network?: pulumi.Input<string> | Named;
  /** Interface of the host, where there is no managed network; needs `nictype`. */
  parent?: pulumi.Input<string>;
  /** Of a nic with a `parent`: `bridged`, `macvlan` and so on. */
  nictype?: pulumi.Input<string>;
  /** Name of the device and inside of the container; `eth0` for the first one when absent, and so on. */
  name?: pulumi.Input<string>;
  /** Fixed IPv4 address. */
  ipv4Address?: pulumi.Input<string>;
  /** Fixed IPv6 address. */
  ipv6Address?: pulumi.Input<string>;
  /** Hardware address. */
  macAddress?: pulumi.Input<string>;
}

/** A port of the host that leads into a container. */
export interface ContainerPortArgs {
  /** Port of the host. */
  host: pulumi.Input<number>;
  /** Port of the container. */
  container: pulumi.Input<number>;
  /** `tcp` or `udp`. */
  protocol?: pulumi.Input<string>;
  /** Address of the host; all IPv4 ones when absent. */
  hostAddress?: pulumi.Input<string>;
}

/** A container or a snapshot to copy. */
export interface ContainerSourceArgs {
  /** Container to copy. */
  instance: pulumi.Input<string> | Named;
  /** Snapshot of that container to copy in place of its present state. */
  snapshot?: pulumi.Input<string> | Named;
}

/** What must be true before the container counts as made. */
export interface ContainerWaitArgs {
  /** `ipv4`, `ipv6`: a global address; `port`: somebody listens on a TCP port; `http`: an answer over HTTP, asked by the machine of the program; `command`: exit code 0; `log`: a line; `systemd`: the boot is over; `cloud-init`: it is done, and without an error; `nothing`: no wait. When absent: `ipv4` if the container has a nic, then `command` if one is given. */
  for?: pulumi.Input<string>;
  /** Of `ipv4`, `ipv6` and `http`: the device whose address is meant; any nic when absent. */
  nic?: pulumi.Input<string>;
  /** Of `port` and `http`: a TCP port of the container; 80 for `http` when absent. */
  port?: pulumi.Input<number>;
  /** Of `http`: the path that is asked for; `/` when absent. */
  path?: pulumi.Input<string>;
  /** Of `http`: a whole address in place of the container's own, for a container that the machine of the program reaches in another way. */
  url?: pulumi.Input<string>;
  /** Of `http`: the status of the answer; any below 400 when absent. */
  status?: pulumi.Input<number>;
  /** Of `command`: program and arguments, run in the container again and again until the exit code is 0. No shell is added. */
  command?: pulumi.Input<pulumi.Input<string>[]>;
  /** Of `log`: a regular expression that a line matches. */
  pattern?: pulumi.Input<string>;
  /** Of `log`: the file in the container; its console when absent. */
  file?: pulumi.Input<string>;
  /** Conditions that must all hold, in place of `for`. They are waited for at the same time. */
  all?: pulumi.Input<pulumi.Input<ContainerWaitConditionArgs>[]>;
  /** Conditions of which one must hold, in place of `for` or beside `all`. */
  any?: pulumi.Input<pulumi.Input<ContainerWaitConditionArgs>[]>;
  /** How long to wait, in seconds. */
  timeoutSeconds?: pulumi.Input<number>;
}

/** One of several things that a container is waited for. */
export interface ContainerWaitConditionArgs {
  /** What is waited for. `ipv4`, `ipv6`: a global address; `port`: somebody listens on a TCP port; `http`: an answer over HTTP, asked by the machine of the program; `command`: exit code 0; `log`: a line; `systemd`: the boot is over; `cloud-init`: it is done, and without an error. */
  for: pulumi.Input<string>;
  /** Of `ipv4`, `ipv6` and `http`: the device whose address is meant; any nic when absent. */
  nic?: pulumi.Input<string>;
  /** Of `port` and `http`: a TCP port of the container; 80 for `http` when absent. */
  port?: pulumi.Input<number>;
  /** Of `http`: the path that is asked for; `/` when absent. */
  path?: pulumi.Input<string>;
  /** Of `http`: a whole address in place of the container's own, for a container that the machine of the program reaches in another way. */
  url?: pulumi.Input<string>;
  /** Of `http`: the status of the answer; any below 400 when absent. */
  status?: pulumi.Input<number>;
  /** Of `command`: program and arguments, run in the container again and again until the exit code is 0. No shell is added. */
  command?: pulumi.Input<pulumi.Input<string>[]>;
  /** Of `log`: a regular expression that a line matches. */
  pattern?: pulumi.Input<string>;
  /** Of `log`: the file in the container; its console when absent. */
  file?: pulumi.Input<string>;
}

/** A rule about packets. Whatever their order, drop comes before reject, and reject before allow. */
export interface NetworkAclRuleArgs {
  /** What becomes of a packet: `allow`, `drop` or `reject`. */
  action: pulumi.Input<string>;
  /** `enabled` when absent, `disabled`, or `logged`: the kernel's log tells of it too. */
  state?: pulumi.Input<string>;
  /** Where packets come from: addresses, subnets and ranges such as `10.1.2.3-10.1.2.9`, with commas between; anywhere when absent. */
  source?: pulumi.Input<string>;
  /** Where packets go, written as `source`. */
  destination?: pulumi.Input<string>;
  /** `tcp`, `udp`, `icmp4` or `icmp6`; any when absent. */
  protocol?: pulumi.Input<string>;
  /** Ports of `tcp` and `udp`, and ranges of them, with commas between; any when absent. */
  sourcePort?: pulumi.Input<ConfigValue>;
  /** The same of where packets go. */
  destinationPort?: pulumi.Input<ConfigValue>;
  /** A number, of `icmp4` and `icmp6`; any when absent. */
  icmpType?: pulumi.Input<ConfigValue>;
  /** A number, of `icmp4` and `icmp6`; any when absent. */
  icmpCode?: pulumi.Input<ConfigValue>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
}

/** Ports of a forward, and where they lead. */
export interface NetworkForwardPortArgs {
  /** Ports that it listens on, and ranges of them, with commas between: `80,90-95`. */
  listenPort: pulumi.Input<ConfigValue>;
  /** Where they lead: an address of the network's subnet. */
  targetAddress: pulumi.Input<string>;
  /** As many ports as it listens on, or one for all; the same ones when absent. */
  targetPort?: pulumi.Input<ConfigValue>;
  /** `tcp` when absent, or `udp`. */
  protocol?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
}

/** Where a load balancer leads. */
export interface NetworkLoadBalancerBackendArgs {
  /** Name by which ports lead to it. */
  name: pulumi.Input<string>;
  /** Where it is: an address of the network's subnet. */
  targetAddress: pulumi.Input<string>;
  /** As many ports as are listened on, or one for all; the same ones when absent. */
  targetPort?: pulumi.Input<ConfigValue>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
}

/** Ports of a load balancer, and the backends they lead to. */
export interface NetworkLoadBalancerPortArgs {
  /** Ports that it listens on, and ranges of them, with commas between: `80,90-95`. */
  listenPort: pulumi.Input<ConfigValue>;
  /** Names of the backends that they lead to. */
  targetBackends?: pulumi.Input<pulumi.Input<string>[]>;
  /** `tcp` when absent, or `udp`. */
  protocol?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
}

/** Something that a zone says of a name. */
export interface NetworkZoneRecordEntryArgs {
  /** Type of DNS, such as `A`, `AAAA`, `CNAME`, `MX`, `SRV` or `TXT`. */
  type: pulumi.Input<string>;
  /** As a zone file writes it, such as `192.0.2.5` or `10 mail.example.org.`; a name that does not end with a dot is one of the zone. */
  value: pulumi.Input<string>;
  /** Seconds for which it may be kept; 300 when absent. */
  ttl?: pulumi.Input<number>;
}

/** How long create, update and delete may take. */
export interface TimeoutsArgs {
  /** Ceiling of create, in seconds. */
  createSeconds?: pulumi.Input<number>;
  /** Ceiling of update, in seconds. */
  updateSeconds?: pulumi.Input<number>;
  /** Ceiling of delete, in seconds. */
  deleteSeconds?: pulumi.Input<number>;
}

/** What a Backup takes. */
export interface BackupArgs {
  /** Container that is packed. Exactly one of `instance` and `volume` is given. A change replaces the backup. */
  instance?: pulumi.Input<string> | Container;
  /** Custom volume that is packed, of the pool `pool`. A change replaces the backup. */
  volume?: pulumi.Input<string> | Named;
  /** Storage pool of the volume. A change replaces the backup. */
  pool?: pulumi.Input<string> | Named;
  /** Name of the backup; made from the resource's name when absent. A change replaces the backup. */
  name?: pulumi.Input<string>;
  /** When the server deletes the backup by itself, in RFC 3339; never when absent. A change replaces the backup. */
  expiresAt?: pulumi.Input<string>;
  /** Whether the snapshots are packed too. A change replaces the backup. */
  snapshots?: pulumi.Input<boolean>;
  /** How it is packed: `none`, or a program with its options, such as `zstd -19`; the server's `backups.compression_algorithm` when absent. A change replaces the backup. */
  compression?: pulumi.Input<string>;
  /** File of the machine that runs the program, which the backup is written to as well. It stays when the backup goes, and is written again when it is missing. */
  file?: pulumi.Input<string>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  adopt?: pulumi.Input<boolean>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the backup. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** A container or a custom volume as it was at one moment, packed and kept by the server, and as a file where the program names one; deleted together with what it is of. */
export class Backup extends NativeResource {
  /** Container that is packed. Exactly one of `instance` and `volume` is given. A change replaces the backup. */
  declare readonly instance: pulumi.Output<string | undefined>;
  /** Custom volume that is packed, of the pool `pool`. A change replaces the backup. */
  declare readonly volume: pulumi.Output<string | undefined>;
  /** Storage pool of the volume. A change replaces the backup. */
  declare readonly pool: pulumi.Output<string | undefined>;
  /** Name of the backup; made from the resource's name when absent. A change replaces the backup. */
  declare readonly name: pulumi.Output<string>;
  /** When the server deletes the backup by itself, in RFC 3339; never when absent. A change replaces the backup. */
  declare readonly expiresAt: pulumi.Output<string | undefined>;
  /** Whether the snapshots are packed too. A change replaces the backup. */
  declare readonly snapshots: pulumi.Output<boolean>;
  /** How it is packed: `none`, or a program with its options, such as `zstd -19`; the server's `backups.compression_algorithm` when absent. A change replaces the backup. */
  declare readonly compression: pulumi.Output<string | undefined>;
  /** File of the machine that runs the program, which the backup is written to as well. It stays when the backup goes, and is written again when it is missing. */
  declare readonly file: pulumi.Output<string | undefined>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  declare readonly adopt: pulumi.Output<boolean | undefined>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the backup. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;
  /** When the backup was made, in RFC 3339. */
  declare readonly createdAt: pulumi.Output<string>;

  constructor(name: string, args: BackupArgs = {}, options?: pulumi.CustomResourceOptions) {
    super(
      "Backup",
      [
        "instance",
        "volume",
        "pool",
        "name",
        "expiresAt",
        "snapshots",
        "compression",
        "file",
        "adopt",
        "endpoint",
        "timeouts",
        "createdAt",
      ],
      name,
      args,
      options,
    );
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new Backup(name, {} as BackupArgs, { ...options, id });
  }
}

/** What a Certificate takes. */
export interface CertificateArgs {
  /** Name of the client, for people; made from the resource's name when absent. */
  name?: pulumi.Input<string>;
  /** Certificate of the client, as PEM text. A change replaces the certificate. */
  certificate: pulumi.Input<string>;
  /** What it is for: `client` when absent, or `metrics` for /1.0/metrics alone. A change replaces the certificate. */
  type?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Whether the client has `projects` alone, and not the whole server. */
  restricted?: pulumi.Input<boolean>;
  /** Projects of a restricted client. */
  projects?: pulumi.Input<(pulumi.Input<string> | Named)[]>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  adopt?: pulumi.Input<boolean>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the certificate. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** A client that the server trusts, by its certificate. */
export class Certificate extends NativeResource {
  /** Name of the client, for people; made from the resource's name when absent. */
  declare readonly name: pulumi.Output<string>;
  /** Certificate of the client, as PEM text. A change replaces the certificate. */
  declare readonly certificate: pulumi.Output<string>;
  /** What it is for: `client` when absent, or `metrics` for /1.0/metrics alone. A change replaces the certificate. */
  declare readonly type: pulumi.Output<string>;
  /** Free text for people. */
  declare readonly description: pulumi.Output<string>;
  /** Whether the client has `projects` alone, and not the whole server. */
  declare readonly restricted: pulumi.Output<boolean>;
  /** Projects of a restricted client. */
  declare readonly projects: pulumi.Output<string[]>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  declare readonly adopt: pulumi.Output<boolean | undefined>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the certificate. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;
  /** SHA-256 of the certificate, in 64 hexadecimal digits. */
  declare readonly fingerprint: pulumi.Output<string>;

  constructor(name: string, args: CertificateArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "Certificate",
      [
        "name",
        "certificate",
        "type",
        "description",
        "restricted",
        "projects",
        "adopt",
        "endpoint",
        "timeouts",
        "fingerprint",
      ],
      name,
      args,
      options,
    );
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new Certificate(name, {} as CertificateArgs, { ...options, id });
  }
}

/** What a ClusterGroup takes. */
export interface ClusterGroupArgs {
  /** Name of the group; made from the resource's name when absent. A change replaces the cluster group. */
  name?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Names of members of the cluster. Their order means nothing. */
  members?: pulumi.Input<pulumi.Input<string>[]>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  adopt?: pulumi.Input<boolean>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the cluster group. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** Members of a cluster under a name, on which instances can be placed (`target: "@name"`), on a cluster of LXD or Incus; Bothy's own daemon is none. */
export class ClusterGroup extends NativeResource {
  /** Name of the group; made from the resource's name when absent. A change replaces the cluster group. */
  declare readonly name: pulumi.Output<string>;
  /** Free text for people. */
  declare readonly description: pulumi.Output<string>;
  /** Names of members of the cluster. Their order means nothing. */
  declare readonly members: pulumi.Output<string[]>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  declare readonly adopt: pulumi.Output<boolean | undefined>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the cluster group. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;

  constructor(name: string, args: ClusterGroupArgs = {}, options?: pulumi.CustomResourceOptions) {
    super("ClusterGroup", ["name", "description", "members", "adopt", "endpoint", "timeouts"], name, args, options);
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new ClusterGroup(name, {} as ClusterGroupArgs, { ...options, id });
  }
}

/** What a Container takes. */
export interface ContainerArgs {
  /** Name of the container and its host name; made from the resource's name when absent. A change replaces the container. */
  name?: pulumi.Input<string>;
  /** Image to make the container from: an alias, a fingerprint, one of a server of images such as `images:alpine/3.20` or `docker:nginx:alpine`, one of this machine such as `oci:/srv/images/app:1` or `oci-archive:/srv/images/app.tar`, or a template such as `template:busybox` or `template:debian/12`. Exactly one of `image` and `source` is given. A change replaces the container. */
  image?: pulumi.Input<string> | Image;
  /** What it is: `container` when absent, or `virtual-machine` on a server that has them, as LXD and Incus do on a host with KVM. A change replaces the container. */
  type?: pulumi.Input<string>;
  /** Container or snapshot to copy in place of an image. A change replaces the container. */
  source?: pulumi.Input<ContainerSourceArgs>;
  /** Profiles, the later ones win; `default` when absent, none when empty. */
  profiles?: pulumi.Input<(pulumi.Input<string> | Named)[]>;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  config?: pulumi.Input<InstanceConfig<pulumi.Input<ConfigValue>>>;
  /** Devices by name, each with its `type` and the options of that type, as LXD names them. */
  devices?: pulumi.Input<Record<string, pulumi.Input<ContainerDevice>>>;
  /** What the container may use at most, in place of `limits.*` of `config`. */
  limits?: pulumi.Input<ContainerLimitsArgs>;
  /** Network interfaces, in place of devices of the type `nic`. */
  nics?: pulumi.Input<pulumi.Input<ContainerNicArgs>[]>;
  /** Root disk and volumes, in place of devices of the type `disk`. */
  disks?: pulumi.Input<pulumi.Input<ContainerDiskArgs>[]>;
  /** Files and folders of the host, in place of devices of the type `disk`. */
  mounts?: pulumi.Input<pulumi.Input<ContainerMountArgs>[]>;
  /** Ports of the host that lead into the container, in place of devices of the type `proxy`. */
  ports?: pulumi.Input<pulumi.Input<ContainerPortArgs>[]>;
  /** What cloud-init is told, in place of `cloud-init.*` of `config`. */
  cloudInit?: pulumi.Input<ContainerCloudInitArgs>;
  /** `no`: it does not start with the host; `always`: it does, and again when it ended by itself; `unless-stopped`: both, but for one that was stopped. In place of `boot.autostart` and `boot.autorestart`. */
  restartPolicy?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Whether the container is deleted when it stops. A change replaces the container. */
  ephemeral?: pulumi.Input<boolean>;
  /** Whether the container runs. */
  running?: pulumi.Input<boolean>;
  /** Whether an update may restart the running container for what counts from its start on, such as `security.nesting`. Else that is stored for its next start, or refused where the server does not take it. */
  allowRestart?: pulumi.Input<boolean>;
  /** What must be true before the container counts as made. */
  wait?: pulumi.Input<ContainerWaitArgs>;
  /** Text files by absolute path, written before the first start and again when they change; a file that is taken out of the program is deleted. Missing folders are made. */
  files?: pulumi.Input<Record<string, pulumi.Input<ContainerFileArgs>>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  adopt?: pulumi.Input<boolean>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the container. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** A machine container: a whole Linux system that shares the host's kernel. */
export class Container extends NativeResource {
  /** Name of the container and its host name; made from the resource's name when absent. A change replaces the container. */
  declare readonly name: pulumi.Output<string>;
  /** Image to make the container from: an alias, a fingerprint, one of a server of images such as `images:alpine/3.20` or `docker:nginx:alpine`, one of this machine such as `oci:/srv/images/app:1` or `oci-archive:/srv/images/app.tar`, or a template such as `template:busybox` or `template:debian/12`. Exactly one of `image` and `source` is given. A change replaces the container. */
  declare readonly image: pulumi.Output<string | undefined>;
  /** What it is: `container` when absent, or `virtual-machine` on a server that has them, as LXD and Incus do on a host with KVM. A change replaces the container. */
  declare readonly type: pulumi.Output<string | undefined>;
  /** Container or snapshot to copy in place of an image. A change replaces the container. */
  declare readonly source: pulumi.Output<ContainerSource | undefined>;
  /** Profiles, the later ones win; `default` when absent, none when empty. */
  declare readonly profiles: pulumi.Output<string[]>;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  declare readonly config: pulumi.Output<Record<string, string>>;
  /** Devices by name, each with its `type` and the options of that type, as LXD names them. */
  declare readonly devices: pulumi.Output<Record<string, Record<string, string>>>;
  /** What the container may use at most, in place of `limits.*` of `config`. */
  declare readonly limits: pulumi.Output<ContainerLimits | undefined>;
  /** Network interfaces, in place of devices of the type `nic`. */
  declare readonly nics: pulumi.Output<ContainerNic[] | undefined>;
  /** Root disk and volumes, in place of devices of the type `disk`. */
  declare readonly disks: pulumi.Output<ContainerDisk[] | undefined>;
  /** Files and folders of the host, in place of devices of the type `disk`. */
  declare readonly mounts: pulumi.Output<ContainerMount[] | undefined>;
  /** Ports of the host that lead into the container, in place of devices of the type `proxy`. */
  declare readonly ports: pulumi.Output<ContainerPort[] | undefined>;
  /** What cloud-init is told, in place of `cloud-init.*` of `config`. */
  declare readonly cloudInit: pulumi.Output<ContainerCloudInit | undefined>;
  /** `no`: it does not start with the host; `always`: it does, and again when it ended by itself; `unless-stopped`: both, but for one that was stopped. In place of `boot.autostart` and `boot.autorestart`. */
  declare readonly restartPolicy: pulumi.Output<string | undefined>;
  /** Free text for people. */
  declare readonly description: pulumi.Output<string>;
  /** Whether the container is deleted when it stops. A change replaces the container. */
  declare readonly ephemeral: pulumi.Output<boolean>;
  /** Whether the container runs. */
  declare readonly running: pulumi.Output<boolean>;
  /** Whether an update may restart the running container for what counts from its start on, such as `security.nesting`. Else that is stored for its next start, or refused where the server does not take it. */
  declare readonly allowRestart: pulumi.Output<boolean | undefined>;
  /** What must be true before the container counts as made. */
  declare readonly wait: pulumi.Output<ContainerWait | undefined>;
  /** Text files by absolute path, written before the first start and again when they change; a file that is taken out of the program is deleted. Missing folders are made. */
  declare readonly files: pulumi.Output<Record<string, ContainerFile> | undefined>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  declare readonly adopt: pulumi.Output<boolean | undefined>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the container. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;
  /** `Running`, `Stopped`, `Frozen` or `Error`. */
  declare readonly status: pulumi.Output<string>;
  /** Processor architecture, such as `x86_64`. */
  declare readonly architecture: pulumi.Output<string>;
  /** When the container was made, in RFC 3339. */
  declare readonly createdAt: pulumi.Output<string>;
  /** First global IPv4 address: of the interface that `user.access_interface` names, else of the first nic that has one. */
  declare readonly ipv4Address: pulumi.Output<string | undefined>;
  /** All global IPv4 addresses. */
  declare readonly ipv4Addresses: pulumi.Output<string[]>;
  /** Hardware address of the interface that `ipv4Address` belongs to, else of the first nic. */
  declare readonly macAddress: pulumi.Output<string | undefined>;
  /** Network interfaces other than loopback. */
  declare readonly interfaces: pulumi.Output<ContainerInterface[]>;

  constructor(name: string, args: ContainerArgs = {}, options?: pulumi.CustomResourceOptions) {
    super(
      "Container",
      [
        "name",
        "image",
        "type",
        "source",
        "profiles",
        "config",
        "devices",
        "limits",
        "nics",
        "disks",
        "mounts",
        "ports",
        "cloudInit",
        "restartPolicy",
        "description",
        "ephemeral",
        "running",
        "allowRestart",
        "wait",
        "files",
        "adopt",
        "endpoint",
        "timeouts",
        "status",
        "architecture",
        "createdAt",
        "ipv4Address",
        "ipv4Addresses",
        "macAddress",
        "interfaces",
      ],
      name,
      args,
      options,
    );
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new Container(name, {} as ContainerArgs, { ...options, id });
  }
}

/** What a Exec takes. */
export interface ExecArgs {
  /** Container in which the commands run; it must be running. A change replaces the exec. */
  instance: pulumi.Input<string> | Container;
  /** Program and arguments that run when the resource is made, and when an input of it changes while there is no `update`. No shell is added. */
  create: pulumi.Input<pulumi.Input<string>[]>;
  /** Program and arguments that run in place of `create` when an input of the resource changes. */
  update?: pulumi.Input<pulumi.Input<string>[]>;
  /** Program and arguments that run when the resource is deleted; not when its container goes with it. */
  delete?: pulumi.Input<pulumi.Input<string>[]>;
  /** Values of which a change has `delete` run, and then `create`. A change replaces the exec. */
  triggers?: pulumi.Input<pulumi.Input<ConfigValue>[]>;
  /** What the commands read from their input; nothing when absent. */
  stdin?: pulumi.Input<string>;
  /** Environment variables of the commands. */
  environment?: pulumi.Input<Record<string, pulumi.Input<ConfigValue>>>;
  /** User by number, as the container sees it; root when absent. */
  user?: pulumi.Input<number>;
  /** Group by number, as the container sees it. */
  group?: pulumi.Input<number>;
  /** Folder in the container in which the commands run. */
  cwd?: pulumi.Input<string>;
  /** How long a command may take, in seconds; then it is killed. When absent, as long as the step (`timeouts`). */
  timeoutSeconds?: pulumi.Input<number>;
  /** Exit codes that count as success; 0 when absent. */
  exitCodes?: pulumi.Input<pulumi.Input<number>[]>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the exec. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** Commands that run in a container: when the resource is made, when it changes and when it is deleted. */
export class Exec extends NativeResource {
  /** Container in which the commands run; it must be running. A change replaces the exec. */
  declare readonly instance: pulumi.Output<string>;
  /** Program and arguments that run when the resource is made, and when an input of it changes while there is no `update`. No shell is added. */
  declare readonly create: pulumi.Output<string[]>;
  /** Program and arguments that run in place of `create` when an input of the resource changes. */
  declare readonly update: pulumi.Output<string[] | undefined>;
  /** Program and arguments that run when the resource is deleted; not when its container goes with it. */
  declare readonly delete: pulumi.Output<string[] | undefined>;
  /** Values of which a change has `delete` run, and then `create`. A change replaces the exec. */
  declare readonly triggers: pulumi.Output<string[] | undefined>;
  /** What the commands read from their input; nothing when absent. */
  declare readonly stdin: pulumi.Output<string | undefined>;
  /** Environment variables of the commands. */
  declare readonly environment: pulumi.Output<Record<string, string> | undefined>;
  /** User by number, as the container sees it; root when absent. */
  declare readonly user: pulumi.Output<number | undefined>;
  /** Group by number, as the container sees it. */
  declare readonly group: pulumi.Output<number | undefined>;
  /** Folder in the container in which the commands run. */
  declare readonly cwd: pulumi.Output<string | undefined>;
  /** How long a command may take, in seconds; then it is killed. When absent, as long as the step (`timeouts`). */
  declare readonly timeoutSeconds: pulumi.Output<number | undefined>;
  /** Exit codes that count as success; 0 when absent. */
  declare readonly exitCodes: pulumi.Output<number[]>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the exec. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;
  /** What `create` or `update` wrote to its output, at most its last 65536 characters. Secret inputs are hidden in it. */
  declare readonly stdout: pulumi.Output<string>;
  /** What it wrote as errors, at most its last 65536 characters. Secret inputs are hidden in it. */
  declare readonly stderr: pulumi.Output<string>;
  /** Its exit code. */
  declare readonly exitCode: pulumi.Output<number>;

  constructor(name: string, args: ExecArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "Exec",
      [
        "instance",
        "create",
        "update",
        "delete",
        "triggers",
        "stdin",
        "environment",
        "user",
        "group",
        "cwd",
        "timeoutSeconds",
        "exitCodes",
        "endpoint",
        "timeouts",
        "stdout",
        "stderr",
        "exitCode",
      ],
      name,
      args,
      options,
    );
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new Exec(name, {} as ExecArgs, { ...options, id });
  }
}

/** What a Device takes. */
export interface DeviceArgs {
  /** Container that gets the device. Exactly one of `instance` and `profile` is given. A change replaces the device. */
  instance?: pulumi.Input<string> | Container;
  /** Profile that gets the device, and with it its containers. A change replaces the device. */
  profile?: pulumi.Input<string> | Named;
  /** Name of the device, which its owner has no other device of. A change replaces the device. */
  name: pulumi.Input<string>;
  /** Type of the device: `none`, `disk`, `gpu`, `infiniband`, `nic`, `proxy`, `tpm`, `unix-block`, `unix-char`, `unix-hotplug`, `usb`. */
  type: pulumi.Input<string>;
  /** Options of that type, as `devices` of a container has them; an empty value unsets one. */
  properties?: pulumi.Input<ContainerDevice>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  adopt?: pulumi.Input<boolean>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the device. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** One device of a container or a profile, as a resource of its own. The resource of its owner leaves it alone; deleted together with its owner. */
export class Device extends NativeResource {
  /** Container that gets the device. Exactly one of `instance` and `profile` is given. A change replaces the device. */
  declare readonly instance: pulumi.Output<string | undefined>;
  /** Profile that gets the device, and with it its containers. A change replaces the device. */
  declare readonly profile: pulumi.Output<string | undefined>;
  /** Name of the device, which its owner has no other device of. A change replaces the device. */
  declare readonly name: pulumi.Output<string>;
  /** Type of the device: `none`, `disk`, `gpu`, `infiniband`, `nic`, `proxy`, `tpm`, `unix-block`, `unix-char`, `unix-hotplug`, `usb`. */
  declare readonly type: pulumi.Output<string>;
  /** Options of that type, as `devices` of a container has them; an empty value unsets one. */
  declare readonly properties: pulumi.Output<Record<string, string>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  declare readonly adopt: pulumi.Output<boolean | undefined>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the device. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;

  constructor(name: string, args: DeviceArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "Device",
      ["instance", "profile", "name", "type", "properties", "adopt", "endpoint", "timeouts"],
      name,
      args,
      options,
    );
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new Device(name, {} as DeviceArgs, { ...options, id });
  }
}

/** What a File takes. */
export interface FileArgs {
  /** Container that has the file, running or stopped. A change replaces the file. */
  instance: pulumi.Input<string> | Container;
  /** Where the file is in the container, or the folder. Missing folders above it are made. A change replaces the file. */
  path: pulumi.Input<string>;
  /** Content, as UTF-8 text. Exactly one of `content`, `contentBase64` and `source` is given. */
  content?: pulumi.Input<string>;
  /** Content of any bytes, as base64. */
  contentBase64?: pulumi.Input<string>;
  /** A file of the machine that runs the program, as an asset, or a folder of it, as an archive. What is in it counts, not where it lies. */
  source?: pulumi.Input<pulumi.asset.Asset | pulumi.asset.Archive>;
  /** Permissions, octal. When absent "0644", and of files from `source` "0755" where their owner may execute them. */
  mode?: pulumi.Input<string>;
  /** Owner, as the container sees it. */
  uid?: pulumi.Input<number>;
  /** Group, as the container sees it. */
  gid?: pulumi.Input<number>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the file. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** A file, or a folder of files, that is kept in a container, whether it runs or not. */
export class File extends NativeResource {
  /** Container that has the file, running or stopped. A change replaces the file. */
  declare readonly instance: pulumi.Output<string>;
  /** Where the file is in the container, or the folder. Missing folders above it are made. A change replaces the file. */
  declare readonly path: pulumi.Output<string>;
  /** Content, as UTF-8 text. Exactly one of `content`, `contentBase64` and `source` is given. */
  declare readonly content: pulumi.Output<string | undefined>;
  /** Content of any bytes, as base64. */
  declare readonly contentBase64: pulumi.Output<string | undefined>;
  /** A file of the machine that runs the program, as an asset, or a folder of it, as an archive. What is in it counts, not where it lies. */
  declare readonly source: pulumi.Output<pulumi.asset.Asset | pulumi.asset.Archive | undefined>;
  /** Permissions, octal. When absent "0644", and of files from `source` "0755" where their owner may execute them. */
  declare readonly mode: pulumi.Output<string | undefined>;
  /** Owner, as the container sees it. */
  declare readonly uid: pulumi.Output<number>;
  /** Group, as the container sees it. */
  declare readonly gid: pulumi.Output<number>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the file. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;
  /** Sha256 of what is there: contents, modes and owners. Absent when the content is a secret. */
  declare readonly hash: pulumi.Output<string | undefined>;

  constructor(name: string, args: FileArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "File",
      ["instance", "path", "content", "contentBase64", "source", "mode", "uid", "gid", "endpoint", "timeouts", "hash"],
      name,
      args,
      options,
    );
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new File(name, {} as FileArgs, { ...options, id });
  }
}

/** What a Image takes. */
export interface ImageArgs {
  /** Unified tarball on the machine that runs the program; its content counts, not its path. A change of content replaces the image. Exactly one of `sourceFile` and `template` is given. */
  sourceFile?: pulumi.Input<string>;
  /** Template that the daemon builds, such as `busybox` or `debian/12`. A change replaces the image. */
  template?: pulumi.Input<string>;
  /** Names of the image. */
  aliases?: pulumi.Input<pulumi.Input<string>[]>;
  /** Properties that are set besides those that the image brings. */
  properties?: pulumi.Input<Record<string, pulumi.Input<ConfigValue>>>;
  /** Whether clients without a certificate may fetch the image. */
  public?: pulumi.Input<boolean>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  adopt?: pulumi.Input<boolean>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the image. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** What containers are made from: a tarball of the program's own, or a template that the daemon builds. */
export class Image extends NativeResource {
  /** Unified tarball on the machine that runs the program; its content counts, not its path. A change of content replaces the image. Exactly one of `sourceFile` and `template` is given. */
  declare readonly sourceFile: pulumi.Output<string | undefined>;
  /** Template that the daemon builds, such as `busybox` or `debian/12`. A change replaces the image. */
  declare readonly template: pulumi.Output<string | undefined>;
  /** Names of the image. */
  declare readonly aliases: pulumi.Output<string[]>;
  /** Properties that are set besides those that the image brings. */
  declare readonly properties: pulumi.Output<Record<string, string>>;
  /** Whether clients without a certificate may fetch the image. */
  declare readonly public: pulumi.Output<boolean>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  declare readonly adopt: pulumi.Output<boolean | undefined>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the image. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;
  /** Sha256 of the image, in hexadecimal digits. */
  declare readonly fingerprint: pulumi.Output<string>;
  /** Processor architecture, such as `x86_64`. */
  declare readonly architecture: pulumi.Output<string>;
  /** Size of the stored image, in bytes. */
  declare readonly sizeBytes: pulumi.Output<number>;
  /** When the image was built, in RFC 3339. */
  declare readonly createdAt: pulumi.Output<string>;

  constructor(name: string, args: ImageArgs = {}, options?: pulumi.CustomResourceOptions) {
    super(
      "Image",
      [
        "sourceFile",
        "template",
        "aliases",
        "properties",
        "public",
        "adopt",
        "endpoint",
        "timeouts",
        "fingerprint",
        "architecture",
        "sizeBytes",
        "createdAt",
      ],
      name,
      args,
      options,
    );
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new Image(name, {} as ImageArgs, { ...options, id });
  }
}

/** What a Network takes. */
export interface NetworkArgs {
  /** Name of the network and of its bridge, at most 15 characters; made from the resource's name when absent. A change replaces the network. */
  name?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  config?: pulumi.Input<NetworkConfig<OptionValue>>;
  /** Type of the network: `bridge`, or `macvlan`, `physical` or `sriov` for an interface of the host that nics stand on. A change replaces the network. */
  type?: pulumi.Input<string>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  adopt?: pulumi.Input<boolean>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the network. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** A bridge with DHCP, DNS and NAT, for containers. */
export class Network extends NativeResource {
  /** Name of the network and of its bridge, at most 15 characters; made from the resource's name when absent. A change replaces the network. */
  declare readonly name: pulumi.Output<string>;
  /** Free text for people. */
  declare readonly description: pulumi.Output<string>;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  declare readonly config: pulumi.Output<Record<string, string>>;
  /** Type of the network: `bridge`, or `macvlan`, `physical` or `sriov` for an interface of the host that nics stand on. A change replaces the network. */
  declare readonly type: pulumi.Output<string>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  declare readonly adopt: pulumi.Output<boolean | undefined>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the network. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;
  /** Address of the bridge with its prefix length, such as `10.1.2.1/24`; absent without IPv4. */
  declare readonly ipv4Address: pulumi.Output<string | undefined>;
  /** The same of IPv6, such as `fd42:1:2:3::1/64`; absent without IPv6. */
  declare readonly ipv6Address: pulumi.Output<string | undefined>;
  /** What the server says of the network, such as `Created`. */
  declare readonly status: pulumi.Output<string>;

  constructor(name: string, args: NetworkArgs = {}, options?: pulumi.CustomResourceOptions) {
    super(
      "Network",
      [
        "name",
        "description",
        "config",
        "type",
        "adopt",
        "endpoint",
        "timeouts",
        "ipv4Address",
        "ipv6Address",
        "status",
      ],
      name,
      args,
      options,
    );
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new Network(name, {} as NetworkArgs, { ...options, id });
  }
}

/** What a NetworkAcl takes. */
export interface NetworkAclArgs {
  /** Name of the ACL; made from the resource's name when absent. A change replaces the network acl. */
  name?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Rules of what goes to instances. */
  ingress?: pulumi.Input<pulumi.Input<NetworkAclRuleArgs>[]>;
  /** Rules of what comes from instances. */
  egress?: pulumi.Input<pulumi.Input<NetworkAclRuleArgs>[]>;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  config?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  adopt?: pulumi.Input<boolean>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the network acl. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** Rules about what enters and leaves networks, which take it by their key `security.acls`. A change counts at once. */
export class NetworkAcl extends NativeResource {
  /** Name of the ACL; made from the resource's name when absent. A change replaces the network acl. */
  declare readonly name: pulumi.Output<string>;
  /** Free text for people. */
  declare readonly description: pulumi.Output<string>;
  /** Rules of what goes to instances. */
  declare readonly ingress: pulumi.Output<NetworkAclRule[]>;
  /** Rules of what comes from instances. */
  declare readonly egress: pulumi.Output<NetworkAclRule[]>;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  declare readonly config: pulumi.Output<Record<string, string>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  declare readonly adopt: pulumi.Output<boolean | undefined>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the network acl. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;

  constructor(name: string, args: NetworkAclArgs = {}, options?: pulumi.CustomResourceOptions) {
    super(
      "NetworkAcl",
      ["name", "description", "ingress", "egress", "config", "adopt", "endpoint", "timeouts"],
      name,
      args,
      options,
    );
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new NetworkAcl(name, {} as NetworkAclArgs, { ...options, id });
  }
}

/** What a NetworkAddressSet takes. */
export interface NetworkAddressSetArgs {
  /** Name of the set; made from the resource's name when absent. A change replaces the network address set. */
  name?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Addresses and subnets such as `10.1.2.0/24`, of both families as they come. Their order means nothing. */
  addresses?: pulumi.Input<pulumi.Input<string>[]>;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  config?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  adopt?: pulumi.Input<boolean>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the network address set. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** Addresses and subnets under a name, which rules of network ACLs use as `$name`. A change counts at once. */
export class NetworkAddressSet extends NativeResource {
  /** Name of the set; made from the resource's name when absent. A change replaces the network address set. */
  declare readonly name: pulumi.Output<string>;
  /** Free text for people. */
  declare readonly description: pulumi.Output<string>;
  /** Addresses and subnets such as `10.1.2.0/24`, of both families as they come. Their order means nothing. */
  declare readonly addresses: pulumi.Output<string[]>;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  declare readonly config: pulumi.Output<Record<string, string>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  declare readonly adopt: pulumi.Output<boolean | undefined>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the network address set. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;

  constructor(name: string, args: NetworkAddressSetArgs = {}, options?: pulumi.CustomResourceOptions) {
    super(
      "NetworkAddressSet",
      ["name", "description", "addresses", "config", "adopt", "endpoint", "timeouts"],
      name,
      args,
      options,
    );
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new NetworkAddressSet(name, {} as NetworkAddressSetArgs, { ...options, id });
  }
}

/** What a NetworkForward takes. */
export interface NetworkForwardArgs {
  /** Network whose instances are the targets, a bridge. A change replaces the network forward. */
  network: pulumi.Input<string> | Named;
  /** Address that it listens on, of IPv4 or IPv6: one of the host, or one that leads to it. A change replaces the network forward. */
  listenAddress: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Ports that lead to instances. */
  ports?: pulumi.Input<pulumi.Input<NetworkForwardPortArgs>[]>;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  config?: pulumi.Input<NetworkForwardConfig<pulumi.Input<ConfigValue>>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  adopt?: pulumi.Input<boolean>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the network forward. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** An address whose ports, or whole traffic, go to instances of a network; deleted together with it. */
export class NetworkForward extends NativeResource {
  /** Network whose instances are the targets, a bridge. A change replaces the network forward. */
  declare readonly network: pulumi.Output<string>;
  /** Address that it listens on, of IPv4 or IPv6: one of the host, or one that leads to it. A change replaces the network forward. */
  declare readonly listenAddress: pulumi.Output<string>;
  /** Free text for people. */
  declare readonly description: pulumi.Output<string>;
  /** Ports that lead to instances. */
  declare readonly ports: pulumi.Output<NetworkForwardPort[]>;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  declare readonly config: pulumi.Output<Record<string, string>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  declare readonly adopt: pulumi.Output<boolean | undefined>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the network forward. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;

  constructor(name: string, args: NetworkForwardArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "NetworkForward",
      ["network", "listenAddress", "description", "ports", "config", "adopt", "endpoint", "timeouts"],
      name,
      args,
      options,
    );
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new NetworkForward(name, {} as NetworkForwardArgs, { ...options, id });
  }
}

/** What a NetworkLoadBalancer takes. */
export interface NetworkLoadBalancerArgs {
  /** Network whose instances are the backends. A change replaces the network load balancer. */
  network: pulumi.Input<string> | Named;
  /** Address that it listens on, of IPv4 or IPv6. A change replaces the network load balancer. */
  listenAddress: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Instances that ports lead to. */
  backends?: pulumi.Input<pulumi.Input<NetworkLoadBalancerBackendArgs>[]>;
  /** Ports that lead to backends. */
  ports?: pulumi.Input<pulumi.Input<NetworkLoadBalancerPortArgs>[]>;
  /** Configuration keys and their values, all text, as the server has them (`user.*`); an empty value unsets a key. */
  config?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  adopt?: pulumi.Input<boolean>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the network load balancer. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** An address whose ports lead to several instances of a network, on servers that have it; Bothy's own has not. Deleted together with the network. */
export class NetworkLoadBalancer extends NativeResource {
  /** Network whose instances are the backends. A change replaces the network load balancer. */
  declare readonly network: pulumi.Output<string>;
  /** Address that it listens on, of IPv4 or IPv6. A change replaces the network load balancer. */
  declare readonly listenAddress: pulumi.Output<string>;
  /** Free text for people. */
  declare readonly description: pulumi.Output<string>;
  /** Instances that ports lead to. */
  declare readonly backends: pulumi.Output<NetworkLoadBalancerBackend[]>;
  /** Ports that lead to backends. */
  declare readonly ports: pulumi.Output<NetworkLoadBalancerPort[]>;
  /** Configuration keys and their values, all text, as the server has them (`user.*`); an empty value unsets a key. */
  declare readonly config: pulumi.Output<Record<string, string>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  declare readonly adopt: pulumi.Output<boolean | undefined>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the network load balancer. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;
  /** Member of the cluster that holds it. */
  declare readonly location: pulumi.Output<string>;

  constructor(name: string, args: NetworkLoadBalancerArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "NetworkLoadBalancer",
      [
        "network",
        "listenAddress",
        "description",
        "backends",
        "ports",
        "config",
        "adopt",
        "endpoint",
        "timeouts",
        "location",
      ],
      name,
      args,
      options,
    );
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new NetworkLoadBalancer(name, {} as NetworkLoadBalancerArgs, { ...options, id });
  }
}

/** What a NetworkPeer takes. */
export interface NetworkPeerArgs {
  /** Network of type `ovn` that gets the peer. A change replaces the network peer. */
  network: pulumi.Input<string> | Named;
  /** Name of the peer; made from the resource's name when absent. A change replaces the network peer. */
  name?: pulumi.Input<string>;
  /** Network on the other side, which needs a peer of this one before traffic flows. A change replaces the network peer. */
  targetNetwork?: pulumi.Input<string> | Named;
  /** Project of that network; that of `network` when absent. A change replaces the network peer. */
  targetProject?: pulumi.Input<string> | Named;
  /** `local` when absent, or `remote` for a `targetIntegration`, on Incus. A change replaces the network peer. */
  type?: pulumi.Input<string>;
  /** Network integration of a remote peer, on Incus. A change replaces the network peer. */
  targetIntegration?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Configuration keys and their values, all text, as the server has them (`user.*`); an empty value unsets a key. */
  config?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  adopt?: pulumi.Input<boolean>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the network peer. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** What lets two networks of type `ovn` reach each other, on servers that have such networks; Bothy's own has none. */
export class NetworkPeer extends NativeResource {
  /** Network of type `ovn` that gets the peer. A change replaces the network peer. */
  declare readonly network: pulumi.Output<string>;
  /** Name of the peer; made from the resource's name when absent. A change replaces the network peer. */
  declare readonly name: pulumi.Output<string>;
  /** Network on the other side, which needs a peer of this one before traffic flows. A change replaces the network peer. */
  declare readonly targetNetwork: pulumi.Output<string | undefined>;
  /** Project of that network; that of `network` when absent. A change replaces the network peer. */
  declare readonly targetProject: pulumi.Output<string | undefined>;
  /** `local` when absent, or `remote` for a `targetIntegration`, on Incus. A change replaces the network peer. */
  declare readonly type: pulumi.Output<string | undefined>;
  /** Network integration of a remote peer, on Incus. A change replaces the network peer. */
  declare readonly targetIntegration: pulumi.Output<string | undefined>;
  /** Free text for people. */
  declare readonly description: pulumi.Output<string>;
  /** Configuration keys and their values, all text, as the server has them (`user.*`); an empty value unsets a key. */
  declare readonly config: pulumi.Output<Record<string, string>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  declare readonly adopt: pulumi.Output<boolean | undefined>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the network peer. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;
  /** `Pending` until the other network has a peer of this one. */
  declare readonly status: pulumi.Output<string>;

  constructor(name: string, args: NetworkPeerArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "NetworkPeer",
      [
        "network",
        "name",
        "targetNetwork",
        "targetProject",
        "type",
        "targetIntegration",
        "description",
        "config",
        "adopt",
        "endpoint",
        "timeouts",
        "status",
      ],
      name,
      args,
      options,
    );
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new NetworkPeer(name, {} as NetworkPeerArgs, { ...options, id });
  }
}

/** What a NetworkZone takes. */
export interface NetworkZoneArgs {
  /** Name of the zone, a domain such as `lab.example.org`, or one of addresses such as `2.0.192.in-addr.arpa`. A change replaces the network zone. */
  name: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  config?: pulumi.Input<NetworkZoneConfig<pulumi.Input<ConfigValue>>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  adopt?: pulumi.Input<boolean>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the network zone. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** Names of instances as a DNS zone, which networks take by their keys `dns.zone.forward` and `dns.zone.reverse.*`, and configured peers may copy. */
export class NetworkZone extends NativeResource {
  /** Name of the zone, a domain such as `lab.example.org`, or one of addresses such as `2.0.192.in-addr.arpa`. A change replaces the network zone. */
  declare readonly name: pulumi.Output<string>;
  /** Free text for people. */
  declare readonly description: pulumi.Output<string>;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  declare readonly config: pulumi.Output<Record<string, string>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  declare readonly adopt: pulumi.Output<boolean | undefined>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the network zone. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;

  constructor(name: string, args: NetworkZoneArgs, options?: pulumi.CustomResourceOptions) {
    super("NetworkZone", ["name", "description", "config", "adopt", "endpoint", "timeouts"], name, args, options);
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new NetworkZone(name, {} as NetworkZoneArgs, { ...options, id });
  }
}

/** What a NetworkZoneRecord takes. */
export interface NetworkZoneRecordArgs {
  /** Zone that the record is of. A change replaces the network zone record. */
  zone: pulumi.Input<string> | Named;
  /** Name that it is about, without that of the zone; `@` for the zone itself. A change replaces the network zone record. */
  name: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** What the zone says of the name. */
  entries?: pulumi.Input<pulumi.Input<NetworkZoneRecordEntryArgs>[]>;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  config?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  adopt?: pulumi.Input<boolean>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the network zone record. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** What a zone says of a name, beside what its networks make it say; deleted together with it. */
export class NetworkZoneRecord extends NativeResource {
  /** Zone that the record is of. A change replaces the network zone record. */
  declare readonly zone: pulumi.Output<string>;
  /** Name that it is about, without that of the zone; `@` for the zone itself. A change replaces the network zone record. */
  declare readonly name: pulumi.Output<string>;
  /** Free text for people. */
  declare readonly description: pulumi.Output<string>;
  /** What the zone says of the name. */
  declare readonly entries: pulumi.Output<NetworkZoneRecordEntry[]>;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  declare readonly config: pulumi.Output<Record<string, string>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  declare readonly adopt: pulumi.Output<boolean | undefined>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the network zone record. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;

  constructor(name: string, args: NetworkZoneRecordArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "NetworkZoneRecord",
      ["zone", "name", "description", "entries", "config", "adopt", "endpoint", "timeouts"],
      name,
      args,
      options,
    );
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new NetworkZoneRecord(name, {} as NetworkZoneRecordArgs, { ...options, id });
  }
}

/** What a Profile takes. */
export interface ProfileArgs {
  /** Name of the profile; made from the resource's name when absent. A change replaces the profile. */
  name?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  config?: pulumi.Input<InstanceConfig<pulumi.Input<ConfigValue>>>;
  /** Devices by name, each with its `type` and the options of that type, as LXD names them. */
  devices?: pulumi.Input<Record<string, pulumi.Input<ContainerDevice>>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  adopt?: pulumi.Input<boolean>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the profile. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** Configuration and devices that containers share. Changes reach the containers that use it at once. */
export class Profile extends NativeResource {
  /** Name of the profile; made from the resource's name when absent. A change replaces the profile. */
  declare readonly name: pulumi.Output<string>;
  /** Free text for people. */
  declare readonly description: pulumi.Output<string>;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  declare readonly config: pulumi.Output<Record<string, string>>;
  /** Devices by name, each with its `type` and the options of that type, as LXD names them. */
  declare readonly devices: pulumi.Output<Record<string, Record<string, string>>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  declare readonly adopt: pulumi.Output<boolean | undefined>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the profile. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;

  constructor(name: string, args: ProfileArgs = {}, options?: pulumi.CustomResourceOptions) {
    super(
      "Profile",
      ["name", "description", "config", "devices", "adopt", "endpoint", "timeouts"],
      name,
      args,
      options,
    );
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new Profile(name, {} as ProfileArgs, { ...options, id });
  }
}

/** What a Project takes. */
export interface ProjectArgs {
  /** Name of the project; made from the resource's name when absent. A change replaces the project. */
  name?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  config?: pulumi.Input<ProjectConfig<pulumi.Input<ConfigValue>>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  adopt?: pulumi.Input<boolean>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the project. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** Instances, images and profiles that live apart from those of other projects, with limits and restrictions. */
export class Project extends NativeResource {
  /** Name of the project; made from the resource's name when absent. A change replaces the project. */
  declare readonly name: pulumi.Output<string>;
  /** Free text for people. */
  declare readonly description: pulumi.Output<string>;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  declare readonly config: pulumi.Output<Record<string, string>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  declare readonly adopt: pulumi.Output<boolean | undefined>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the project. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;

  constructor(name: string, args: ProjectArgs = {}, options?: pulumi.CustomResourceOptions) {
    super("Project", ["name", "description", "config", "adopt", "endpoint", "timeouts"], name, args, options);
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new Project(name, {} as ProjectArgs, { ...options, id });
  }
}

/** What a ServerConfig takes. */
export interface ServerConfigArgs {
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  config?: pulumi.Input<ServerSettings<pulumi.Input<ConfigValue>>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  adopt?: pulumi.Input<boolean>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the server config. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** Keys of the server's own configuration. The resource has those that it names, sets them back when it is deleted, and leaves all others alone. */
export class ServerConfig extends NativeResource {
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  declare readonly config: pulumi.Output<Record<string, string>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  declare readonly adopt: pulumi.Output<boolean | undefined>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the server config. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;

  constructor(name: string, args: ServerConfigArgs = {}, options?: pulumi.CustomResourceOptions) {
    super("ServerConfig", ["config", "adopt", "endpoint", "timeouts"], name, args, options);
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new ServerConfig(name, {} as ServerConfigArgs, { ...options, id });
  }
}

/** What a Snapshot takes. */
export interface SnapshotArgs {
  /** Container to take the snapshot of. A change replaces the snapshot. */
  instance: pulumi.Input<string> | Container;
  /** Name of the snapshot; made from the resource's name when absent. A change replaces the snapshot. */
  name?: pulumi.Input<string>;
  /** When the server deletes the snapshot by itself, in RFC 3339; never when absent. */
  expiresAt?: pulumi.Input<string>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  adopt?: pulumi.Input<boolean>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the snapshot. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** A container as it was at one moment; deleted together with its container. */
export class Snapshot extends NativeResource {
  /** Container to take the snapshot of. A change replaces the snapshot. */
  declare readonly instance: pulumi.Output<string>;
  /** Name of the snapshot; made from the resource's name when absent. A change replaces the snapshot. */
  declare readonly name: pulumi.Output<string>;
  /** When the server deletes the snapshot by itself, in RFC 3339; never when absent. */
  declare readonly expiresAt: pulumi.Output<string | undefined>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  declare readonly adopt: pulumi.Output<boolean | undefined>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the snapshot. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;
  /** When the snapshot was taken, in RFC 3339. */
  declare readonly createdAt: pulumi.Output<string>;

  constructor(name: string, args: SnapshotArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "Snapshot",
      ["instance", "name", "expiresAt", "adopt", "endpoint", "timeouts", "createdAt"],
      name,
      args,
      options,
    );
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new Snapshot(name, {} as SnapshotArgs, { ...options, id });
  }
}

/** What a StorageBucket takes. */
export interface StorageBucketArgs {
  /** Storage pool that holds the bucket. A change replaces the storage bucket. */
  pool: pulumi.Input<string> | Named;
  /** Name of the bucket; made from the resource's name when absent. A change replaces the storage bucket. */
  name?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Configuration keys and their values, all text, as the server has them (`size`, `user.*`); an empty value unsets a key. */
  config?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  adopt?: pulumi.Input<boolean>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the storage bucket. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** A bucket of S3 in a storage pool, on servers that have buckets; Bothy's own has none. */
export class StorageBucket extends NativeResource {
  /** Storage pool that holds the bucket. A change replaces the storage bucket. */
  declare readonly pool: pulumi.Output<string>;
  /** Name of the bucket; made from the resource's name when absent. A change replaces the storage bucket. */
  declare readonly name: pulumi.Output<string>;
  /** Free text for people. */
  declare readonly description: pulumi.Output<string>;
  /** Configuration keys and their values, all text, as the server has them (`size`, `user.*`); an empty value unsets a key. */
  declare readonly config: pulumi.Output<Record<string, string>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  declare readonly adopt: pulumi.Output<boolean | undefined>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the storage bucket. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;
  /** Address by which clients of S3 reach it. */
  declare readonly s3Url: pulumi.Output<string>;
  /** Member of the cluster that holds it. */
  declare readonly location: pulumi.Output<string>;

  constructor(name: string, args: StorageBucketArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "StorageBucket",
      ["pool", "name", "description", "config", "adopt", "endpoint", "timeouts", "s3Url", "location"],
      name,
      args,
      options,
    );
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new StorageBucket(name, {} as StorageBucketArgs, { ...options, id });
  }
}

/** What a StorageBucketKey takes. */
export interface StorageBucketKeyArgs {
  /** Storage pool of the bucket. A change replaces the storage bucket key. */
  pool: pulumi.Input<string> | Named;
  /** Bucket that the key is for. A change replaces the storage bucket key. */
  bucket: pulumi.Input<string> | Named;
  /** Name of the key; made from the resource's name when absent. A change replaces the storage bucket key. */
  name?: pulumi.Input<string>;
  /** What the key allows: `read-only` when absent, or `admin`. A change replaces the storage bucket key. */
  role?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  adopt?: pulumi.Input<boolean>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the storage bucket key. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** Words of access to a storage bucket, on servers that have buckets; deleted together with its bucket. */
export class StorageBucketKey extends NativeResource {
  /** Storage pool of the bucket. A change replaces the storage bucket key. */
  declare readonly pool: pulumi.Output<string>;
  /** Bucket that the key is for. A change replaces the storage bucket key. */
  declare readonly bucket: pulumi.Output<string>;
  /** Name of the key; made from the resource's name when absent. A change replaces the storage bucket key. */
  declare readonly name: pulumi.Output<string>;
  /** What the key allows: `read-only` when absent, or `admin`. A change replaces the storage bucket key. */
  declare readonly role: pulumi.Output<string>;
  /** Free text for people. */
  declare readonly description: pulumi.Output<string>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  declare readonly adopt: pulumi.Output<boolean | undefined>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the storage bucket key. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;
  /** Access key, which clients of S3 are given. */
  declare readonly accessKey: pulumi.Output<string>;
  /** Secret key, which clients of S3 are given. */
  declare readonly secretKey: pulumi.Output<string>;

  constructor(name: string, args: StorageBucketKeyArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "StorageBucketKey",
      ["pool", "bucket", "name", "role", "description", "adopt", "endpoint", "timeouts", "accessKey", "secretKey"],
      name,
      args,
      options,
    );
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new StorageBucketKey(name, {} as StorageBucketKeyArgs, { ...options, id });
  }
}

/** What a StoragePool takes. */
export interface StoragePoolArgs {
  /** Name of the pool; made from the resource's name when absent. A change replaces the storage pool. */
  name?: pulumi.Input<string>;
  /** Storage driver: `btrfs`, `dir`, `lvm`, `overlay`, `zfs`. A change replaces the storage pool. */
  driver: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  config?: pulumi.Input<StoragePoolConfig<pulumi.Input<ConfigValue>>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  adopt?: pulumi.Input<boolean>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the storage pool. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** Where root file systems of containers live. */
export class StoragePool extends NativeResource {
  /** Name of the pool; made from the resource's name when absent. A change replaces the storage pool. */
  declare readonly name: pulumi.Output<string>;
  /** Storage driver: `btrfs`, `dir`, `lvm`, `overlay`, `zfs`. A change replaces the storage pool. */
  declare readonly driver: pulumi.Output<string>;
  /** Free text for people. */
  declare readonly description: pulumi.Output<string>;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  declare readonly config: pulumi.Output<Record<string, string>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  declare readonly adopt: pulumi.Output<boolean | undefined>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the storage pool. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;
  /** What the server says of the pool, such as `Created`. */
  declare readonly status: pulumi.Output<string>;

  constructor(name: string, args: StoragePoolArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "StoragePool",
      ["name", "driver", "description", "config", "adopt", "endpoint", "timeouts", "status"],
      name,
      args,
      options,
    );
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new StoragePool(name, {} as StoragePoolArgs, { ...options, id });
  }
}

/** What a StorageVolume takes. */
export interface StorageVolumeArgs {
  /** Storage pool that holds the volume. A change replaces the storage volume. */
  pool: pulumi.Input<string> | Named;
  /** Name of the volume; made from the resource's name when absent. A change replaces the storage volume. */
  name?: pulumi.Input<string>;
  /** What it holds: `filesystem` when absent, or `block` for the bytes of a disk. A change replaces the storage volume. */
  contentType?: pulumi.Input<string>;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  config?: pulumi.Input<StorageVolumeConfig<pulumi.Input<ConfigValue>>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  adopt?: pulumi.Input<boolean>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the storage volume. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** Files, or the bytes of a disk, that containers share and that outlive them. */
export class StorageVolume extends NativeResource {
  /** Storage pool that holds the volume. A change replaces the storage volume. */
  declare readonly pool: pulumi.Output<string>;
  /** Name of the volume; made from the resource's name when absent. A change replaces the storage volume. */
  declare readonly name: pulumi.Output<string>;
  /** What it holds: `filesystem` when absent, or `block` for the bytes of a disk. A change replaces the storage volume. */
  declare readonly contentType: pulumi.Output<string>;
  /** Free text for people. */
  declare readonly description: pulumi.Output<string>;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  declare readonly config: pulumi.Output<Record<string, string>>;
  /** Whether an object of that name which is there already, made by somebody else, becomes this resource. It is changed to what the program says; what only another object could have is refused. */
  declare readonly adopt: pulumi.Output<boolean | undefined>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the storage volume. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;
  /** When the volume was made, in RFC 3339. */
  declare readonly createdAt: pulumi.Output<string>;

  constructor(name: string, args: StorageVolumeArgs, options?: pulumi.CustomResourceOptions) {
    super(
      "StorageVolume",
      ["pool", "name", "contentType", "description", "config", "adopt", "endpoint", "timeouts", "createdAt"],
      name,
      args,
      options,
    );
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new StorageVolume(name, {} as StorageVolumeArgs, { ...options, id });
  }
}

/** What a TrustToken takes. */
export interface TrustTokenArgs {
  /** Name that the client gets; made from the resource's name when absent. A change replaces the trust token. */
  name?: pulumi.Input<string>;
  /** What the client is: `client` when absent, or `metrics` for /1.0/metrics alone. A change replaces the trust token. */
  type?: pulumi.Input<string>;
  /** Whether the client has `projects` alone, and not the whole server. A change replaces the trust token. */
  restricted?: pulumi.Input<boolean>;
  /** Projects of a restricted client. A change replaces the trust token. */
  projects?: pulumi.Input<(pulumi.Input<string> | Named)[]>;
  /** When a token is made: `once` when absent; with `always` again as soon as a refresh finds that it was used or has expired. */
  trigger?: pulumi.Input<string>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the trust token. */
  endpoint?: pulumi.Input<string>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  timeouts?: pulumi.Input<TimeoutsArgs>;
}

/** A token by which one client makes the server trust its certificate. */
export class TrustToken extends NativeResource {
  /** Name that the client gets; made from the resource's name when absent. A change replaces the trust token. */
  declare readonly name: pulumi.Output<string>;
  /** What the client is: `client` when absent, or `metrics` for /1.0/metrics alone. A change replaces the trust token. */
  declare readonly type: pulumi.Output<string>;
  /** Whether the client has `projects` alone, and not the whole server. A change replaces the trust token. */
  declare readonly restricted: pulumi.Output<boolean>;
  /** Projects of a restricted client. A change replaces the trust token. */
  declare readonly projects: pulumi.Output<string[]>;
  /** When a token is made: `once` when absent; with `always` again as soon as a refresh finds that it was used or has expired. */
  declare readonly trigger: pulumi.Output<string | undefined>;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. A change replaces the trust token. */
  declare readonly endpoint: pulumi.Output<string | undefined>;
  /** How long create, update and delete may take; 10 minutes each when absent. Those of Pulumi's option `customTimeouts` come first where they reach the resource: not in the dynamic door. */
  declare readonly timeouts: pulumi.Output<Timeouts | undefined>;
  /** What the client is given (`bothy remote add`, `lxc remote add`). */
  declare readonly token: pulumi.Output<string>;
  /** When it counts no more, in RFC 3339; absent for never. */
  declare readonly expiresAt: pulumi.Output<string | undefined>;

  constructor(name: string, args: TrustTokenArgs = {}, options?: pulumi.CustomResourceOptions) {
    super(
      "TrustToken",
      ["name", "type", "restricted", "projects", "trigger", "endpoint", "timeouts", "token", "expiresAt"],
      name,
      args,
      options,
    );
  }

  /** Reads one that exists and never changes it. @param id as an import takes it */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions) {
    return new TrustToken(name, {} as TrustTokenArgs, { ...options, id });
  }
}

/** Arguments that may be known later. */
type Late<T> = { [Name in keyof T]: pulumi.Input<T[Name]> };

/** What getCertificate takes. */
export interface GetCertificateArgs {
  /** The fingerprint of the certificate. */
  fingerprint: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getCertificate answers. */
export interface GetCertificateResult {
  /** Id of the resource that an import of it makes. */
  id: string;
  /** Name of the client, for people; made from the resource's name when absent. */
  name: string;
  /** Certificate of the client, as PEM text. */
  certificate: string;
  /** What it is for: `client` when absent, or `metrics` for /1.0/metrics alone. */
  type?: string;
  /** Free text for people. */
  description?: string;
  /** Whether the client has `projects` alone, and not the whole server. */
  restricted?: boolean;
  /** Projects of a restricted client. */
  projects?: string[];
  /** SHA-256 of the certificate, in 64 hexadecimal digits. */
  fingerprint: string;
}

/** Reads what is there, and changes nothing. A client that the server trusts, by its certificate. */
export const getCertificate = (
  args: GetCertificateArgs,
  options?: pulumi.InvokeOptions,
): Promise<GetCertificateResult> => pulumi.runtime.invoke("bothy:index:getCertificate", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getCertificateOutput = (
  args: Late<GetCertificateArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetCertificateResult> =>
  pulumi.runtime.invokeOutput<GetCertificateResult>("bothy:index:getCertificate", { ...args }, options ?? {});

/** What getClusterGroup takes. */
export interface GetClusterGroupArgs {
  /** The name of the cluster group. */
  name: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getClusterGroup answers. */
export interface GetClusterGroupResult {
  /** Id of the resource that an import of it makes. */
  id: string;
  /** Name of the group; made from the resource's name when absent. */
  name: string;
  /** Free text for people. */
  description?: string;
  /** Names of members of the cluster. Their order means nothing. */
  members?: string[];
}

/** Reads what is there, and changes nothing. Members of a cluster under a name, on which instances can be placed (`target: "@name"`), on a cluster of LXD or Incus; Bothy's own daemon is none. */
export const getClusterGroup = (
  args: GetClusterGroupArgs,
  options?: pulumi.InvokeOptions,
): Promise<GetClusterGroupResult> => pulumi.runtime.invoke("bothy:index:getClusterGroup", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getClusterGroupOutput = (
  args: Late<GetClusterGroupArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetClusterGroupResult> =>
  pulumi.runtime.invokeOutput<GetClusterGroupResult>("bothy:index:getClusterGroup", { ...args }, options ?? {});

/** What getContainer takes. */
export interface GetContainerArgs {
  /** The name of the container. */
  name: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getContainer answers. */
export interface GetContainerResult {
  /** Id of the resource that an import of it makes. */
  id: string;
  /** Name of the container and its host name; made from the resource's name when absent. */
  name: string;
  /** Image to make the container from: an alias, a fingerprint, one of a server of images such as `images:alpine/3.20` or `docker:nginx:alpine`, one of this machine such as `oci:/srv/images/app:1` or `oci-archive:/srv/images/app.tar`, or a template such as `template:busybox` or `template:debian/12`. Exactly one of `image` and `source` is given. */
  image?: string;
  /** What it is: `container` when absent, or `virtual-machine` on a server that has them, as LXD and Incus do on a host with KVM. */
  type?: string;
  /** Profiles, the later ones win; `default` when absent, none when empty. */
  profiles?: string[];
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  config?: Record<string, string>;
  /** Devices by name, each with its `type` and the options of that type, as LXD names them. */
  devices?: Record<string, Record<string, string>>;
  /** What the container may use at most, in place of `limits.*` of `config`. */
  limits?: ContainerLimits;
  /** Network interfaces, in place of devices of the type `nic`. */
  nics?: ContainerNic[];
  /** Root disk and volumes, in place of devices of the type `disk`. */
  disks?: ContainerDisk[];
  /** Files and folders of the host, in place of devices of the type `disk`. */
  mounts?: ContainerMount[];
  /** Ports of the host that lead into the container, in place of devices of the type `proxy`. */
  ports?: ContainerPort[];
  /** What cloud-init is told, in place of `cloud-init.*` of `config`. */
  cloudInit?: ContainerCloudInit;
  /** `no`: it does not start with the host; `always`: it does, and again when it ended by itself; `unless-stopped`: both, but for one that was stopped. In place of `boot.autostart` and `boot.autorestart`. */
  restartPolicy?: string;
  /** Free text for people. */
  description?: string;
  /** Whether the container is deleted when it stops. */
  ephemeral?: boolean;
  /** Whether the container runs. */
  running?: boolean;
  /** `Running`, `Stopped`, `Frozen` or `Error`. */
  status: string;
  /** Processor architecture, such as `x86_64`. */
  architecture: string;
  /** When the container was made, in RFC 3339. */
  createdAt: string;
  /** First global IPv4 address: of the interface that `user.access_interface` names, else of the first nic that has one. */
  ipv4Address?: string;
  /** All global IPv4 addresses. */
  ipv4Addresses: string[];
  /** Hardware address of the interface that `ipv4Address` belongs to, else of the first nic. */
  macAddress?: string;
  /** Network interfaces other than loopback. */
  interfaces: ContainerInterface[];
}

/** Reads what is there, and changes nothing. A machine container: a whole Linux system that shares the host's kernel. */
export const getContainer = (args: GetContainerArgs, options?: pulumi.InvokeOptions): Promise<GetContainerResult> =>
  pulumi.runtime.invoke("bothy:index:getContainer", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getContainerOutput = (
  args: Late<GetContainerArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetContainerResult> =>
  pulumi.runtime.invokeOutput<GetContainerResult>("bothy:index:getContainer", { ...args }, options ?? {});

/** What getFile takes. */
export interface GetFileArgs {
  /** The instance of the file. */
  instance: string;
  /** The path of the file. */
  path: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getFile answers. */
export interface GetFileResult {
  /** Id of the resource that an import of it makes. */
  id: string;
  /** Container that has the file, running or stopped. */
  instance: string;
  /** Where the file is in the container, or the folder. Missing folders above it are made. */
  path: string;
  /** Content, as UTF-8 text. Exactly one of `content`, `contentBase64` and `source` is given. */
  content?: string;
  /** Content of any bytes, as base64. */
  contentBase64?: string;
  /** Permissions, octal. When absent "0644", and of files from `source` "0755" where their owner may execute them. */
  mode?: string;
  /** Owner, as the container sees it. */
  uid?: number;
  /** Group, as the container sees it. */
  gid?: number;
  /** Sha256 of what is there: contents, modes and owners. Absent when the content is a secret. */
  hash?: string;
}

/** Reads what is there, and changes nothing. A file, or a folder of files, that is kept in a container, whether it runs or not. */
export const getFile = (args: GetFileArgs, options?: pulumi.InvokeOptions): Promise<GetFileResult> =>
  pulumi.runtime.invoke("bothy:index:getFile", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getFileOutput = (
  args: Late<GetFileArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetFileResult> =>
  pulumi.runtime.invokeOutput<GetFileResult>("bothy:index:getFile", { ...args }, options ?? {});

/** What getImage takes. */
export interface GetImageArgs {
  /** Sha256 of the image, in hexadecimal digits. */
  fingerprint?: string;
  /** A name of the image, in place of its fingerprint. */
  alias?: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getImage answers. */
export interface GetImageResult {
  /** Id of the resource that an import of it makes. */
  id: string;
  /** Template that the daemon builds, such as `busybox` or `debian/12`. */
  template?: string;
  /** Names of the image. */
  aliases?: string[];
  /** Properties that are set besides those that the image brings. */
  properties?: Record<string, string>;
  /** Whether clients without a certificate may fetch the image. */
  public?: boolean;
  /** Sha256 of the image, in hexadecimal digits. */
  fingerprint: string;
  /** Processor architecture, such as `x86_64`. */
  architecture: string;
  /** Size of the stored image, in bytes. */
  sizeBytes: number;
  /** When the image was built, in RFC 3339. */
  createdAt: string;
}

/** Reads what is there, and changes nothing. What containers are made from: a tarball of the program's own, or a template that the daemon builds. */
export const getImage = (args: GetImageArgs = {}, options?: pulumi.InvokeOptions): Promise<GetImageResult> =>
  pulumi.runtime.invoke("bothy:index:getImage", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getImageOutput = (
  args: Late<GetImageArgs> = {},
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetImageResult> =>
  pulumi.runtime.invokeOutput<GetImageResult>("bothy:index:getImage", { ...args }, options ?? {});

/** What getNetwork takes. */
export interface GetNetworkArgs {
  /** The name of the network. */
  name: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getNetwork answers. */
export interface GetNetworkResult {
  /** Id of the resource that an import of it makes. */
  id: string;
  /** Name of the network and of its bridge, at most 15 characters; made from the resource's name when absent. */
  name: string;
  /** Free text for people. */
  description?: string;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  config?: Record<string, string>;
  /** Type of the network: `bridge`, or `macvlan`, `physical` or `sriov` for an interface of the host that nics stand on. */
  type?: string;
  /** Address of the bridge with its prefix length, such as `10.1.2.1/24`; absent without IPv4. */
  ipv4Address?: string;
  /** The same of IPv6, such as `fd42:1:2:3::1/64`; absent without IPv6. */
  ipv6Address?: string;
  /** What the server says of the network, such as `Created`. */
  status: string;
  /** Addresses that the network gave, and its own. */
  leases: NetworkLease[];
}

/** Reads what is there, and changes nothing. A bridge with DHCP, DNS and NAT, for containers. */
export const getNetwork = (args: GetNetworkArgs, options?: pulumi.InvokeOptions): Promise<GetNetworkResult> =>
  pulumi.runtime.invoke("bothy:index:getNetwork", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getNetworkOutput = (
  args: Late<GetNetworkArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetNetworkResult> =>
  pulumi.runtime.invokeOutput<GetNetworkResult>("bothy:index:getNetwork", { ...args }, options ?? {});

/** What getNetworkAcl takes. */
export interface GetNetworkAclArgs {
  /** The name of the network acl. */
  name: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getNetworkAcl answers. */
export interface GetNetworkAclResult {
  /** Id of the resource that an import of it makes. */
  id: string;
  /** Name of the ACL; made from the resource's name when absent. */
  name: string;
  /** Free text for people. */
  description?: string;
  /** Rules of what goes to instances. */
  ingress?: NetworkAclRule[];
  /** Rules of what comes from instances. */
  egress?: NetworkAclRule[];
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  config?: Record<string, string>;
}

/** Reads what is there, and changes nothing. Rules about what enters and leaves networks, which take it by their key `security.acls`. A change counts at once. */
export const getNetworkAcl = (args: GetNetworkAclArgs, options?: pulumi.InvokeOptions): Promise<GetNetworkAclResult> =>
  pulumi.runtime.invoke("bothy:index:getNetworkAcl", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getNetworkAclOutput = (
  args: Late<GetNetworkAclArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetNetworkAclResult> =>
  pulumi.runtime.invokeOutput<GetNetworkAclResult>("bothy:index:getNetworkAcl", { ...args }, options ?? {});

/** What getNetworkAddressSet takes. */
export interface GetNetworkAddressSetArgs {
  /** The name of the network address set. */
  name: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getNetworkAddressSet answers. */
export interface GetNetworkAddressSetResult {
  /** Id of the resource that an import of it makes. */
  id: string;
  /** Name of the set; made from the resource's name when absent. */
  name: string;
  /** Free text for people. */
  description?: string;
  /** Addresses and subnets such as `10.1.2.0/24`, of both families as they come. Their order means nothing. */
  addresses?: string[];
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  config?: Record<string, string>;
}

/** Reads what is there, and changes nothing. Addresses and subnets under a name, which rules of network ACLs use as `$name`. A change counts at once. */
export const getNetworkAddressSet = (
  args: GetNetworkAddressSetArgs,
  options?: pulumi.InvokeOptions,
): Promise<GetNetworkAddressSetResult> =>
  pulumi.runtime.invoke("bothy:index:getNetworkAddressSet", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getNetworkAddressSetOutput = (
  args: Late<GetNetworkAddressSetArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetNetworkAddressSetResult> =>
  pulumi.runtime.invokeOutput<GetNetworkAddressSetResult>(
    "bothy:index:getNetworkAddressSet",
    { ...args },
    options ?? {},
  );

/** What getNetworkForward takes. */
export interface GetNetworkForwardArgs {
  /** The network of the network forward. */
  network: string;
  /** The listenAddress of the network forward. */
  listenAddress: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getNetworkForward answers. */
export interface GetNetworkForwardResult {
  /** Id of the resource that an import of it makes. */
  id: string;
  /** Network whose instances are the targets, a bridge. */
  network: string;
  /** Address that it listens on, of IPv4 or IPv6: one of the host, or one that leads to it. */
  listenAddress: string;
  /** Free text for people. */
  description?: string;
  /** Ports that lead to instances. */
  ports?: NetworkForwardPort[];
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  config?: Record<string, string>;
}

/** Reads what is there, and changes nothing. An address whose ports, or whole traffic, go to instances of a network; deleted together with it. */
export const getNetworkForward = (
  args: GetNetworkForwardArgs,
  options?: pulumi.InvokeOptions,
): Promise<GetNetworkForwardResult> =>
  pulumi.runtime.invoke("bothy:index:getNetworkForward", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getNetworkForwardOutput = (
  args: Late<GetNetworkForwardArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetNetworkForwardResult> =>
  pulumi.runtime.invokeOutput<GetNetworkForwardResult>("bothy:index:getNetworkForward", { ...args }, options ?? {});

/** What getNetworkLoadBalancer takes. */
export interface GetNetworkLoadBalancerArgs {
  /** The network of the network load balancer. */
  network: string;
  /** The listenAddress of the network load balancer. */
  listenAddress: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getNetworkLoadBalancer answers. */
export interface GetNetworkLoadBalancerResult {
  /** Id of the resource that an import of it makes. */
  id: string;
  /** Network whose instances are the backends. */
  network: string;
  /** Address that it listens on, of IPv4 or IPv6. */
  listenAddress: string;
  /** Free text for people. */
  description?: string;
  /** Instances that ports lead to. */
  backends?: NetworkLoadBalancerBackend[];
  /** Ports that lead to backends. */
  ports?: NetworkLoadBalancerPort[];
  /** Configuration keys and their values, all text, as the server has them (`user.*`); an empty value unsets a key. */
  config?: Record<string, string>;
  /** Member of the cluster that holds it. */
  location: string;
}

/** Reads what is there, and changes nothing. An address whose ports lead to several instances of a network, on servers that have it; Bothy's own has not. Deleted together with the network. */
export const getNetworkLoadBalancer = (
  args: GetNetworkLoadBalancerArgs,
  options?: pulumi.InvokeOptions,
): Promise<GetNetworkLoadBalancerResult> =>
  pulumi.runtime.invoke("bothy:index:getNetworkLoadBalancer", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getNetworkLoadBalancerOutput = (
  args: Late<GetNetworkLoadBalancerArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetNetworkLoadBalancerResult> =>
  pulumi.runtime.invokeOutput<GetNetworkLoadBalancerResult>(
    "bothy:index:getNetworkLoadBalancer",
    { ...args },
    options ?? {},
  );

/** What getNetworkPeer takes. */
export interface GetNetworkPeerArgs {
  /** The network of the network peer. */
  network: string;
  /** The name of the network peer. */
  name: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getNetworkPeer answers. */
export interface GetNetworkPeerResult {
  /** Id of the resource that an import of it makes. */
  id: string;
  /** Network of type `ovn` that gets the peer. */
  network: string;
  /** Name of the peer; made from the resource's name when absent. */
  name: string;
  /** Network on the other side, which needs a peer of this one before traffic flows. */
  targetNetwork?: string;
  /** Project of that network; that of `network` when absent. */
  targetProject?: string;
  /** `local` when absent, or `remote` for a `targetIntegration`, on Incus. */
  type?: string;
  /** Network integration of a remote peer, on Incus. */
  targetIntegration?: string;
  /** Free text for people. */
  description?: string;
  /** Configuration keys and their values, all text, as the server has them (`user.*`); an empty value unsets a key. */
  config?: Record<string, string>;
  /** `Pending` until the other network has a peer of this one. */
  status: string;
}

/** Reads what is there, and changes nothing. What lets two networks of type `ovn` reach each other, on servers that have such networks; Bothy's own has none. */
export const getNetworkPeer = (
  args: GetNetworkPeerArgs,
  options?: pulumi.InvokeOptions,
): Promise<GetNetworkPeerResult> => pulumi.runtime.invoke("bothy:index:getNetworkPeer", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getNetworkPeerOutput = (
  args: Late<GetNetworkPeerArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetNetworkPeerResult> =>
  pulumi.runtime.invokeOutput<GetNetworkPeerResult>("bothy:index:getNetworkPeer", { ...args }, options ?? {});

/** What getNetworkZone takes. */
export interface GetNetworkZoneArgs {
  /** The name of the network zone. */
  name: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getNetworkZone answers. */
export interface GetNetworkZoneResult {
  /** Id of the resource that an import of it makes. */
  id: string;
  /** Name of the zone, a domain such as `lab.example.org`, or one of addresses such as `2.0.192.in-addr.arpa`. */
  name: string;
  /** Free text for people. */
  description?: string;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  config?: Record<string, string>;
}

/** Reads what is there, and changes nothing. Names of instances as a DNS zone, which networks take by their keys `dns.zone.forward` and `dns.zone.reverse.*`, and configured peers may copy. */
export const getNetworkZone = (
  args: GetNetworkZoneArgs,
  options?: pulumi.InvokeOptions,
): Promise<GetNetworkZoneResult> => pulumi.runtime.invoke("bothy:index:getNetworkZone", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getNetworkZoneOutput = (
  args: Late<GetNetworkZoneArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetNetworkZoneResult> =>
  pulumi.runtime.invokeOutput<GetNetworkZoneResult>("bothy:index:getNetworkZone", { ...args }, options ?? {});

/** What getNetworkZoneRecord takes. */
export interface GetNetworkZoneRecordArgs {
  /** The zone of the network zone record. */
  zone: string;
  /** The name of the network zone record. */
  name: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getNetworkZoneRecord answers. */
export interface GetNetworkZoneRecordResult {
  /** Id of the resource that an import of it makes. */
  id: string;
  /** Zone that the record is of. */
  zone: string;
  /** Name that it is about, without that of the zone; `@` for the zone itself. */
  name: string;
  /** Free text for people. */
  description?: string;
  /** What the zone says of the name. */
  entries?: NetworkZoneRecordEntry[];
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  config?: Record<string, string>;
}

/** Reads what is there, and changes nothing. What a zone says of a name, beside what its networks make it say; deleted together with it. */
export const getNetworkZoneRecord = (
  args: GetNetworkZoneRecordArgs,
  options?: pulumi.InvokeOptions,
): Promise<GetNetworkZoneRecordResult> =>
  pulumi.runtime.invoke("bothy:index:getNetworkZoneRecord", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getNetworkZoneRecordOutput = (
  args: Late<GetNetworkZoneRecordArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetNetworkZoneRecordResult> =>
  pulumi.runtime.invokeOutput<GetNetworkZoneRecordResult>(
    "bothy:index:getNetworkZoneRecord",
    { ...args },
    options ?? {},
  );

/** What getProfile takes. */
export interface GetProfileArgs {
  /** The name of the profile. */
  name: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getProfile answers. */
export interface GetProfileResult {
  /** Id of the resource that an import of it makes. */
  id: string;
  /** Name of the profile; made from the resource's name when absent. */
  name: string;
  /** Free text for people. */
  description?: string;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  config?: Record<string, string>;
  /** Devices by name, each with its `type` and the options of that type, as LXD names them. */
  devices?: Record<string, Record<string, string>>;
}

/** Reads what is there, and changes nothing. Configuration and devices that containers share. Changes reach the containers that use it at once. */
export const getProfile = (args: GetProfileArgs, options?: pulumi.InvokeOptions): Promise<GetProfileResult> =>
  pulumi.runtime.invoke("bothy:index:getProfile", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getProfileOutput = (
  args: Late<GetProfileArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetProfileResult> =>
  pulumi.runtime.invokeOutput<GetProfileResult>("bothy:index:getProfile", { ...args }, options ?? {});

/** What getProject takes. */
export interface GetProjectArgs {
  /** The name of the project. */
  name: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getProject answers. */
export interface GetProjectResult {
  /** Id of the resource that an import of it makes. */
  id: string;
  /** Name of the project; made from the resource's name when absent. */
  name: string;
  /** Free text for people. */
  description?: string;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  config?: Record<string, string>;
}

/** Reads what is there, and changes nothing. Instances, images and profiles that live apart from those of other projects, with limits and restrictions. */
export const getProject = (args: GetProjectArgs, options?: pulumi.InvokeOptions): Promise<GetProjectResult> =>
  pulumi.runtime.invoke("bothy:index:getProject", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getProjectOutput = (
  args: Late<GetProjectArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetProjectResult> =>
  pulumi.runtime.invokeOutput<GetProjectResult>("bothy:index:getProject", { ...args }, options ?? {});

/** What getSnapshot takes. */
export interface GetSnapshotArgs {
  /** The instance of the snapshot. */
  instance: string;
  /** The name of the snapshot. */
  name: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getSnapshot answers. */
export interface GetSnapshotResult {
  /** Id of the resource that an import of it makes. */
  id: string;
  /** Container to take the snapshot of. */
  instance: string;
  /** Name of the snapshot; made from the resource's name when absent. */
  name: string;
  /** When the server deletes the snapshot by itself, in RFC 3339; never when absent. */
  expiresAt?: string;
  /** When the snapshot was taken, in RFC 3339. */
  createdAt: string;
}

/** Reads what is there, and changes nothing. A container as it was at one moment; deleted together with its container. */
export const getSnapshot = (args: GetSnapshotArgs, options?: pulumi.InvokeOptions): Promise<GetSnapshotResult> =>
  pulumi.runtime.invoke("bothy:index:getSnapshot", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getSnapshotOutput = (
  args: Late<GetSnapshotArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetSnapshotResult> =>
  pulumi.runtime.invokeOutput<GetSnapshotResult>("bothy:index:getSnapshot", { ...args }, options ?? {});

/** What getStorageBucket takes. */
export interface GetStorageBucketArgs {
  /** The pool of the storage bucket. */
  pool: string;
  /** The name of the storage bucket. */
  name: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getStorageBucket answers. */
export interface GetStorageBucketResult {
  /** Id of the resource that an import of it makes. */
  id: string;
  /** Storage pool that holds the bucket. */
  pool: string;
  /** Name of the bucket; made from the resource's name when absent. */
  name: string;
  /** Free text for people. */
  description?: string;
  /** Configuration keys and their values, all text, as the server has them (`size`, `user.*`); an empty value unsets a key. */
  config?: Record<string, string>;
  /** Address by which clients of S3 reach it. */
  s3Url: string;
  /** Member of the cluster that holds it. */
  location: string;
}

/** Reads what is there, and changes nothing. A bucket of S3 in a storage pool, on servers that have buckets; Bothy's own has none. */
export const getStorageBucket = (
  args: GetStorageBucketArgs,
  options?: pulumi.InvokeOptions,
): Promise<GetStorageBucketResult> => pulumi.runtime.invoke("bothy:index:getStorageBucket", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getStorageBucketOutput = (
  args: Late<GetStorageBucketArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetStorageBucketResult> =>
  pulumi.runtime.invokeOutput<GetStorageBucketResult>("bothy:index:getStorageBucket", { ...args }, options ?? {});

/** What getStorageBucketKey takes. */
export interface GetStorageBucketKeyArgs {
  /** The pool of the storage bucket key. */
  pool: string;
  /** The bucket of the storage bucket key. */
  bucket: string;
  /** The name of the storage bucket key. */
  name: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getStorageBucketKey answers. */
export interface GetStorageBucketKeyResult {
  /** Id of the resource that an import of it makes. */
  id: string;
  /** Storage pool of the bucket. */
  pool: string;
  /** Bucket that the key is for. */
  bucket: string;
  /** Name of the key; made from the resource's name when absent. */
  name: string;
  /** What the key allows: `read-only` when absent, or `admin`. */
  role?: string;
  /** Free text for people. */
  description?: string;
  /** Access key, which clients of S3 are given. */
  accessKey: string;
  /** Secret key, which clients of S3 are given. */
  secretKey: string;
}

/** Reads what is there, and changes nothing. Words of access to a storage bucket, on servers that have buckets; deleted together with its bucket. */
export const getStorageBucketKey = (
  args: GetStorageBucketKeyArgs,
  options?: pulumi.InvokeOptions,
): Promise<GetStorageBucketKeyResult> =>
  pulumi.runtime.invoke("bothy:index:getStorageBucketKey", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getStorageBucketKeyOutput = (
  args: Late<GetStorageBucketKeyArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetStorageBucketKeyResult> =>
  pulumi.runtime.invokeOutput<GetStorageBucketKeyResult>("bothy:index:getStorageBucketKey", { ...args }, options ?? {});

/** What getStoragePool takes. */
export interface GetStoragePoolArgs {
  /** The name of the storage pool. */
  name: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getStoragePool answers. */
export interface GetStoragePoolResult {
  /** Id of the resource that an import of it makes. */
  id: string;
  /** Name of the pool; made from the resource's name when absent. */
  name: string;
  /** Storage driver: `btrfs`, `dir`, `lvm`, `overlay`, `zfs`. */
  driver: string;
  /** Free text for people. */
  description?: string;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  config?: Record<string, string>;
  /** What the server says of the pool, such as `Created`. */
  status: string;
}

/** Reads what is there, and changes nothing. Where root file systems of containers live. */
export const getStoragePool = (
  args: GetStoragePoolArgs,
  options?: pulumi.InvokeOptions,
): Promise<GetStoragePoolResult> => pulumi.runtime.invoke("bothy:index:getStoragePool", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getStoragePoolOutput = (
  args: Late<GetStoragePoolArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetStoragePoolResult> =>
  pulumi.runtime.invokeOutput<GetStoragePoolResult>("bothy:index:getStoragePool", { ...args }, options ?? {});

/** What getStorageVolume takes. */
export interface GetStorageVolumeArgs {
  /** The pool of the storage volume. */
  pool: string;
  /** The name of the storage volume. */
  name: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getStorageVolume answers. */
export interface GetStorageVolumeResult {
  /** Id of the resource that an import of it makes. */
  id: string;
  /** Storage pool that holds the volume. */
  pool: string;
  /** Name of the volume; made from the resource's name when absent. */
  name: string;
  /** What it holds: `filesystem` when absent, or `block` for the bytes of a disk. */
  contentType?: string;
  /** Free text for people. */
  description?: string;
  /** Configuration keys and their values, all text, as LXD names them; an empty value unsets a key. */
  config?: Record<string, string>;
  /** When the volume was made, in RFC 3339. */
  createdAt: string;
}

/** Reads what is there, and changes nothing. Files, or the bytes of a disk, that containers share and that outlive them. */
export const getStorageVolume = (
  args: GetStorageVolumeArgs,
  options?: pulumi.InvokeOptions,
): Promise<GetStorageVolumeResult> => pulumi.runtime.invoke("bothy:index:getStorageVolume", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getStorageVolumeOutput = (
  args: Late<GetStorageVolumeArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetStorageVolumeResult> =>
  pulumi.runtime.invokeOutput<GetStorageVolumeResult>("bothy:index:getStorageVolume", { ...args }, options ?? {});

/** What getClusterGroups takes. */
export interface GetClusterGroupsArgs {
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getClusterGroups answers. */
export interface GetClusterGroupsResult {
  /** Their names, in order. */
  names: string[];
}

/** Names of all cluster groups. */
export const getClusterGroups = (
  args: GetClusterGroupsArgs = {},
  options?: pulumi.InvokeOptions,
): Promise<GetClusterGroupsResult> => pulumi.runtime.invoke("bothy:index:getClusterGroups", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getClusterGroupsOutput = (
  args: Late<GetClusterGroupsArgs> = {},
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetClusterGroupsResult> =>
  pulumi.runtime.invokeOutput<GetClusterGroupsResult>("bothy:index:getClusterGroups", { ...args }, options ?? {});

/** What getContainers takes. */
export interface GetContainersArgs {
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getContainers answers. */
export interface GetContainersResult {
  /** Their names, in order. */
  names: string[];
}

/** Names of all containers. */
export const getContainers = (
  args: GetContainersArgs = {},
  options?: pulumi.InvokeOptions,
): Promise<GetContainersResult> => pulumi.runtime.invoke("bothy:index:getContainers", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getContainersOutput = (
  args: Late<GetContainersArgs> = {},
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetContainersResult> =>
  pulumi.runtime.invokeOutput<GetContainersResult>("bothy:index:getContainers", { ...args }, options ?? {});

/** What getNetworks takes. */
export interface GetNetworksArgs {
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getNetworks answers. */
export interface GetNetworksResult {
  /** Their names, in order. */
  names: string[];
}

/** Names of all networks. */
export const getNetworks = (args: GetNetworksArgs = {}, options?: pulumi.InvokeOptions): Promise<GetNetworksResult> =>
  pulumi.runtime.invoke("bothy:index:getNetworks", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getNetworksOutput = (
  args: Late<GetNetworksArgs> = {},
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetNetworksResult> =>
  pulumi.runtime.invokeOutput<GetNetworksResult>("bothy:index:getNetworks", { ...args }, options ?? {});

/** What getNetworkAcls takes. */
export interface GetNetworkAclsArgs {
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getNetworkAcls answers. */
export interface GetNetworkAclsResult {
  /** Their names, in order. */
  names: string[];
}

/** Names of all network acls. */
export const getNetworkAcls = (
  args: GetNetworkAclsArgs = {},
  options?: pulumi.InvokeOptions,
): Promise<GetNetworkAclsResult> => pulumi.runtime.invoke("bothy:index:getNetworkAcls", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getNetworkAclsOutput = (
  args: Late<GetNetworkAclsArgs> = {},
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetNetworkAclsResult> =>
  pulumi.runtime.invokeOutput<GetNetworkAclsResult>("bothy:index:getNetworkAcls", { ...args }, options ?? {});

/** What getNetworkAddressSets takes. */
export interface GetNetworkAddressSetsArgs {
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getNetworkAddressSets answers. */
export interface GetNetworkAddressSetsResult {
  /** Their names, in order. */
  names: string[];
}

/** Names of all network address sets. */
export const getNetworkAddressSets = (
  args: GetNetworkAddressSetsArgs = {},
  options?: pulumi.InvokeOptions,
): Promise<GetNetworkAddressSetsResult> =>
  pulumi.runtime.invoke("bothy:index:getNetworkAddressSets", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getNetworkAddressSetsOutput = (
  args: Late<GetNetworkAddressSetsArgs> = {},
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetNetworkAddressSetsResult> =>
  pulumi.runtime.invokeOutput<GetNetworkAddressSetsResult>(
    "bothy:index:getNetworkAddressSets",
    { ...args },
    options ?? {},
  );

/** What getNetworkForwards takes. */
export interface GetNetworkForwardsArgs {
  /** The network that the network forwards are of. */
  network: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getNetworkForwards answers. */
export interface GetNetworkForwardsResult {
  /** Their names, in order. */
  names: string[];
}

/** Names of all network forwards of the network. */
export const getNetworkForwards = (
  args: GetNetworkForwardsArgs,
  options?: pulumi.InvokeOptions,
): Promise<GetNetworkForwardsResult> =>
  pulumi.runtime.invoke("bothy:index:getNetworkForwards", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getNetworkForwardsOutput = (
  args: Late<GetNetworkForwardsArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetNetworkForwardsResult> =>
  pulumi.runtime.invokeOutput<GetNetworkForwardsResult>("bothy:index:getNetworkForwards", { ...args }, options ?? {});

/** What getNetworkLoadBalancers takes. */
export interface GetNetworkLoadBalancersArgs {
  /** The network that the network load balancers are of. */
  network: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getNetworkLoadBalancers answers. */
export interface GetNetworkLoadBalancersResult {
  /** Their names, in order. */
  names: string[];
}

/** Names of all network load balancers of the network. */
export const getNetworkLoadBalancers = (
  args: GetNetworkLoadBalancersArgs,
  options?: pulumi.InvokeOptions,
): Promise<GetNetworkLoadBalancersResult> =>
  pulumi.runtime.invoke("bothy:index:getNetworkLoadBalancers", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getNetworkLoadBalancersOutput = (
  args: Late<GetNetworkLoadBalancersArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetNetworkLoadBalancersResult> =>
  pulumi.runtime.invokeOutput<GetNetworkLoadBalancersResult>(
    "bothy:index:getNetworkLoadBalancers",
    { ...args },
    options ?? {},
  );

/** What getNetworkPeers takes. */
export interface GetNetworkPeersArgs {
  /** The network that the network peers are of. */
  network: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getNetworkPeers answers. */
export interface GetNetworkPeersResult {
  /** Their names, in order. */
  names: string[];
}

/** Names of all network peers of the network. */
export const getNetworkPeers = (
  args: GetNetworkPeersArgs,
  options?: pulumi.InvokeOptions,
): Promise<GetNetworkPeersResult> => pulumi.runtime.invoke("bothy:index:getNetworkPeers", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getNetworkPeersOutput = (
  args: Late<GetNetworkPeersArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetNetworkPeersResult> =>
  pulumi.runtime.invokeOutput<GetNetworkPeersResult>("bothy:index:getNetworkPeers", { ...args }, options ?? {});

/** What getNetworkZones takes. */
export interface GetNetworkZonesArgs {
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getNetworkZones answers. */
export interface GetNetworkZonesResult {
  /** Their names, in order. */
  names: string[];
}

/** Names of all network zones. */
export const getNetworkZones = (
  args: GetNetworkZonesArgs = {},
  options?: pulumi.InvokeOptions,
): Promise<GetNetworkZonesResult> => pulumi.runtime.invoke("bothy:index:getNetworkZones", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getNetworkZonesOutput = (
  args: Late<GetNetworkZonesArgs> = {},
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetNetworkZonesResult> =>
  pulumi.runtime.invokeOutput<GetNetworkZonesResult>("bothy:index:getNetworkZones", { ...args }, options ?? {});

/** What getNetworkZoneRecords takes. */
export interface GetNetworkZoneRecordsArgs {
  /** The zone that the network zone records are of. */
  zone: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getNetworkZoneRecords answers. */
export interface GetNetworkZoneRecordsResult {
  /** Their names, in order. */
  names: string[];
}

/** Names of all network zone records of the zone. */
export const getNetworkZoneRecords = (
  args: GetNetworkZoneRecordsArgs,
  options?: pulumi.InvokeOptions,
): Promise<GetNetworkZoneRecordsResult> =>
  pulumi.runtime.invoke("bothy:index:getNetworkZoneRecords", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getNetworkZoneRecordsOutput = (
  args: Late<GetNetworkZoneRecordsArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetNetworkZoneRecordsResult> =>
  pulumi.runtime.invokeOutput<GetNetworkZoneRecordsResult>(
    "bothy:index:getNetworkZoneRecords",
    { ...args },
    options ?? {},
  );

/** What getProfiles takes. */
export interface GetProfilesArgs {
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getProfiles answers. */
export interface GetProfilesResult {
  /** Their names, in order. */
  names: string[];
}

/** Names of all profiles. */
export const getProfiles = (args: GetProfilesArgs = {}, options?: pulumi.InvokeOptions): Promise<GetProfilesResult> =>
  pulumi.runtime.invoke("bothy:index:getProfiles", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getProfilesOutput = (
  args: Late<GetProfilesArgs> = {},
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetProfilesResult> =>
  pulumi.runtime.invokeOutput<GetProfilesResult>("bothy:index:getProfiles", { ...args }, options ?? {});

/** What getProjects takes. */
export interface GetProjectsArgs {
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getProjects answers. */
export interface GetProjectsResult {
  /** Their names, in order. */
  names: string[];
}

/** Names of all projects. */
export const getProjects = (args: GetProjectsArgs = {}, options?: pulumi.InvokeOptions): Promise<GetProjectsResult> =>
  pulumi.runtime.invoke("bothy:index:getProjects", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getProjectsOutput = (
  args: Late<GetProjectsArgs> = {},
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetProjectsResult> =>
  pulumi.runtime.invokeOutput<GetProjectsResult>("bothy:index:getProjects", { ...args }, options ?? {});

/** What getSnapshots takes. */
export interface GetSnapshotsArgs {
  /** The instance that the snapshots are of. */
  instance: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getSnapshots answers. */
export interface GetSnapshotsResult {
  /** Their names, in order. */
  names: string[];
}

/** Names of all snapshots of the instance. */
export const getSnapshots = (args: GetSnapshotsArgs, options?: pulumi.InvokeOptions): Promise<GetSnapshotsResult> =>
  pulumi.runtime.invoke("bothy:index:getSnapshots", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getSnapshotsOutput = (
  args: Late<GetSnapshotsArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetSnapshotsResult> =>
  pulumi.runtime.invokeOutput<GetSnapshotsResult>("bothy:index:getSnapshots", { ...args }, options ?? {});

/** What getStorageBuckets takes. */
export interface GetStorageBucketsArgs {
  /** The pool that the storage buckets are of. */
  pool: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getStorageBuckets answers. */
export interface GetStorageBucketsResult {
  /** Their names, in order. */
  names: string[];
}

/** Names of all storage buckets of the pool. */
export const getStorageBuckets = (
  args: GetStorageBucketsArgs,
  options?: pulumi.InvokeOptions,
): Promise<GetStorageBucketsResult> =>
  pulumi.runtime.invoke("bothy:index:getStorageBuckets", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getStorageBucketsOutput = (
  args: Late<GetStorageBucketsArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetStorageBucketsResult> =>
  pulumi.runtime.invokeOutput<GetStorageBucketsResult>("bothy:index:getStorageBuckets", { ...args }, options ?? {});

/** What getStoragePools takes. */
export interface GetStoragePoolsArgs {
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getStoragePools answers. */
export interface GetStoragePoolsResult {
  /** Their names, in order. */
  names: string[];
}

/** Names of all storage pools. */
export const getStoragePools = (
  args: GetStoragePoolsArgs = {},
  options?: pulumi.InvokeOptions,
): Promise<GetStoragePoolsResult> => pulumi.runtime.invoke("bothy:index:getStoragePools", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getStoragePoolsOutput = (
  args: Late<GetStoragePoolsArgs> = {},
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetStoragePoolsResult> =>
  pulumi.runtime.invokeOutput<GetStoragePoolsResult>("bothy:index:getStoragePools", { ...args }, options ?? {});

/** What getStorageVolumes takes. */
export interface GetStorageVolumesArgs {
  /** The pool that the storage volumes are of. */
  pool: string;
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getStorageVolumes answers. */
export interface GetStorageVolumesResult {
  /** Their names, in order. */
  names: string[];
}

/** Names of all storage volumes of the pool. */
export const getStorageVolumes = (
  args: GetStorageVolumesArgs,
  options?: pulumi.InvokeOptions,
): Promise<GetStorageVolumesResult> =>
  pulumi.runtime.invoke("bothy:index:getStorageVolumes", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getStorageVolumesOutput = (
  args: Late<GetStorageVolumesArgs>,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetStorageVolumesResult> =>
  pulumi.runtime.invokeOutput<GetStorageVolumesResult>("bothy:index:getStorageVolumes", { ...args }, options ?? {});

/** What getServer takes. */
export interface GetServerArgs {
  /** Daemon that holds the object: `unix:///var/lib/bothy/unix.socket`, `https://host:8443` or `remote:NAME`, a remote that `bothy remote add` stored. When absent: the stack's `bothy:endpoint`, then BOTHY_ENDPOINT, then the local daemon, which is started when nobody listens. */
  endpoint?: string;
}

/** What getServer answers. */
export interface GetServerResult {
  /** Name of the server. */
  name: string;
  /** Which program it is: `bothyd`, `lxd`, `incus`. */
  server: string;
  /** Its version. */
  version: string;
  /** What works there beyond the first API 1.0. */
  apiExtensions: string[];
  /** Architectures of the instances that it can run. */
  architectures: string[];
  /** Where clients reach it over the network. */
  addresses: string[];
  /** SHA-256 of its certificate, in hexadecimal digits. */
  certificateFingerprint?: string;
  /** Version of its kernel. */
  kernelVersion: string;
  /** Drivers of storage pools that it can have. */
  storageDrivers: string[];
  /** Whether it is a member of a cluster. */
  isClustered: boolean;
}

/** What a server says of itself. */
export const getServer = (args: GetServerArgs = {}, options?: pulumi.InvokeOptions): Promise<GetServerResult> =>
  pulumi.runtime.invoke("bothy:index:getServer", { ...args }, options ?? {});

/** The same for arguments that are known later. */
export const getServerOutput = (
  args: Late<GetServerArgs> = {},
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetServerResult> =>
  pulumi.runtime.invokeOutput<GetServerResult>("bothy:index:getServer", { ...args }, options ?? {});
