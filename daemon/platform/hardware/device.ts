/** Device: what all cards say of themselves: driver, place on the bus, and names of vendor and product. */
import { realpath } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { linkedName, numberIn, orNothing, type Roots, readDir, textIn } from "./files";
import type { Names } from "./names";

export const pciPattern = /^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]$/i;
const usbPattern = /^\d+-\d+(\.\d+)*$/;

/** A folder of /sys/devices without its links; nothing when it is not there. */
export const realFolder = (folder: string): Promise<string | undefined> => orNothing(realpath(folder));

/** The driver and its version: the module's own, else the kernel's that it comes with; both "" without a driver. */
export async function driverOf(roots: Roots, folder: string): Promise<{ driver: string; driver_version: string }> {
  const driver = (await linkedName(folder, "driver")) ?? "";
  if (driver === "") return { driver, driver_version: "" };
  const own = (await textIn(path.join(roots.sys, "module", driver), "version"))?.trim();
  return { driver, driver_version: own || os.release() };
}

/** The NUMA node of a device; 0 where the machine has but one, as -1 says too. */
export const nodeOf = async (folder: string): Promise<number> =>
  Math.max(0, (await numberIn(folder, "numa_node")) ?? 0);

const hex = async (folder: string, name: string): Promise<string> =>
  ((await textIn(folder, name)) ?? "").trim().replace(/^0x/, "");

/** Vendor and product of a PCI device. */
export async function pciNames(folder: string, names: Names) {
  const [vendor_id, product_id] = await Promise.all([hex(folder, "vendor"), hex(folder, "device")]);
  const { vendor, product } = names.of(vendor_id, product_id);
  return { vendor, vendor_id, product, product_id };
}

/** The innermost PCI and USB addresses of a device's real folder. */
export function busAddresses(realDevice: string): { pci?: string; usb?: string } {
  const parts = realDevice.split("/");
  const pci = parts.findLast((part) => pciPattern.test(part));
  const usb = parts.findLast((part) => usbPattern.test(part));
  return { ...(pci === undefined ? {} : { pci }), ...(usb === undefined ? {} : { usb }) };
}

export interface PciDevice {
  readonly address: string;
  readonly folder: string;
  /** The class without its interface, such as 0x0200 for Ethernet. */
  readonly kind: number;
  /** Address of the device that this one is a virtual function of. */
  readonly physical: string | undefined;
}

/** All PCI devices, by address. */
export async function listPci(roots: Roots): Promise<PciDevice[]> {
  const base = path.join(roots.sys, "bus/pci/devices");
  const addresses = (await readDir(base)).filter((name) => pciPattern.test(name)).sort();
  return Promise.all(
    addresses.map(async (address) => {
      const folder = path.join(base, address);
      const kind = Number.parseInt((await hex(folder, "class")).slice(0, 4) || "0", 16);
      return { address, folder, kind, physical: await linkedName(folder, "physfn") };
    }),
  );
}

/** How many virtual functions a device has and may have; nothing for one that has none. */
export async function virtualFunctions<T>(
  device: PciDevice,
  all: readonly PciDevice[],
  vf: (device: PciDevice) => Promise<T>,
) {
  const maximum = await numberIn(device.folder, "sriov_totalvfs");
  if (maximum === undefined) return {};
  const vfs = await Promise.all(all.filter(({ physical }) => physical === device.address).map(vf));
  const current = (await numberIn(device.folder, "sriov_numvfs")) ?? vfs.length;
  return { sriov: { current_vfs: current, maximum_vfs: maximum, vfs } };
}
