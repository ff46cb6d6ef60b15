/** InstanceRecord: an instance as the database keeps it, and its merge with its profiles. */
import type { Config, Device, Devices } from "../../../sdk/api/common";
import { badRequest } from "../../../sdk/api/errors";
import type { ProfileRecord } from "../profile/store";

/** Where profiles are found. */
export interface ProfileLayers {
  find(name: string): ProfileRecord | undefined;
}

export interface InstanceRecord {
  readonly name: string;
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
}

export interface Expanded {
  readonly config: Config;
  readonly devices: Devices;
}

/** Profiles in their order, then the instance's own keys; a device of type "none" takes one away. */
export function expand(
  record: Pick<InstanceRecord, "config" | "devices">,
  profiles: readonly ProfileRecord[],
): Expanded {
  const layers = [...profiles, record];
  const devices: Devices = Object.assign({}, ...layers.map((layer) => layer.devices));
  return {
    config: Object.assign({}, ...layers.map((layer) => layer.config)),
    devices: Object.fromEntries(Object.entries(devices).filter(([, device]) => device.type !== "none")),
  };
}

/** The root disk, when there is one that says its pool. */
export function rootOf(devices: Devices): (Device & { pool: string }) | undefined {
  const root = Object.values(devices).find((device) => device.type === "disk" && device.path === "/");
  return root?.pool === undefined ? undefined : (root as Device & { pool: string });
}

/** The root disk. @throws ApiError BAD_REQUEST "No root device could be found" */
export function rootDisk(devices: Devices): Device & { pool: string } {
  const root = rootOf(devices);
  if (root === undefined)
    throw badRequest(
      'Failed creating instance record: No root device could be found. Add a disk device with path "/" and a pool to the instance or to one of its profiles.',
    );
  return root;
}
