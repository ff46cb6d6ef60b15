/** Disks of the host, from /sys/block. */
import path from "node:path";
import type { Resources } from "../../../sdk/api/resources";
import { busAddresses, realFolder } from "../../platform/hardware/device";
import { linkedName, numberIn, type Roots, readDir, textIn } from "../../platform/hardware/files";

type Disk = Resources["storage"]["disks"][number];

/** /sys counts in sectors of this many bytes, whatever the disk's own are. */
const sectorBytes = 512;

/** Devices that hold nothing of their own. */
const virtual = /^(loop|ram|zram|dm-|md|nbd)/;

/** Reads disks and their partitions; sizes in bytes. */
export async function readStorage(roots: Roots): Promise<Resources["storage"]> {
  const folder = path.join(roots.sys, "block");
  const names = (await readDir(folder)).filter((name) => !virtual.test(name)).sort();
  const disks = (await Promise.all(names.map((name) => readDisk(roots, folder, name)))).filter(
    (disk) => disk !== undefined,
  );
  const partitions = disks.map(({ partitions: parts }) => (Array.isArray(parts) ? parts.length : 0));
  return { disks, total: partitions.reduce((sum, count) => sum + count, disks.length) };
}

async function readDisk(roots: Roots, folder: string, name: string): Promise<Disk | undefined> {
  const at = path.join(folder, name);
  const size = await numberIn(at, "size");
  if (size === undefined) return undefined;
  const device = await realFolder(path.join(at, "device"));
  const { pci, usb } = busAddresses(device ?? "");
  return {
    ...(await readBlock(at, name, size)),
    ...(await said(at, { model: ["device/model"], wwn: ["wwid", "device/wwid"] })),
    type: typeOf(name, device),
    removable: (await numberIn(at, "removable")) === 1,
    numa_node: await numaNode(roots, at, pci),
    ...(await linked(roots, "by-path", name, "device_path")),
    block_size: (await numberIn(at, "queue/logical_block_size")) ?? sectorBytes,
    ...(await said(at, {
      firmware_version: ["device/firmware_rev", "device/rev"],
      serial: ["device/serial", "serial"],
    })),
    rpm: (await numberIn(at, "queue/rotational")) === 1 ? 1 : 0,
    device_id: "",
    ...(await linked(roots, "by-id", name, "device_id")),
    partitions: await readPartitions(at, name),
    ...(pci === undefined ? {} : { pci_address: pci }),
    ...(usb === undefined ? {} : { usb_address: usb }),
  };
}

/** Of each key the first file that says something. */
async function said(at: string, files: Readonly<Record<string, readonly string[]>>): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [key, names] of Object.entries(files))
    for (const name of names) {
      const text = (await textIn(at, name))?.trim() ?? "";
      if (text !== "" && found[key] === undefined) found[key] = text;
    }
  return found;
}

const numaNode = async (roots: Roots, at: string, pci: string | undefined): Promise<number> =>
  Math.max(
    0,
    (await numberIn(at, "device/numa_node")) ??
      (pci === undefined ? undefined : await numberIn(path.join(roots.sys, "bus/pci/devices", pci), "numa_node")) ??
      0,
  );

/** The name by which udev knows a disk for good. @param names "by-id" or "by-path" */
async function linked(roots: Roots, names: string, disk: string, key: string): Promise<Record<string, string>> {
  const folder = path.join(roots.dev, "disk", names);
  for (const name of (await readDir(folder)).sort())
    if ((await linkedName(folder, name)) === disk) return { [key]: name };
  return {};
}

async function readBlock(at: string, name: string, sizeSectors: number) {
  return {
    id: name,
    device: (await textIn(at, "dev"))?.trim() ?? "",
    size: sizeSectors * sectorBytes,
    read_only: (await numberIn(at, "ro")) === 1,
  };
}

/** Partitions are folders of the disk's that carry its name and a number. */
async function readPartitions(at: string, disk: string) {
  const names = (await readDir(at)).filter((name) => name.startsWith(disk)).sort();
  const parts = names.map(async (name) => {
    const partition = await numberIn(path.join(at, name), "partition");
    const size = (await numberIn(path.join(at, name), "size")) ?? 0;
    return partition === undefined ? [] : [{ ...(await readBlock(path.join(at, name), name, size)), partition }];
  });
  return (await Promise.all(parts)).flat();
}

const typeOf = (name: string, device = ""): string => {
  if (name.startsWith("nvme")) return "nvme";
  if (name.startsWith("vd")) return "virtio";
  if (name.startsWith("mmcblk")) return "mmc";
  if (/\/usb\d+\//.test(device)) return "usb";
  if (/\/ata\d+\//.test(device)) return "sata";
  return name.startsWith("sr") ? "cdrom" : "scsi";
};
