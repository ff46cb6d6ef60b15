/** Device unix-hotplug: nodes of the host's drivers for USB devices, which come and go with these (docs/lxd-api.md, Devices). */
import type { Device } from "../../../../sdk/api/common";
import { unixHotplugOptions } from "../../../../sdk/api/devices/unix-hotplug";
import type { Roots } from "../../../platform/hardware/files";
import { driverFolders, listDriverNodes } from "../../../platform/hardware/usb-nodes";
import { foundNodesDriver } from "./found-nodes";

/** Nodes of the USB devices that a device is about. The cause is LXD's. */
export async function findHotplugNodes(roots: Roots, options: Device) {
  const wanted = unixHotplugOptions(options);
  const nodes = (await listDriverNodes(roots))
    .filter(({ vendor }) => [undefined, vendor].includes(wanted.get("vendorid")))
    .filter(({ product }) => [undefined, product].includes(wanted.get("productid")))
    .map(({ node }) => node);
  return nodes.length === 0 && wanted.get("required") ? { cause: "Required Unix Hotplug device not found" } : nodes;
}

export const unixHotplug = foundNodesDriver({ find: findHotplugNodes, watched: driverFolders });
