/** Instance: a container, its state, and what may be asked of it (docs/lxd-api.md, Instances and Exec). */
import * as z from "zod";
import { Backup } from "./backup";
import { Config, Devices, flag, InstanceName, Text, Time, text } from "./common";
import { remoteFields } from "./image";
import { means } from "./means";
import { MigrationTarget } from "./migration";
import { NetworkState } from "./network";
import { Snapshot } from "./snapshot";

export const InstancePut = z.object({
  architecture: means(Text.default(""), "Such as `x86_64`. That of the image wins over it."),
  config: Config.default({}),
  devices: Devices.default({}),
  ephemeral: flag.meta({ description: "Whether the instance is deleted when it stops." }),
  profiles: means(
    z.array(z.string()).nullish(),
    "Names of profiles, the later ones over the earlier ones. A new instance without the field has `default`.",
  ),
  description: text,
  restore: means(Text.optional(), "Snapshot that the instance becomes again. The other fields do not count then."),
  stateful: flag.meta({ description: "Must be false: checkpoints are not supported yet." }),
});
export type InstancePut = z.infer<typeof InstancePut>;

export const InstanceSource = z.looseObject({
  type: means(z.string(), "`image`, `template`, `copy`, `migration` or `none`."),
  alias: means(Text.optional(), "Alias of an image, or `template:` and the name of a template."),
  fingerprint: means(Text.optional(), "Fingerprint of an image, or a beginning that only one has."),
  properties: means(z.record(Text, Text).optional(), "Properties of the image that is meant."),
  ...remoteFields,
  source: means(Text.optional(), "What is copied: an instance, or `instance/snapshot`."),
  instance_only: means(z.boolean().optional(), "Copies no snapshots."),
  container_only: means(z.boolean().optional(), "Older name of `instance_only`."),
  refresh: means(z.boolean().optional(), "Brings an instance that is there to what a copy would be now."),
  project: means(Text.optional(), "Project of what is copied, where it is another one."),
  allow_inconsistent: means(z.boolean().optional(), "Copies a running instance without freezing it meanwhile."),
  mode: means(
    Text.optional(),
    "Of an image of another server: `pull`. Of `migration`: `pull` connects to the other server, `push` waits for it.",
  ),
  operation: means(Text.optional(), "Of `pull`: URL of the other server's operation."),
  secrets: means(z.record(z.string(), Text).nullish(), "Of `pull`: secrets of the operation's websockets, by name."),
  live: means(z.boolean().optional(), "Must not be true: a running instance cannot go on elsewhere."),
  "base-image": means(Text.optional(), "Of `migration`: fingerprint of the image that the instance was made of."),
});
export type InstanceSource = z.infer<typeof InstanceSource>;

export const InstancesPost = InstancePut.omit({ restore: true }).extend({
  name: means(z.union([InstanceName, z.literal("")]).default(""), "A free one is taken when it is empty."),
  source: InstanceSource,
  type: means(z.string().default("container"), "`container`; there is no other yet."),
  start: flag.meta({ description: "Whether it is started as soon as it is there." }),
  instance_type: means(Text.default(""), "Limits in short: `c2-m4` for 2 processors and 4 GiB of memory."),
});
export type InstancesPost = z.infer<typeof InstancesPost>;

export const InstancePost = z.looseObject({
  name: means(z.union([InstanceName, z.literal("")]).default(""), "The name that it has when it is empty."),
  migration: means(z.boolean().optional(), "Sends the instance to another server, without a pool or a project."),
  live: means(z.boolean().optional(), "Of a migration: must not be true for an instance that runs."),
  instance_only: means(z.boolean().optional(), "Of a move and a migration: without its snapshots."),
  container_only: means(z.boolean().optional(), "Older name of `instance_only`."),
  pool: means(Text.optional(), "Storage pool that it goes to."),
  project: means(Text.optional(), "Project that it goes to."),
  target: means(
    z.union([Text, MigrationTarget]).nullish(),
    "Of a migration: the operation of the other server that waits for it; without one this server's waits.",
  ),
});
export type InstancePost = z.infer<typeof InstancePost>;

export const InstanceRebuildPost = z.object({ source: InstanceSource });
export type InstanceRebuildPost = z.infer<typeof InstanceRebuildPost>;

export const InstanceStateAction = z.enum(["start", "stop", "restart", "freeze", "unfreeze"]);
export type InstanceStateAction = z.infer<typeof InstanceStateAction>;
export const InstanceStatePut = z.object({
  action: InstanceStateAction,
  timeout: means(z.number().int().default(-1), "Seconds that a clean stop may take; 0 is force, and -1 the usual 600."),
  force: flag.meta({ description: "Kills instead of asking." }),
  stateful: flag.meta({ description: "Must be false: checkpoints are not supported yet." }),
});
export type InstanceStatePut = z.infer<typeof InstanceStatePut>;

export const InstancesPut = z.object({ state: InstanceStatePut });
export type InstancesPut = z.infer<typeof InstancesPut>;

export const InstanceState = z.looseObject({
  status: means(z.string(), "`Running`, `Frozen` or `Stopped`."),
  status_code: means(z.number(), "The status as a number."),
  pid: means(z.number(), "Process of the init on the host; 0 when stopped."),
  processes: means(z.number(), "How many there are."),
  cpu: z.looseObject({ usage: means(z.number(), "Nanoseconds of processors' time so far.") }),
  memory: means(
    z.looseObject({
      usage: z.number(),
      usage_peak: z.number(),
      swap_usage: z.number(),
      swap_usage_peak: z.number(),
    }),
    "Bytes.",
  ),
  disk: means(
    z.record(z.string(), z.looseObject({ usage: z.number(), total: z.number().optional() })).nullable(),
    "Bytes by device: what it holds, and what it can hold where something bounds it.",
  ),
  network: means(
    z.record(z.string(), z.looseObject({ ...NetworkState.shape, host_name: z.string() })).nullable(),
    "By interface; null when stopped.",
  ),
});
export type InstanceState = z.infer<typeof InstanceState>;

export const Instance = z.looseObject({
  name: z.string(),
  description: z.string(),
  status: means(z.string(), "`Running`, `Frozen`, `Stopped` or `Error`."),
  status_code: means(z.number(), "The status as a number."),
  type: z.string(),
  architecture: z.string(),
  config: Config,
  devices: Devices,
  expanded_config: Config.meta({ description: "With that of the profiles." }),
  expanded_devices: Devices.meta({ description: "With those of the profiles." }),
  profiles: z.array(z.string()).nullable(),
  ephemeral: z.boolean(),
  stateful: z.boolean(),
  created_at: Time,
  last_used_at: Time,
  location: means(z.string().default("none"), "Always `none`: there is no cluster."),
  project: z.string().default("default"),
});
export type Instance = z.infer<typeof Instance>;

export const InstanceFull = z.looseObject({
  ...Instance.shape,
  state: means(InstanceState.nullable(), "Null when it cannot be had."),
  snapshots: z.array(Snapshot).nullable(),
  backups: z.array(Backup).nullable(),
});
export type InstanceFull = z.infer<typeof InstanceFull>;

/** Ids end below the one that means "none" (credentials(7)), terminals at the 16 bits of struct winsize. */
const id = z
  .number()
  .int()
  .min(0)
  .max(2 ** 32 - 2)
  .default(0);
const terminalSize = z.number().int().min(0).max(65535).default(0);

export const InstanceExecPost = z.object({
  command: z
    .array(Text)
    .min(1, { message: "must name a command" })
    .refine(([program]) => program !== "", { message: "must name a command" }),
  environment: means(z.record(Text, Text).nullish(), "Variables beside those of the instance."),
  interactive: flag.meta({ description: "Whether the command has a terminal." }),
  "wait-for-websocket": flag.meta({ description: "Whether the streams are websockets; the command waits for them." }),
  "record-output": flag.meta({ description: "Whether output is kept among the logs, where it goes to no websocket." }),
  width: terminalSize.meta({ description: "Columns of the terminal; 0 for 80." }),
  height: terminalSize.meta({ description: "Rows of the terminal; 0 for 24." }),
  user: id.meta({ description: "User id in the container." }),
  group: id.meta({ description: "Group id in the container." }),
  cwd: means(Text.default(""), "Working folder; the user's home when empty."),
});
export type InstanceExecPost = z.infer<typeof InstanceExecPost>;

export const InstanceConsolePost = z.object({
  type: means(z.string().default("console"), "`console`; `vga` is of virtual machines."),
  width: terminalSize.meta({ description: "Columns of the terminal; 0 leaves it as it is." }),
  height: terminalSize.meta({ description: "Rows of the terminal; 0 leaves it as it is." }),
});
export type InstanceConsolePost = z.infer<typeof InstanceConsolePost>;

/** Messages on the control websocket of an exec session or a console (docs/lxd-api.md, Exec). */
export const InstanceExecControl = z.looseObject({
  command: means(z.string(), "`window-resize` or `signal`."),
  args: means(z.record(z.string(), z.string()).nullish(), "Of `window-resize`: `width` and `height` as texts."),
  signal: means(z.number().int().optional(), "Of `signal`: its number."),
});
export type InstanceExecControl = z.infer<typeof InstanceExecControl>;
