/** PCI devices of the host, from /sys/bus/pci. */
import { open } from "node:fs/promises";
import path from "node:path";
import { driverOf, nodeOf, type PciDevice, pciNames } from "../../platform/hardware/device";
import { linkedName, orNothing, type Roots } from "../../platform/hardware/files";
import type { Names } from "../../platform/hardware/names";
import { parseVpd } from "./vpd";

/** A card tells more than anybody reads. */
const longestVpd = 4096;

export async function readPci(roots: Roots, all: readonly PciDevice[], names: Names) {
  const devices = await Promise.all(
    all.map(async ({ address, folder }) => ({
      ...(await driverOf(roots, folder)),
      numa_node: await nodeOf(folder),
      pci_address: address,
      ...(await pciNames(folder, names)),
      iommu_group: Number((await linkedName(folder, "iommu_group")) ?? 0),
      vpd: parseVpd((await readStart(path.join(folder, "vpd"))) ?? Buffer.alloc(0)),
    })),
  );
  return { devices, total: devices.length };
}

const readStart = (file: string): Promise<Buffer | undefined> =>
  orNothing(
    (async () => {
      await using handle = await open(file);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(longestVpd), 0, longestVpd);
      return buffer.subarray(0, bytesRead);
    })(),
  );
