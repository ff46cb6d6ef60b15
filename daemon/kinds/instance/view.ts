/** Render: an instance as the wire shows it. */
import type { Config } from "../../../sdk/api/common";
import type { Instance } from "../../../sdk/api/instance";
import { statusCodes } from "../../../sdk/api/operation";
import { withoutKept } from "./devices/volatile-keys";
import { isReady } from "./life/last-state";
import type { RunningInstance } from "./life/running";
import type { Expanded, InstanceRecord } from "./record";

/** @param config the instance's own, in which stands what the guest says of itself */
export function statusOf(
  running: RunningInstance | undefined,
  config: Config = {},
): "Running" | "Ready" | "Frozen" | "Stopped" {
  if (running === undefined) return "Stopped";
  if (running.isFrozen) return "Frozen";
  return isReady(config) ? "Ready" : "Running";
}

/** The object of an instance. @param ids keys that tell of its ids @param running undefined when it is stopped @param isDamaged what was stored of it could not be read */
export function renderInstance(
  record: InstanceRecord,
  expanded: Expanded,
  ids: Config,
  running: RunningInstance | undefined,
  isDamaged: boolean,
): Instance {
  const status = isDamaged && running === undefined ? "Error" : statusOf(running, record.config);
  return {
    name: record.name,
    description: record.description,
    status,
    status_code: statusCodes[status],
    type: "container",
    architecture: record.architecture,
    config: { ...record.config, ...ids },
    devices: record.devices,
    expanded_config: { ...expanded.config, ...ids },
    expanded_devices: expanded.devices,
    profiles: [...record.profiles],
    ephemeral: record.ephemeral,
    stateful: false,
    created_at: record.createdAt,
    last_used_at: record.lastUsedAt,
    location: "none",
    project: record.project,
  };
}

/** What the ETag covers (docs/lxd-api.md, Changes). */
export const writableInstance = (record: InstanceRecord) => ({
  architecture: record.architecture,
  // What a running container has of its devices changes with the host's, and is no change that a client could lose.
  config: withoutKept(record.config),
  devices: record.devices,
  ephemeral: record.ephemeral,
  profiles: record.profiles,
});
