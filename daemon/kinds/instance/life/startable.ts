/** Startable: what a start is refused for. Asked by the start itself, and before a running container is stopped in order to start again. */
import type { Devices } from "../../../../sdk/api/common";
import { ApiError, badRequest, notFound } from "../../../../sdk/api/errors";
import { toApiError } from "../../../platform/errors";
import { checkWhole } from "../change/checks";
import { checkHostDevices, checkStartDevices } from "../devices/devices";
import type { InstanceHome } from "../home";
import { expand, type InstanceRecord, rootOf } from "../record";
import { volumeOf } from "../volume";

type Startable = Pick<InstanceRecord, "project" | "name" | "pool" | "config" | "devices" | "profiles">;

/**
 * Judges what is stored, which may have stopped fitting since: profiles, keys, devices, networks, addresses, host folders, the root's pool.
 * @throws ApiError that names what does not fit
 */
export async function checkStart(home: InstanceHome, record: Startable): Promise<void> {
  const gone = record.profiles.find((name) => home.profiles.find(record.project, name) === undefined);
  if (gone !== undefined)
    throw notFound(`Requested profile "${gone}" doesn't exist. Create it, or take it off the instance.`);
  const { config, devices } = expand(record, home.profiles.layers(record.project, record.profiles));
  checkWhole(config, devices);
  checkRoot(record, devices);
  await checkStartDevices(home, record, devices);
}

function checkRoot({ pool }: Startable, devices: Devices): void {
  const root = rootOf(devices);
  if (root === undefined)
    throw badRequest(
      'No root device could be found. Add a disk device with path "/" and a pool to the instance or to one of its profiles.',
    );
  if (root.pool !== pool)
    throw badRequest(
      `The root disk is in the storage pool "${pool}", and its device says "${root.pool}". Change the device.`,
    );
}

/**
 * As checkStart, and looks at the host: are the root and the bridges there?
 * @throws ApiError that names the instance and what does not fit; NOT_FOUND or UNAVAILABLE for the pool
 */
export async function requireStartable(home: InstanceHome, record: Startable): Promise<void> {
  await home.volumes.requireThere(record.pool, volumeOf(record));
  try {
    await checkStart(home, record);
    await checkHostDevices(home, record, home.book.expanded(record).devices);
  } catch (error) {
    const { code, message, details } = toApiError(error);
    throw new ApiError(code, `Cannot start instance "${record.name}": ${message}`, { details, cause: error });
  }
}
