/** Device usb: nodes of USB devices, which come and go with the host's (docs/lxd-api.md, Devices). */
import type { Device } from "../../../../sdk/api/common";
import { usbOptions } from "../../../../sdk/api/devices/usb";
import type { Roots } from "../../../platform/hardware/files";
import { listUsb, usbFolders } from "../../../platform/hardware/usb-nodes";
import { foundNodesDriver } from "./found-nodes";

/** Nodes of the USB devices that a device is about. The cause is LXD's. */
export async function findUsbNodes(roots: Roots, options: Device) {
  const usb = usbOptions(options);
  const nodes = (await listUsb(roots))
    .filter(({ vendor }) => [undefined, vendor].includes(usb.get("vendorid")))
    .filter(({ product }) => [undefined, product].includes(usb.get("productid")))
    .map(({ node }) => node);
  return nodes.length === 0 && usb.get("required") ? { cause: "Required USB device not found" } : nodes;
}

export const usb = foundNodesDriver({ find: findUsbNodes, watched: usbFolders });
