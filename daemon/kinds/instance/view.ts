/** Render: an instance as the wire shows it. */
import type { Instance } from "../../../sdk/api/instance";
import { statusCodes } from "../../../sdk/api/operation";
import type { RunningInstance } from "./life/running";
import type { Expanded, InstanceRecord } from "./record";

export const statusOf = (running: RunningInstance | undefined): "Running" | "Frozen" | "Stopped" =>
  running === undefined ? "Stopped" : running.isFrozen ? "Frozen" : "Running";

/** The object of an instance. @param running undefined when it is stopped @param isDamaged what was stored of it could not be read */
export function renderInstance(
  record: InstanceRecord,
  expanded: Expanded,
  running: RunningInstance | undefined,
  isDamaged: boolean,
): Instance {
  const status = isDamaged && running === undefined ? "Error" : statusOf(running);
  return {
    name: record.name,
    description: record.description,
    status,
    status_code: statusCodes[status],
    type: "container",
    architecture: record.architecture,
    config: record.config,
    devices: record.devices,
    expanded_config: expanded.config,
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
  config: record.config,
  devices: record.devices,
  ephemeral: record.ephemeral,
  profiles: record.profiles,
});
