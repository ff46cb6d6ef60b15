/** InstanceRecord: an instance as the database keeps it, and its merge with its profiles. */
import type { Config, Device, Devices } from "../../../sdk/api/common";
import { type ApiError, badRequest } from "../../../sdk/api/errors";
import { defaultProject } from "../../core/call";
import { type Ref, ref, storageNameOf } from "../../core/ref";
import type { ProfileRecord } from "../profile/store";

/** Which instance: names count within a project. */
export interface InstanceId {
  readonly project: string;
  readonly name: string;
}

export const instanceRef = ({ project, name }: InstanceId): Ref => ref("instance", name, project);

/** Its name on the host: of its control group, its folders, its volume. */
export const keyOf = (instance: InstanceId): string => storageNameOf(instanceRef(instance));

/** The instance that a name on the host is of: neither a project nor an instance has an underscore in its name. */
export function instanceOfKey(key: string): InstanceId {
  const [, project, name] = /^([^_]+)_(.+)$/.exec(key) ?? [];
  return project === undefined || name === undefined ? { project: defaultProject, name: key } : { project, name };
}

export interface InstanceRecord extends InstanceId {
  readonly architecture: string;
  readonly description: string;
  readonly config: Config;
  readonly devices: Devices;
  readonly profiles: readonly string[];
  readonly ephemeral: boolean;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly lastUsedAt: string;
  /** Storage pool of the root volume; fixed at creation. */
  readonly pool: string;
  /** The root volume's own configuration: keys of the user. */
  readonly volumeConfig: Config;
}

export interface Expanded {
  readonly config: Config;
  readonly devices: Devices;
}

/** Profiles in their order, then the instance's own keys; a device of type "none" is one, and stands in the place of a profile's. */
export function expand(
  record: Pick<InstanceRecord, "config" | "devices">,
  profiles: readonly ProfileRecord[],
): Expanded {
  const layers = [...profiles, record];
  return {
    config: Object.assign({}, ...layers.map((layer) => layer.config)),
    devices: Object.assign({}, ...layers.map((layer) => layer.devices)),
  };
}

/** The root disk, when there is one that says its pool. */
export function rootOf(devices: Devices): (Device & { pool: string }) | undefined {
  const root = Object.values(devices).find((device) => device.type === "disk" && device.path === "/");
  return root?.pool === undefined ? undefined : (root as Device & { pool: string });
}

/** The root disk with its name. @throws ApiError BAD_REQUEST "No root device could be found" */
export function rootEntry(devices: Devices): [name: string, device: Device & { pool: string }] {
  const root = rootDisk(devices);
  const [name = ""] = Object.entries(devices).find(([, device]) => device === root) ?? [];
  return [name, root];
}

/** Says that an instance does not go into another pool by a change of its root disk. */
export const otherPool = (pool: string): ApiError =>
  badRequest(
    `Cannot update root disk device pool name to "${pool}": its files stay where they are. Move or copy the instance there.`,
  );

/** The root disk. @throws ApiError BAD_REQUEST "No root device could be found" */
export function rootDisk(devices: Devices): Device & { pool: string } {
  const root = rootOf(devices);
  if (root === undefined)
    throw badRequest(
      'Failed creating instance record: No root device could be found. Add a disk device with path "/" and a pool to the instance or to one of its profiles.',
    );
  return root;
}
