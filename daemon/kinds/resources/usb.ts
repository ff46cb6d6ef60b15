/** USB devices of the host, from /sys/bus/usb. */
import path from "node:path";
import { driverOf } from "../../platform/hardware/device";
import { type Roots, readDir, textIn } from "../../platform/hardware/files";
import type { Names } from "../../platform/hardware/names";

/** Names of classes (usb.org, Defined Class Codes), as LXD writes them. */
const classes: Readonly<Record<number, string>> = {
  1: "Audio",
  2: "Communications",
  3: "Human Interface Device",
  5: "Physical",
  6: "Image",
  7: "Printer",
  8: "Mass Storage",
  9: "Hub",
  10: "CDC Data",
  11: "Smart Card",
  13: "Content Security",
  14: "Video",
  224: "Wireless",
  239: "Miscellaneous Device",
  254: "Application Specific Interface",
  255: "Vendor Specific Class",
};

export async function readUsb(roots: Roots, names: Names) {
  const base = path.join(roots.sys, "bus/usb/devices");
  // Interfaces have a colon, hubs of the machine's own are called usb1.
  const found = (await readDir(base)).filter((name) => /^\d+-[\d.]+$/.test(name)).sort();
  const devices = await Promise.all(found.map((name) => readDevice(roots, base, name, names)));
  return { devices, total: devices.length };
}

async function readDevice(roots: Roots, base: string, name: string, names: Names) {
  const folder = path.join(base, name);
  const text = async (file: string) => ((await textIn(folder, file)) ?? "").trim();
  const [vendor_id, product_id] = [await text("idVendor"), await text("idProduct")];
  const known = names.of(vendor_id, product_id);
  const interfaces = (await readDir(folder)).filter((entry) => entry.startsWith(`${name}:`)).sort();
  return {
    bus_address: Number(await text("busnum")) || 0,
    device_address: Number(await text("devnum")) || 0,
    interfaces: await Promise.all(interfaces.map((entry) => readInterface(roots, path.join(folder, entry)))),
    vendor: known.vendor || (await text("manufacturer")),
    vendor_id,
    product: known.product || (await text("product")),
    product_id,
    speed: Number(await text("speed")) || 0,
  };
}

async function readInterface(roots: Roots, folder: string) {
  const hex = async (file: string) => Number.parseInt((await textIn(folder, file)) ?? "0", 16) || 0;
  const class_id = await hex("bInterfaceClass");
  return {
    class: classes[class_id] ?? "",
    class_id,
    ...(await driverOf(roots, folder)),
    number: await hex("bInterfaceNumber"),
    subclass: "",
    subclass_id: await hex("bInterfaceSubClass"),
  };
}
