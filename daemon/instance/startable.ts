/** Startable: what a start would be refused for, asked before a running container is stopped in order to start again. */
import type { Devices } from "../../sdk/api/common";
import { isFalse } from "../../sdk/api/config/values";
import { badRequest } from "../../sdk/api/errors";
import type { Context } from "../context";
import { isThere } from "../files";
import { findLink } from "../network/link";
import type { Volume } from "../storage-pool/driver";
import { nicDevices } from "./nics";
import type { InstanceRecord } from "./record";

/**
 * Looks at the host: is what the devices name there, and can the root's pool be used?
 * @param devices expanded
 * @throws ApiError BAD_REQUEST that names the device, NOT_FOUND or UNAVAILABLE for the pool
 */
export async function requireStartable(
  context: Context,
  { pool, name }: Pick<InstanceRecord, "pool" | "name">,
  devices: Devices,
): Promise<void> {
  const root: Volume = { type: "containers", name };
  await context.volumes.requireThere(pool, root);
  for (const [device, { type, pool: volumePool, source, required }] of Object.entries(devices))
    if (type === "disk" && source && !volumePool && !isFalse(required) && !(await isThere(source)))
      throw badRequest(
        `Cannot start instance "${name}": Missing source path "${source}" for disk "${device}". Make it, or change the device.`,
      );
  for (const [device, { network, parent }] of nicDevices(devices)) {
    const bridge = network ?? parent;
    if (bridge && (await findLink(bridge)) === undefined)
      throw badRequest(
        `Cannot start instance "${name}": the bridge "${bridge}" of nic "${device}" does not exist. Make it, or change the device.`,
      );
  }
}
