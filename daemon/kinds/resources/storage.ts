/** Disks of the host, from /sys/block. */
import path from "node:path";
import type { Resources } from "../../../sdk/api/resources";
import { numberIn, type Roots, readDir, textIn } from "./files";

type Disk = Resources["storage"]["disks"][number];

/** /sys counts in sectors of this many bytes, whatever the disk's own are. */
const sectorBytes = 512;

/** Devices that hold nothing of their own. */
const virtual = /^(loop|ram|zram|dm-|md|nbd)/;

/** Reads disks and their partitions; sizes in bytes. */
export async function readStorage(roots: Roots): Promise<Resources["storage"]> {
  const folder = path.join(roots.sys, "block");
  const names = (await readDir(folder)).filter((name) => !virtual.test(name)).sort();
  const disks = (await Promise.all(names.map((name) => readDisk(folder, name)))).filter((disk) => disk !== undefined);
  const partitions = disks.map(({ partitions: parts }) => (Array.isArray(parts) ? parts.length : 0));
  return { disks, total: partitions.reduce((sum, count) => sum + count, disks.length) };
}

async function readDisk(folder: string, name: string): Promise<Disk | undefined> {
  const at = path.join(folder, name);
  const size = await numberIn(at, "size");
  if (size === undefined) return undefined;
  const model = (await textIn(at, "device/model"))?.trim();
  return {
    ...(await readBlock(at, name, size)),
    ...(model === undefined ? {} : { model }),
    type: typeOf(name),
    removable: (await numberIn(at, "removable")) === 1,
    numa_node: Math.max(0, (await numberIn(at, "device/numa_node")) ?? 0),
    block_size: (await numberIn(at, "queue/logical_block_size")) ?? sectorBytes,
    rpm: (await numberIn(at, "queue/rotational")) === 1 ? 1 : 0,
    partitions: await readPartitions(at, name),
  };
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

const typeOf = (name: string): string => {
  if (name.startsWith("nvme")) return "nvme";
  if (name.startsWith("vd")) return "virtio";
  if (name.startsWith("mmcblk")) return "mmc";
  return name.startsWith("sr") ? "cdrom" : "scsi";
};
