/** Device unix-hotplug: nodes of the host's drivers for USB devices, which come and go with these (docs/lxd-api.md, Devices). */
import type { Device } from "../../../../sdk/api/common";
import { unixHotplugOptions } from "../../../../sdk/api/devices/unix-hotplug";
import type { Roots } from "../../../platform/hardware/files";
import { driverFolders, listDriverNodes } from "../../../platform/hardware/usb-nodes";
import { foundNodesDriver, nodesOfUsb } from "./found-nodes";

/** Nodes of the USB devices that a device is about. The cause is LXD's. */
export async function findHotplugNodes(roots: Roots, options: Device) {
  const set = unixHotplugOptions(options);
  const wanted = {
    vendorid: set.get("vendorid"),
    productid: set.get("productid"),
    required: set.get("required"),
  };
  return nodesOfUsb(await listDriverNodes(roots), wanted, "Required Unix Hotplug device not found");
}

export const unixHotplug = foundNodesDriver({ find: findHotplugNodes, watched: driverFolders });
