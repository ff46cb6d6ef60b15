/** Network cards of the host and their ports, from /sys/class/net and /sys/bus/pci. */
import path from "node:path";
import {
  busAddresses,
  driverOf,
  nodeOf,
  type PciDevice,
  pciNames,
  realFolder,
  virtualFunctions,
} from "../../platform/hardware/device";
import { numberIn, type Roots, readDir, textIn } from "../../platform/hardware/files";
import type { Names } from "../../platform/hardware/names";

/** The class of network controllers (PCI Code and ID Assignment). */
const networkClass = 0x02;
/** linux/if_arp.h */
const infiniband = 32;

interface Port {
  readonly id: string;
  readonly folder: string;
  readonly pci: string | undefined;
  readonly usb: string | undefined;
  readonly device: string;
}

export async function readNetwork(roots: Roots, all: readonly PciDevice[], names: Names) {
  const ports = await listPorts(roots);
  const isCard = ({ address, kind }: PciDevice) =>
    kind >> 8 === networkClass || ports.some(({ pci }) => pci === address);
  const cardOf = async (device: PciDevice) => ({
    ...(await driverOf(roots, device.folder)),
    ...(await portsOf(ports.filter(({ pci, usb }) => pci === device.address && usb === undefined))),
    numa_node: await nodeOf(device.folder),
    pci_address: device.address,
    ...named(await pciNames(device.folder, names)),
  });
  const physical = all.filter((device) => isCard(device) && device.physical === undefined);
  const cards = await Promise.all(
    physical.map(async (device) => ({ ...(await cardOf(device)), ...(await virtualFunctions(device, all, cardOf)) })),
  );
  const usbCards = await Promise.all(ports.filter(({ usb }) => usb !== undefined).map((port) => usbCard(roots, port)));
  const list = [...cards, ...usbCards];
  const hidden = cards.flatMap(({ sriov }) => sriov?.vfs ?? []);
  return { cards: list, total: list.length + hidden.length };
}

/** LXD leaves names out that it does not know. */
const named = ({ vendor, vendor_id, product, product_id }: Awaited<ReturnType<typeof pciNames>>) => ({
  ...(vendor === "" ? {} : { vendor }),
  vendor_id,
  ...(product === "" ? {} : { product }),
  product_id,
});

async function usbCard(roots: Roots, port: Port) {
  return {
    ...(await driverOf(roots, port.device)),
    ...(await portsOf([port])),
    numa_node: await nodeOf(port.device),
    ...(port.usb === undefined ? {} : { usb_address: port.usb }),
  };
}

/** Interfaces that have hardware behind them. */
async function listPorts(roots: Roots): Promise<Port[]> {
  const base = path.join(roots.sys, "class/net");
  const ports = (await readDir(base)).sort().map(async (id) => {
    const folder = path.join(base, id);
    const device = await realFolder(path.join(folder, "device"));
    if (device === undefined) return [];
    const { pci, usb } = busAddresses(device);
    return [{ id, folder, device, pci, usb }];
  });
  return (await Promise.all(ports)).flat();
}

async function portsOf(ports: readonly Port[]) {
  return ports.length === 0 ? {} : { ports: await Promise.all(ports.map(readPort)) };
}

/** As /sys tells it: which modes a port could have only its driver knows. */
async function readPort({ id, folder }: Port) {
  const [address, number, speed, carrier, duplex, type] = await Promise.all([
    textIn(folder, "address"),
    numberIn(folder, "dev_port"),
    numberIn(folder, "speed"),
    numberIn(folder, "carrier"),
    textIn(folder, "duplex"),
    numberIn(folder, "type"),
  ]);
  const known = duplex?.trim();
  return {
    id,
    ...(address === undefined ? {} : { address: address.trim() }),
    port: number ?? 0,
    protocol: type === infiniband ? "infiniband" : "ethernet",
    auto_negotiation: false,
    link_detected: carrier === 1,
    ...(speed === undefined || speed <= 0 ? {} : { link_speed: speed }),
    ...(known === "full" || known === "half" ? { link_duplex: known } : {}),
  };
}
