/** USB nodes: devices of the host on USB with the nodes by which programs speak to them, and those that drivers made for them. */
import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { realFolder } from "./device";
import { linkedName, type Roots, readDir, textIn } from "./files";
import { type HostNode, nodeAt } from "./host-node";

export interface UsbDevice {
  /** Four hexadecimal digits. */
  readonly vendor: string;
  readonly product: string;
}

export interface UsbNode extends UsbDevice {
  /** That below /dev/bus/usb. */
  readonly node: HostNode;
}

const ids = async (folder: string): Promise<UsbDevice | undefined> => {
  const [vendor, product] = await Promise.all([textIn(folder, "idVendor"), textIn(folder, "idProduct")]);
  return vendor === undefined || product === undefined ? undefined : { vendor: vendor.trim(), product: product.trim() };
};

/** All devices, hubs too, by bus and address. */
export async function listUsb(roots: Roots): Promise<UsbNode[]> {
  const base = path.join(roots.sys, "bus/usb/devices");
  const found = (await readDir(base)).map((name) => nodeOf(roots, path.join(base, name)));
  return (await Promise.all(found)).flat().sort((a, b) => (a.node.place < b.node.place ? -1 : 1));
}

/** Interfaces lie beside the devices, and have no ids. */
async function nodeOf(roots: Roots, folder: string): Promise<UsbNode[]> {
  const known = await ids(folder);
  const numbers = ["busnum", "devnum"].map(async (file) =>
    ((await textIn(folder, file)) ?? "").trim().padStart(3, "0"),
  );
  const at = path.join("bus/usb", ...(await Promise.all(numbers)));
  const dev = (await textIn(folder, "dev"))?.trim();
  if (known === undefined || dev === undefined) return [];
  return (await nodeAt(roots, at, "c", dev)).map((node) => ({ ...known, node }));
}

/** Folders in which nodes of USB devices come and go. */
export function usbFolders(roots: Roots): string[] {
  const all = path.join(roots.dev, "bus/usb");
  return [all, ...namesIn(all).map((bus) => path.join(all, bus))];
}

/** Nodes that drivers made for USB devices, such as /dev/ttyUSB0 and /dev/sda, by place; those of USB itself are none. */
export async function listDriverNodes(roots: Roots): Promise<UsbNode[]> {
  const kinds = [
    ["c", "char"],
    ["b", "block"],
  ] as const;
  const found = kinds.map(async ([letter, kind]) => {
    const base = path.join(roots.sys, "dev", kind);
    const names = await readDir(base);
    return (await Promise.all(names.map((numbers) => driverNode(roots, path.join(base, numbers), letter)))).flat();
  });
  return (await Promise.all(found)).flat().sort((a, b) => (a.node.place < b.node.place ? -1 : 1));
}

async function driverNode(roots: Roots, link: string, letter: "b" | "c"): Promise<UsbNode[]> {
  const folder = await realFolder(link);
  // Most nodes of a host are of no bus at all.
  if (folder === undefined || !/\/usb\d+\//.test(folder)) return [];
  if (((await linkedName(folder, "subsystem")) ?? "").startsWith("usb")) return [];
  const known = await idsAbove(folder);
  const name = /^DEVNAME=(.+)$/m.exec((await textIn(folder, "uevent")) ?? "")?.[1];
  if (known === undefined || name === undefined) return [];
  return (await nodeAt(roots, name, letter, path.basename(link))).map((node) => ({ ...known, node }));
}

/** Ids of the USB device that a folder is of. */
async function idsAbove(folder: string): Promise<UsbDevice | undefined> {
  for (let at = folder; at !== "/"; at = path.dirname(at)) {
    const known = await ids(at);
    if (known !== undefined) return known;
  }
  return undefined;
}

/** Buses come and go while they are listed. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}

/** Folders in which drivers' nodes come and go: /dev and what is in it, other file systems such as /dev/pts aside. */
export function driverFolders(roots: Roots): string[] {
  const own = statSync(roots.dev).dev;
  const folders = readdirSync(roots.dev, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => path.join(roots.dev, name))
    .filter((folder) => statSync(folder, { throwIfNoEntry: false })?.dev === own);
  return [roots.dev, ...folders];
}
