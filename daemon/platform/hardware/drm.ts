/** DRM nodes: what /sys/class/drm has of graphics cards, by which programs draw and compute. */
import path from "node:path";
import { busAddresses, realFolder } from "./device";
import { type Roots, readDir, textIn } from "./files";

export interface DrmNode {
  /** Such as "card0" or "renderD128"; the host's node is that below /dev/dri. */
  readonly name: string;
  /** Folder of the card's device, without links: nodes of one card have the same. */
  readonly device: string;
  readonly pci: string | undefined;
  readonly usb: string | undefined;
  /** Numbers of the node, such as "226:0"; "" when the kernel has none. */
  readonly numbers: string;
}

/** All nodes by name; those of connectors are none. */
export async function listDrm(roots: Roots): Promise<DrmNode[]> {
  const base = path.join(roots.sys, "class/drm");
  const names = (await readDir(base)).filter((name) => /^(card|controlD|renderD)\d+$/.test(name)).sort();
  const nodes = names.map(async (name) => {
    const folder = path.join(base, name);
    const device = await realFolder(path.join(folder, "device"));
    if (device === undefined) return [];
    const { pci, usb } = busAddresses(device);
    return [{ name, device, pci, usb, numbers: ((await textIn(folder, "dev")) ?? "").trim() }];
  });
  return (await Promise.all(nodes)).flat();
}
