/** Instance: a container, its state, and what may be asked of it (docs/lxd-api.md, Instances and Exec). */
import * as z from "zod";
import { Config, Devices, flag, InstanceName, Text, Time, text } from "./common";
import { NetworkState } from "./network";
import { Snapshot } from "./snapshot";

export const InstancePut = z.object({
  architecture: Text.default(""),
  config: Config.default({}),
  devices: Devices.default({}),
  ephemeral: flag,
  profiles: z.array(z.string()).nullish(),
  description: text,
  restore: Text.optional(),
  stateful: flag,
});
export type InstancePut = z.infer<typeof InstancePut>;

export const InstanceSource = z.looseObject({
  type: z.string(),
  alias: Text.optional(),
  fingerprint: Text.optional(),
  properties: z.record(Text, Text).optional(),
  source: Text.optional(),
  instance_only: z.boolean().optional(),
  container_only: z.boolean().optional(),
  refresh: z.boolean().optional(),
  project: Text.optional(),
});
export type InstanceSource = z.infer<typeof InstanceSource>;

export const InstancesPost = InstancePut.omit({ restore: true }).extend({
  name: z.union([InstanceName, z.literal("")]).default(""),
  source: InstanceSource,
  type: z.string().default("container"),
  instance_type: Text.default(""),
});
export type InstancesPost = z.infer<typeof InstancesPost>;

export const InstancePost = z.looseObject({
  name: InstanceName,
  migration: z.boolean().optional(),
  pool: Text.optional(),
  project: Text.optional(),
  target: Text.optional(),
});

export const InstanceStateAction = z.enum(["start", "stop", "restart", "freeze", "unfreeze"]);
export type InstanceStateAction = z.infer<typeof InstanceStateAction>;
export const InstanceStatePut = z.object({
  action: InstanceStateAction,
  timeout: z.number().int().default(-1),
  force: flag,
  stateful: flag,
});
export type InstanceStatePut = z.infer<typeof InstanceStatePut>;

export const InstanceState = z.looseObject({
  status: z.string(),
  status_code: z.number(),
  pid: z.number(),
  processes: z.number(),
  cpu: z.looseObject({ usage: z.number() }),
  memory: z.looseObject({
    usage: z.number(),
    usage_peak: z.number(),
    swap_usage: z.number(),
    swap_usage_peak: z.number(),
  }),
  disk: z.record(z.string(), z.looseObject({ usage: z.number() })).nullable(),
  network: z.record(z.string(), z.looseObject({ ...NetworkState.shape, host_name: z.string() })).nullable(),
});
export type InstanceState = z.infer<typeof InstanceState>;

export const Instance = z.looseObject({
  name: z.string(),
  description: z.string(),
  status: z.string(),
  status_code: z.number(),
  type: z.string(),
  architecture: z.string(),
  config: Config,
  devices: Devices,
  expanded_config: Config,
  expanded_devices: Devices,
  profiles: z.array(z.string()).nullable(),
  ephemeral: z.boolean(),
  stateful: z.boolean(),
  created_at: Time,
  last_used_at: Time,
  location: z.string().default("none"),
  project: z.string().default("default"),
});
export type Instance = z.infer<typeof Instance>;

export const InstanceFull = z.looseObject({
  ...Instance.shape,
  state: InstanceState.nullable(),
  snapshots: z.array(Snapshot).nullable(),
  backups: z.array(z.unknown()).nullable(),
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
  environment: z.record(Text, Text).nullish(),
  interactive: flag,
  "wait-for-websocket": flag,
  "record-output": flag,
  width: terminalSize,
  height: terminalSize,
  user: id,
  group: id,
  cwd: Text.default(""),
});
export type InstanceExecPost = z.infer<typeof InstanceExecPost>;

/** Messages on the control websocket of an exec session (docs/lxd-api.md, Exec). */
export const InstanceExecControl = z.looseObject({
  command: z.string(),
  args: z.record(z.string(), z.string()).nullish(),
  signal: z.number().int().optional(),
});
export type InstanceExecControl = z.infer<typeof InstanceExecControl>;
