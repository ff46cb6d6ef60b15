/** Resources: the host's hardware, as /proc and /sys tell it. Whatever a host lacks is left out. */
import type { Resources } from "../../../sdk/api/resources";
import { listPci } from "../../platform/hardware/device";
import { hostRoots, type Roots } from "../../platform/hardware/files";
import { readNames } from "../../platform/hardware/names";
import { readCpu } from "./cpu";
import { readGpu } from "./gpu";
import { readMemory } from "./memory";
import { readNetwork } from "./network";
import { readPci } from "./pci";
import { readStorage } from "./storage";
import { readSystem } from "./system";
import { readUsb } from "./usb";

/** Reads everything anew: devices come and go. */
export async function readResources(roots: Roots = hostRoots): Promise<Resources> {
  const [all, pciList, usbList] = await Promise.all([
    listPci(roots),
    readNames(roots, "pci.ids"),
    readNames(roots, "usb.ids"),
  ]);
  const [cpu, memory, gpu, network, storage, usb, pci, system] = await Promise.all([
    readCpu(roots),
    readMemory(roots),
    readGpu(roots, all, pciList),
    readNetwork(roots, all, pciList),
    readStorage(roots),
    readUsb(roots, usbList),
    readPci(roots, all, pciList),
    readSystem(roots),
  ]);
  return { cpu, memory, gpu, network, storage, usb, pci, system };
}
