/** Cards: graphics cards of the host with the device nodes by which they are used. */
import { readdir } from "node:fs/promises";
import path from "node:path";
import { type DrmNode, listDrm } from "./drm";
import { linkedName, orNothing, type Roots, textIn } from "./files";
import { type HostNode, nodeAt } from "./host-node";

export interface Card {
  /** Number of its node /dev/dri/card<id>. */
  readonly id: number;
  readonly pci: string | undefined;
  /** Four hexadecimal digits; "" for one that is not on a PCI bus. */
  readonly vendor: string;
  readonly product: string;
  readonly nodes: readonly HostNode[];
}

/** Cards that the kernel draws with, virtual functions aside: LXD counts these with their card. */
export async function listCards(roots: Roots): Promise<Card[]> {
  const drm = await listDrm(roots);
  const devices = [...new Set(drm.map(({ device }) => device))];
  return (await Promise.all(devices.map((device) => cardOf(roots, device, drm)))).flat();
}

async function cardOf(roots: Roots, device: string, drm: readonly DrmNode[]): Promise<Card[]> {
  const own = drm.filter((node) => node.device === device);
  const [first] = own.filter(({ name }) => name.startsWith("card"));
  if (first === undefined || (await linkedName(device, "physfn")) !== undefined) return [];
  const { pci } = first;
  const hex = async (file: string) =>
    pci === undefined ? "" : ((await textIn(device, file)) ?? "").trim().replace(/^0x/, "");
  const dri = await Promise.all(own.map(({ name, numbers }) => nodeAt(roots, `dri/${name}`, "c", numbers)));
  return [
    {
      id: Number(first.name.slice("card".length)),
      pci,
      vendor: await hex("vendor"),
      product: await hex("device"),
      nodes: [...dri.flat(), ...(pci === undefined ? [] : await nvidiaNodes(roots, pci))],
    },
  ];
}

/** NVIDIA's own driver has nodes beside those of DRM: one of the card, and some that all its cards share. */
async function nvidiaNodes(roots: Roots, pci: string): Promise<HostNode[]> {
  const about = await textIn(path.join(roots.proc, "driver/nvidia/gpus", pci), "information");
  const minor = /^Device Minor:\s*(\d+)\s*$/m.exec(about ?? "")?.[1];
  if (minor === undefined) return [];
  const card = await nodeAt(roots, `nvidia${minor}`, "c");
  if (card.length === 0) return [];
  const names = ((await orNothing(readdir(roots.dev))) ?? []).filter(
    (name) => name.startsWith("nvidia") && !/^nvidia\d/.test(name),
  );
  return [...card, ...(await Promise.all(names.sort().map((name) => nodeAt(roots, name, "c")))).flat()];
}
