/** Device gpu: nodes of graphics cards (docs/lxd-api.md, Devices). */
import { stat } from "node:fs/promises";
import path from "node:path";
import type { Device } from "../../../../sdk/api/common";
import { gpuOptions } from "../../../../sdk/api/devices/gpu";
import { type Card, listCards } from "../../../platform/hardware/cards";
import { orNothing, type Roots } from "../../../platform/hardware/files";
import { foundNodesDriver } from "./found-nodes";

/** As the kernel writes it. A PCI domain of 0 may be left out, as in lspci's output. */
const fullAddress = (pci: string): string => (pci.split(":").length === 2 ? `0000:${pci}` : pci).toLowerCase();

const isWanted = (options: Device, card: Card): boolean => {
  const gpu = gpuOptions(options);
  const pci = gpu.get("pci");
  return (
    (pci === undefined || card.pci === fullAddress(pci)) &&
    [undefined, card.vendor].includes(gpu.get("vendorid")) &&
    [undefined, card.product].includes(gpu.get("productid")) &&
    [undefined, String(card.id)].includes(gpu.get("id"))
  );
};

/** Nodes of the cards that a device is about. The causes are LXD's. */
export async function findGpuNodes(roots: Roots, options: Device) {
  const pci = gpuOptions(options).get("pci");
  if (pci !== undefined) {
    const folder = path.join(roots.sys, "bus/pci/devices", fullAddress(pci));
    if ((await orNothing(stat(folder))) === undefined)
      return { cause: `Invalid PCI address (no device found): ${fullAddress(pci)}` };
  }
  const cards = (await listCards(roots)).filter((card) => isWanted(options, card));
  const nodes = cards.flatMap((card) => card.nodes);
  if (nodes.length === 0)
    return { cause: "Failed to detect requested GPU device. See which the host has: GET /1.0/resources" };
  // NVIDIA's cards share some.
  return nodes.filter(({ place }, at) => nodes.findIndex((other) => other.place === place) === at);
}

export const gpu = foundNodesDriver({ find: findGpuNodes });
