/** Limits: how many instances a project may hold, and what their limits and the sizes of its volumes may come to. The messages are LXD's. */
import type { Device, Devices } from "../../../sdk/api/common";
import { instanceConfig } from "../../../sdk/api/config/instance";
import { projectConfig } from "../../../sdk/api/config/project";
import { storageVolumeConfig } from "../../../sdk/api/config/storage-volume";
import { diskOptions } from "../../../sdk/api/devices/disk";
import { badRequest } from "../../../sdk/api/errors";
import type { ProjectState } from "../../../sdk/api/project";
import type { Member, Members, VolumeMember } from "./home";
import type { ProjectRecord } from "./store";

/** Keys whose sum over all instances is limited. */
const aggregates = ["limits.cpu", "limits.disk", "limits.memory", "limits.processes"] as const;
type Aggregate = (typeof aggregates)[number];

const counts = ["limits.containers", "limits.instances"] as const;

/** What an instance takes of a limit; nothing when it takes no number of it. */
function amountOf({ config, devices }: Pick<Member, "config" | "devices">, key: Aggregate): number | undefined {
  const read = instanceConfig(config);
  // A size of 0 is no bound.
  if (key === "limits.disk") return diskOptions(rootOf(devices)).get("size") || undefined;
  if (key === "limits.processes") return read.get(key);
  if (key === "limits.memory") {
    const memory = read.get(key);
    return memory !== undefined && "bytes" in memory ? memory.bytes : undefined;
  }
  const cpus = read.get(key);
  return cpus !== undefined && "count" in cpus ? cpus.count : undefined;
}

const rootOf = (devices: Devices): Device =>
  Object.values(devices).find(({ type, path }) => type === "disk" && path === "/") ?? {};

const sizeOf = ({ config }: VolumeMember): number | undefined => storageVolumeConfig(config).get("size") || undefined;

/** @param members one that is just being changed is among them as it was and as it shall be, and counts by the more of it */
function totalOf({ instances, volumes }: Members, key: Aggregate): number {
  const amounts = new Map<string, number>();
  const count = (name: string, amount = 0) => amounts.set(name, Math.max(amounts.get(name) ?? 0, amount));
  for (const member of instances) count(member.name, amountOf(member, key));
  if (key === "limits.disk") for (const volume of volumes) count(`${volume.pool}/${volume.name}`, sizeOf(volume));
  return [...amounts.values()].reduce((sum, amount) => sum + amount, 0);
}

/** @returns why there is no sum: something in the project has no number that could be added up */
function missingIn(project: ProjectRecord, { instances, volumes }: Members, key: Aggregate): string | undefined {
  const sizeless = key === "limits.disk" ? volumes.find((volume) => sizeOf(volume) === undefined) : undefined;
  if (sizeless !== undefined)
    return `Custom volume "${sizeless.name}" in project "${project.name}" has no "size" config set`;
  return instances.map((member) => missingAmount(project, member, key)).find((cause) => cause !== undefined);
}

/** Whether the project has room for one instance more. @throws ApiError BAD_REQUEST */
export function checkCount({ name, config }: ProjectRecord, members: readonly Member[]): void {
  const limits = projectConfig(config);
  const refuse = (what: string) => badRequest(`Reached maximum number of instances ${what}in project "${name}"`);
  if (members.length >= (limits.get("limits.instances") ?? Number.POSITIVE_INFINITY)) throw refuse("");
  if (members.length >= (limits.get("limits.containers") ?? Number.POSITIVE_INFINITY))
    throw refuse('of type "container" ');
}

/** Whether what is in the project takes no more than its limits. @throws ApiError BAD_REQUEST */
export function checkAggregates(project: ProjectRecord, members: Members): void {
  const limits = projectConfig(project.config);
  for (const key of aggregates) {
    const most = limits.get(key);
    if (most === undefined) continue;
    const missing = missingIn(project, members, key);
    if (missing !== undefined) throw badRequest(`Failed getting usage of project entities: ${missing}`);
    if (totalOf(members, key) > most)
      throw badRequest(
        `Reached maximum aggregate value "${limits.text(key)}" for "${key}" in project "${project.name}"`,
      );
  }
}

/** Why an instance has no number that could be added up. */
function missingAmount({ name }: ProjectRecord, member: Member, key: Aggregate): string | undefined {
  if (key === "limits.disk")
    return amountOf(member, key) === undefined
      ? `Instance "${member.name}" in project "${name}" has no "size" config set on the root device either directly or via a profile`
      : undefined;
  if (!member.config[key])
    return `Instance "${member.name}" in project "${name}" has no "${key}" config, either directly or via a profile`;
  return amountOf(member, key) === undefined
    ? `Failed parsing "${key}" for instance "${member.name}" in project "${name}": it must be a ${key === "limits.memory" ? "size, not a share" : "number, not a set"}`
    : undefined;
}

/** Whether what is in the project is within limits that it did not have before. @param claimed members as they shall be @throws ApiError BAD_REQUEST */
export function checkNewLimits(was: ProjectRecord, is: ProjectRecord, members: Members, claimed: Members): void {
  const limits = projectConfig(is.config);
  const isNew = (key: string) => (was.config[key] ?? "") !== (is.config[key] ?? "");
  for (const key of counts) {
    const most = limits.get(key);
    if (most === undefined || !isNew(key) || members.instances.length <= most) continue;
    const [shownKey, what] =
      key === "limits.instances" ? [key, "total instances"] : [`"${key}"`, "instances of type container"];
    throw badRequest(
      `Can't change ${shownKey} in project "${is.name}": "${key}" is too low: there currently are ${members.instances.length} ${what} in project "${is.name}"`,
    );
  }
  for (const key of aggregates) {
    const most = limits.get(key);
    if (most === undefined || !isNew(key)) continue;
    const missing = missingIn(is, members, key);
    if (missing !== undefined) throw badRequest(missing);
    const total = totalOf(together(members, claimed), key);
    if (total > most)
      throw badRequest(
        `"${key}" is too low: current total is "${key === "limits.memory" || key === "limits.disk" ? bytesText(total) : total}"`,
      );
  }
}

export const together = (some: Members, others: Members): Members => ({
  instances: [...some.instances, ...others.instances],
  volumes: [...some.volumes, ...others.volumes],
});

/** How many bytes the limit of a project leaves to a new image; nothing where there is none. @throws ApiError BAD_REQUEST where there is no sum */
export function roomForImage(project: ProjectRecord, members: Members): number | undefined {
  const most = projectConfig(project.config).get("limits.disk");
  if (most === undefined) return undefined;
  const missing = missingIn(project, members, "limits.disk");
  if (missing !== undefined) throw badRequest(`Failed getting usage of project entities: ${missing}`);
  return Math.max(0, most - totalOf(members, "limits.disk"));
}

/** As LXD writes sizes: 640.0MiB. */
function bytesText(bytes: number): string {
  const units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
  if (bytes < 1024) return `${bytes}B`;
  const step = Math.min(units.length, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** step).toFixed(1)}${units[step - 1]}`;
}

/** What a project has of each thing, and how much it may have. */
export function stateOf({ config }: ProjectRecord, members: Members): ProjectState {
  const limits = projectConfig(config);
  const of = (limit: number | undefined, Usage: number) => ({ Limit: limit ?? -1, Usage });
  const aggregate = (key: Aggregate) => of(limits.get(key), totalOf(members, key));
  return {
    resources: {
      containers: of(limits.get("limits.containers"), members.instances.length),
      cpu: aggregate("limits.cpu"),
      disk: aggregate("limits.disk"),
      instances: of(limits.get("limits.instances"), members.instances.length),
      memory: aggregate("limits.memory"),
      networks: of(limits.get("limits.networks"), 0),
      processes: aggregate("limits.processes"),
      "virtual-machines": of(limits.get("limits.virtual-machines"), 0),
    },
  };
}
