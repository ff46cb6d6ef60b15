/** Short inputs: words of their own for what most programs say of a container, beside its configuration and its devices. */
import * as z from "zod";
import { Text } from "../../../../sdk/api/common";

const port = z.int().min(1).max(65535);
const absolute = { message: "must be an absolute path" };
const AbsolutePath = Text.refine((path) => path.startsWith("/"), absolute);
const readonly = z.boolean().optional().meta({ description: "Whether the container can only read it." });

export const Limits = z
  .strictObject({
    memory: Text.optional().meta({ description: "Memory, such as `512MiB` or `50%`: `limits.memory`." }),
    swap: Text.optional().meta({ description: "Whether it may be swapped out: `limits.memory.swap`." }),
    cpus: Text.optional().meta({ description: "How many processors, or which, such as `2` or `0-3`: `limits.cpu`." }),
    cpuAllowance: Text.optional().meta({
      description: "Share of processor time, such as `50%` or `25ms/100ms`: `limits.cpu.allowance`.",
    }),
    processes: Text.optional().meta({ description: "How many processes: `limits.processes`." }),
  })
  .meta({ id: "ContainerLimits", description: "What a container may use at most." });

export const Nic = z
  .strictObject({
    network: Text.min(1).optional().meta({ description: "Managed network." }),
    parent: Text.min(1)
      .optional()
      .meta({ description: "Interface of the host, where there is no managed network; needs `nictype`." }),
    nictype: Text.optional().meta({ description: "Of a nic with a `parent`: `bridged`, `macvlan` and so on." }),
    name: Text.min(1).optional().meta({
      description: "Name of the device and inside of the container; `eth0` for the first one when absent, and so on.",
    }),
    ipv4Address: Text.optional().meta({ description: "Fixed IPv4 address." }),
    ipv6Address: Text.optional().meta({ description: "Fixed IPv6 address." }),
    macAddress: Text.optional().meta({ description: "Hardware address." }),
  })
  .meta({ id: "ContainerNic", description: "A network interface of a container." });

export const Disk = z
  .strictObject({
    path: AbsolutePath.meta({ description: "Where it is in the container; `/` for the root disk." }),
    pool: Text.min(1).meta({ description: "Storage pool." }),
    volume: Text.min(1).optional().meta({ description: "Custom volume of the pool; absent for the root disk." }),
    size: Text.optional().meta({ description: "Size of the root disk, such as `10GiB`." }),
    readonly,
  })
  .meta({ id: "ContainerDisk", description: "The root disk of a container, or a volume." });

export const Mount = z
  .strictObject({
    source: AbsolutePath.meta({ description: "File or folder of the host." }),
    path: AbsolutePath.meta({ description: "Where it is in the container." }),
    readonly,
    shift: z.boolean().optional().meta({ description: "Whether owners are those of the container's own ids." }),
  })
  .meta({ id: "ContainerMount", description: "A file or folder of the host in a container." });

export const Port = z
  .strictObject({
    host: port.meta({ description: "Port of the host." }),
    container: port.meta({ description: "Port of the container." }),
    protocol: z.enum(["tcp", "udp"]).default("tcp").meta({ description: "`tcp` or `udp`." }),
    hostAddress: Text.optional().meta({ description: "Address of the host; all IPv4 ones when absent." }),
  })
  .meta({ id: "ContainerPort", description: "A port of the host that leads into a container." });

export const CloudInit = z
  .strictObject({
    userData: Text.optional().meta({ description: "`cloud-init.user-data`." }),
    vendorData: Text.optional().meta({ description: "`cloud-init.vendor-data`." }),
    networkConfig: Text.optional().meta({ description: "`cloud-init.network-config`." }),
  })
  .meta({ id: "ContainerCloudInit", description: "What cloud-init in a container is told." });

export const restartPolicies = ["no", "always", "unless-stopped"] as const;

/** Each says what `config` or `devices` could say; none of it is said twice. */
export const shortInputs = {
  limits: Limits.optional().meta({
    description: "What the container may use at most, in place of `limits.*` of `config`.",
  }),
  nics: z.array(Nic).optional().meta({ description: "Network interfaces, in place of devices of the type `nic`." }),
  disks: z
    .array(Disk)
    .optional()
    .meta({ description: "Root disk and volumes, in place of devices of the type `disk`." }),
  mounts: z
    .array(Mount)
    .optional()
    .meta({ description: "Files and folders of the host, in place of devices of the type `disk`." }),
  ports: z.array(Port).optional().meta({
    description: "Ports of the host that lead into the container, in place of devices of the type `proxy`.",
  }),
  cloudInit: CloudInit.optional().meta({
    description: "What cloud-init is told, in place of `cloud-init.*` of `config`.",
  }),
  restartPolicy: z.enum(restartPolicies).optional().meta({
    description:
      "`no`: it does not start with the host; `always`: it does, and again when it ended by itself; `unless-stopped`: both, but for one that was stopped. In place of `boot.autostart` and `boot.autorestart`.",
  }),
};
