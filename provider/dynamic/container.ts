/** Container, as a resource. */
import * as pulumi from "@pulumi/pulumi";
import { container } from "../core/kinds/container/container";
import { inheritedProperty, sourceOfProperty } from "../core/kinds/container/inherited";
import type { InstanceConfig } from "./config-keys";
import type { Image } from "./image";
import type { Profile } from "./profile";
import { type DeviceArgs, deviceNames, imageOf, type Named, namesOf, type Reference, sourceNames } from "./reference";
import { argsOf, BothyResource, type CommonArgs, type ConfigValue, existing, withSecretOutput } from "./resource";

export interface ContainerArgs extends CommonArgs {
  /** Name of the container and its host name; made from the resource's name when absent. A change replaces the container. */
  name?: pulumi.Input<string>;
  /**
   * Image to make the container from: an alias, a fingerprint, a template such as `template:busybox` or `template:debian/12`, or an
   * `Image`. A change replaces the container. Exactly one of `image` and `source` is given.
   */
  image?: pulumi.Input<string | Image>;
  /** What it is: `container` when absent, or `virtual-machine` on a server that has them, as LXD and Incus do on a host with KVM. A change replaces it. */
  type?: pulumi.Input<"container" | "virtual-machine">;
  /** Container or snapshot to copy in place of an image. A change replaces the container. */
  source?: ContainerSourceArgs;
  /** Profiles or their names, the later ones win; `default` when absent, none when empty. */
  profiles?: pulumi.Input<Reference<Profile>[]>;
  /** Configuration keys and their values, as LXD names them; an empty value unsets a key. */
  config?: pulumi.Input<InstanceConfig<pulumi.Input<ConfigValue>>>;
  /** Devices by name, each with its `type` and the options of that type; `pool` and `network` take a resource or a name. */
  devices?: pulumi.Input<Record<string, pulumi.Input<DeviceArgs>>>;
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
  /**
   * `no`: it does not start with the host; `always`: it does, and again when it ended by itself; `unless-stopped`: both, but for one that was
   * stopped. In place of `boot.autostart` and `boot.autorestart`.
   */
  restartPolicy?: pulumi.Input<"no" | "always" | "unless-stopped">;
  /** Free text for people. */
  description?: pulumi.Input<string>;
  /** Whether the container is deleted when it stops. A change replaces the container. */
  ephemeral?: pulumi.Input<boolean>;
  /** Whether the container runs; true when absent. */
  running?: pulumi.Input<boolean>;
  /**
   * Whether an update may restart the running container for what counts from its start on, such as `security.nesting`. Else that is stored for
   * its next start, or refused where the server does not take it.
   */
  allowRestart?: pulumi.Input<boolean>;
  /** What must be true before the container counts as made; when absent, a global IPv4 address if it has a nic. */
  wait?: pulumi.Input<ContainerWaitArgs>;
  /**
   * Text files by absolute path, written before the first start and again when they change; a file that is taken out of the program
   * is deleted. Missing folders are made.
   */
  files?: pulumi.Input<Record<string, pulumi.Input<ContainerFileArgs>>>;
}

export interface ContainerSourceArgs {
  /** Container to copy. */
  instance: Reference<Container>;
  /** Snapshot of that container to copy in place of its present state. */
  snapshot?: Reference<Named>;
}

/** One thing that a container is waited for; which words go with which `for`, its description says. */
export interface ContainerWaitConditionArgs {
  /**
   * `ipv4`, `ipv6`: a global address; `port`: somebody listens on a TCP port; `http`: an answer over HTTP, asked by the machine of the program;
   * `command`: exit code 0; `log`: a line; `systemd`: the boot is over; `cloud-init`: it is done, and without an error.
   */
  for: pulumi.Input<"ipv4" | "ipv6" | "port" | "http" | "command" | "log" | "systemd" | "cloud-init">;
  /** Of `ipv4`, `ipv6` and `http`: the device whose address is meant; any nic when absent. */
  nic?: pulumi.Input<string>;
  /** Of `port` and `http`: a TCP port of the container; 80 for `http` when absent. */
  port?: pulumi.Input<number>;
  /** Of `http`: the path that is asked for; `/` when absent. */
  path?: pulumi.Input<string>;
  /** Of `http`: a whole address in place of the container's own. */
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

export interface ContainerWaitArgs extends Partial<Omit<ContainerWaitConditionArgs, "for">> {
  /** As of a condition, or `nothing`. When absent: `ipv4` if the container has a nic, then `command` if one is given. */
  for?: pulumi.Input<"ipv4" | "ipv6" | "port" | "http" | "command" | "log" | "systemd" | "cloud-init" | "nothing">;
  /** Conditions that must all hold, in place of `for`. */
  all?: pulumi.Input<pulumi.Input<ContainerWaitConditionArgs>[]>;
  /** Conditions of which one must hold, in place of `for` or beside `all`. */
  any?: pulumi.Input<pulumi.Input<ContainerWaitConditionArgs>[]>;
  /** How long to wait, in seconds; 120 when absent. */
  timeoutSeconds?: pulumi.Input<number>;
}

export interface ContainerFileArgs {
  /** Content, as UTF-8 text. */
  content: pulumi.Input<string>;
  /** Permissions, octal; "0644" when absent. */
  mode?: pulumi.Input<string>;
  /** Owner, as the container sees it; 0 when absent. */
  uid?: pulumi.Input<number>;
  /** Group, as the container sees it; 0 when absent. */
  gid?: pulumi.Input<number>;
}

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
export interface ContainerLimitsArgs {
  /** Memory, such as `512MiB` or `50%`. */
  memory?: pulumi.Input<string>;
  /** Whether it may be swapped out. */
  swap?: pulumi.Input<ConfigValue>;
  /** How many processors, or which, such as `2` or `0-3`. */
  cpus?: pulumi.Input<ConfigValue>;
  /** Share of processor time, such as `50%` or `25ms/100ms`. */
  cpuAllowance?: pulumi.Input<string>;
  /** How many processes. */
  processes?: pulumi.Input<ConfigValue>;
}

/** A network interface of a container. */
export interface ContainerNicArgs {
  /** Managed network. */
  network?: Reference<Named>;
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

/** The root disk of a container, or a volume. */
export interface ContainerDiskArgs {
  /** Where it is in the container; `/` for the root disk. */
  path: pulumi.Input<string>;
  /** Storage pool. */
  pool: Reference<Named>;
  /** Custom volume of the pool; absent for the root disk. */
  volume?: Reference<Named>;
  /** Size of the root disk, such as `10GiB`. */
  size?: pulumi.Input<string>;
  /** Whether the container can only read it. */
  readonly?: pulumi.Input<boolean>;
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

/** A port of the host that leads into a container. */
export interface ContainerPortArgs {
  /** Port of the host. */
  host: pulumi.Input<number>;
  /** Port of the container. */
  container: pulumi.Input<number>;
  /** `tcp` when absent. */
  protocol?: pulumi.Input<"tcp" | "udp">;
  /** Address of the host; all IPv4 ones when absent. */
  hostAddress?: pulumi.Input<string>;
}

/** What cloud-init in a container is told. */
export interface ContainerCloudInitArgs {
  userData?: pulumi.Input<string>;
  vendorData?: pulumi.Input<string>;
  networkConfig?: pulumi.Input<string>;
}

/** Check puts what cloud-init is told into the configuration, which is a secret then too if that is one: Pulumi looks at whole inputs. */
const withSecrecyOf = (config: unknown, cloudInit: unknown): unknown =>
  cloudInit === undefined
    ? config
    : pulumi.all([config, cloudInit] as pulumi.Input<object>[]).apply(([whole]) => whole);

/** A machine container: a whole Linux system that shares the host's kernel. */
export class Container extends BothyResource {
  declare readonly name: pulumi.Output<string>;
  declare readonly image: pulumi.Output<string | undefined>;
  declare readonly profiles: pulumi.Output<string[]>;
  declare readonly config: pulumi.Output<Record<string, string>>;
  declare readonly devices: pulumi.Output<Record<string, Record<string, string>>>;
  declare readonly description: pulumi.Output<string>;
  declare readonly ephemeral: pulumi.Output<boolean>;
  declare readonly running: pulumi.Output<boolean>;
  declare readonly allowRestart: pulumi.Output<boolean | undefined>;
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

  constructor(name: string, args: ContainerArgs, options?: pulumi.CustomResourceOptions) {
    const source = sourceNames(args?.source);
    const isCopy = source !== undefined;
    super(
      container,
      name,
      {
        ...argsOf("Container", name, args),
        image: imageOf(args?.image),
        source,
        [sourceOfProperty]: isCopy ? { source } : undefined,
        profiles: namesOf(args?.profiles),
        config: withSecrecyOf(args?.config, args?.cloudInit),
        devices: deviceNames(args?.devices),
        nics: deviceNames(args?.nics),
        disks: deviceNames(args?.disks),
      },
      // What a copy inherits may hold secrets of its source.
      isCopy ? withSecretOutput(options, inheritedProperty) : options,
      {
        image: args?.image,
        source: args?.source,
        profiles: args?.profiles,
        devices: args?.devices,
        nics: args?.nics,
        disks: args?.disks,
      },
    );
  }

  /** Reads a container that exists. @param id its name */
  static get(name: string, id: pulumi.Input<pulumi.ID>, args: CommonArgs = {}, options?: pulumi.CustomResourceOptions) {
    return new Container(name, args, existing(id, options));
  }
}
