/** Device usb: nodes of USB devices, which come and go with the host's (docs/lxd-api.md, Devices). */
import type { Device } from "../../../../sdk/api/common";
import { usbOptions } from "../../../../sdk/api/devices/usb";
import type { Roots } from "../../../platform/hardware/files";
import { listUsb, usbFolders } from "../../../platform/hardware/usb-nodes";
import { foundNodesDriver, nodesOfUsb } from "./found-nodes";

/** Nodes of the USB devices that a device is about. The cause is LXD's. */
export async function findUsbNodes(roots: Roots, options: Device) {
  const set = usbOptions(options);
  const wanted = {
    vendorid: set.get("vendorid"),
    productid: set.get("productid"),
    required: set.get("required"),
  };
  return nodesOfUsb(await listUsb(roots), wanted, "Required USB device not found");
}

export const usb = foundNodesDriver({ find: findUsbNodes, watched: usbFolders });
