/** GPUs of the host, from /sys/class/drm and /sys/bus/pci. */
import path from "node:path";
import { driverOf, nodeOf, type PciDevice, pciNames, virtualFunctions } from "../../platform/hardware/device";
import { type DrmNode, listDrm } from "../../platform/hardware/drm";
import { numberIn, type Roots, readDir, textIn } from "../../platform/hardware/files";
import type { Names } from "../../platform/hardware/names";

/** The class of display controllers (PCI Code and ID Assignment). */
const displayClass = 0x03;

export async function readGpu(roots: Roots, all: readonly PciDevice[], names: Names) {
  const drm = await listDrm(roots);
  const cardOf = async (device: PciDevice) => ({
    ...(await driverOf(roots, device.folder)),
    ...drmOf(drm.filter(({ pci }) => pci === device.address)),
    ...(await mediated(device.folder)),
    numa_node: await nodeOf(device.folder),
    pci_address: device.address,
    ...(await pciNames(device.folder, names)),
  });
  const isCard = ({ address, kind }: PciDevice) => kind >> 8 === displayClass || drm.some(({ pci }) => pci === address);
  const cards = await Promise.all(
    all
      .filter((device) => isCard(device) && device.physical === undefined)
      .map(async (device) => ({ ...(await cardOf(device)), ...(await virtualFunctions(device, all, cardOf)) })),
  );
  const elsewhere = await Promise.all(
    drm
      .filter(({ name, pci }) => pci === undefined && /^card\d+$/.test(name))
      .map(async (node) => ({
        ...(await driverOf(roots, node.device)),
        ...drmOf(drm.filter(({ device }) => device === node.device)),
        numa_node: await nodeOf(node.device),
        ...(node.usb === undefined ? {} : { usb_address: node.usb }),
      })),
  );
  const list = [...cards, ...elsewhere];
  const hidden = cards.flatMap(({ sriov }) => sriov?.vfs ?? []);
  return { cards: list, total: list.length + hidden.length };
}

function drmOf(nodes: readonly DrmNode[]) {
  const card = nodes.find(({ name }) => name.startsWith("card"));
  if (card === undefined) return {};
  const [control, render] = ["controlD", "renderD"].map((prefix) => nodes.find(({ name }) => name.startsWith(prefix)));
  return {
    drm: {
      id: Number(card.name.slice("card".length)),
      card_name: card.name,
      card_device: card.numbers,
      ...(control === undefined ? {} : { control_name: control.name, control_device: control.numbers }),
      ...(render === undefined ? {} : { render_name: render.name, render_device: render.numbers }),
    },
  };
}

/** Types of virtual cards that a card can be split into (vfio-mediated-device.rst). */
async function mediated(folder: string) {
  const base = path.join(folder, "mdev_supported_types");
  const types = await Promise.all(
    (await readDir(base)).sort().map(async (type) => {
      const at = path.join(base, type);
      const text = async (name: string) => ((await textIn(at, name)) ?? "").trim();
      const about = {
        api: await text("device_api"),
        available: (await numberIn(at, "available_instances")) ?? 0,
        name: await text("name"),
        description: await text("description"),
        devices: (await readDir(path.join(at, "devices"))).sort(),
      };
      return [type, about] as const;
    }),
  );
  return types.length === 0 ? {} : { mdev: Object.fromEntries(types) };
}
