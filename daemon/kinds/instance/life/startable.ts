/** Startable: what a start is refused for. Asked by the start itself, and before a running container is stopped in order to start again. */
import type { Devices } from "../../../../sdk/api/common";
import { mayBeMissing } from "../../../../sdk/api/devices/disk";
import { ApiError, badRequest, notFound } from "../../../../sdk/api/errors";
import { toApiError } from "../../../platform/errors";
import { isThere } from "../../../platform/folders/files";
import { findLink } from "../../network/link";
import { rivalOf } from "../../network/usage";
import { checkWhole } from "../change/checks";
import { nicDevices, planNics } from "../devices/nics";
import type { InstanceHome } from "../home";
import { expand, type InstanceRecord, keyOf, rootOf } from "../record";
import { volumeOf } from "../volume";

type Startable = Pick<InstanceRecord, "project" | "name" | "pool" | "config" | "devices" | "profiles">;

const refused = (device: string, cause: string) =>
  badRequest(`Failed start validation for device "${device}": ${cause}`);

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
  for (const [device, options] of Object.entries(devices)) {
    const { type, pool, source } = options;
    if (type === "disk" && source && !pool && !mayBeMissing(options) && !(await isThere(source)))
      throw refused(device, `Missing source path "${source}" for disk "${device}". Make it, or change the device.`);
  }
  for (const [device, { network }] of nicDevices(devices))
    if (network && !home.networks.isManaged(network))
      throw refused(
        device,
        `Failed to load network "${network}" for project "default": Network not found. Create it, or change the device.`,
      );
  checkAddresses(home, record, devices);
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

/** Fixed addresses that the network can give, and that no running instance has; of two nics of its own neither. */
function checkAddresses(home: InstanceHome, record: Startable, devices: Devices): void {
  const nics = planNics(record.config, devices);
  for (const { device, hwaddr, ipv4, network, bridge } of nics) {
    if (bridge === "") continue;
    const isManaged = home.networks.isManaged(network ?? bridge);
    if (ipv4 && isManaged) home.networks.checkHost(bridge, { instance: keyOf(record), device, hwaddr, ipv4 });
    const isOwnRival = nics.some(
      (other) =>
        other.device !== device &&
        other.bridge === bridge &&
        (other.hwaddr === hwaddr || (ipv4 !== undefined && other.ipv4 === ipv4)),
    );
    if (isOwnRival)
      throw refused(device, "its address is already defined on another NIC of the instance. Choose another.");
    // Most nics have no wishes, and need not be compared with all others.
    if (!ipv4 && (isManaged || devices[device]?.hwaddr === undefined)) continue;
    const running = home.book.uses().filter((use) => home.book.running.has(use));
    const rival = rivalOf(running, bridge, { instance: keyOf(record), device, ipv4, hwaddr });
    if (rival !== undefined)
      throw refused(
        device,
        `${rival.address} already defined on another NIC: the running instance "${rival.instance}" has it. Stop that one, or choose another.`,
      );
  }
}

/**
 * As checkStart, and looks at the host: are the root and the bridges there?
 * @throws ApiError that names the instance and what does not fit; NOT_FOUND or UNAVAILABLE for the pool
 */
export async function requireStartable(home: InstanceHome, record: Startable): Promise<void> {
  await home.volumes.requireThere(record.pool, volumeOf(record));
  try {
    await checkStart(home, record);
    for (const [device, { network, parent }] of nicDevices(home.book.expanded(record).devices)) {
      const bridge = network ?? parent;
      if (bridge && (await findLink(bridge)) === undefined)
        throw badRequest(`the bridge "${bridge}" of nic "${device}" does not exist. Make it, or change the device.`);
    }
  } catch (error) {
    const { code, message, details } = toApiError(error);
    throw new ApiError(code, `Cannot start instance "${record.name}": ${message}`, { details, cause: error });
  }
}
