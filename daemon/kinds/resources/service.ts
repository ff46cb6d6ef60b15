/** Resources: the host's processors, memory and disks. */
import type { Resources } from "../../../sdk/api/resources";
import { readCpu } from "./cpu";
import { hostRoots, type Roots } from "./files";
import { readMemory } from "./memory";
import { readStorage } from "./storage";

/** Kinds of devices that LXD lists and we do not look at yet: clients expect the keys. */
const unlisted = {
  gpu: { cards: [], total: 0 },
  network: { cards: [], total: 0 },
  usb: { devices: [], total: 0 },
  pci: { devices: [], total: 0 },
  system: null,
};

/** Reads everything anew; nothing here is costly. */
export async function readResources(roots: Roots = hostRoots): Promise<Resources> {
  const [cpu, memory, storage] = await Promise.all([readCpu(roots), readMemory(roots), readStorage(roots)]);
  return { ...unlisted, cpu, memory, storage };
}
