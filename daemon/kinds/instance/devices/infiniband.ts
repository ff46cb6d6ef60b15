/** Device infiniband: refused where a container would get it, with what stands in the way (docs/lxd-api.md, Devices). */
import { stat } from "node:fs/promises";
import path from "node:path";
import type { Device } from "../../../../sdk/api/common";
import { badRequest } from "../../../../sdk/api/errors";
import { hostRoots, numberIn, orNothing, type Roots } from "../../../platform/hardware/files";
import type { DeviceDriver, NamedDevice } from "./driver";

/** ARPHRD_INFINIBAND (linux/if_arp.h). */
const infinibandType = 32;

/** Why a container cannot have a port; the words are LXD's, as far as LXD refuses it too. */
export async function infinibandCause(roots: Roots, { parent = "", nictype }: Device): Promise<string> {
  const port = path.join(roots.sys, "class/net", parent);
  if ((await orNothing(stat(port))) === undefined) return `Parent device '${parent}' doesn't exist`;
  if (nictype === "sriov" && !((await numberIn(path.join(port, "device"), "sriov_numvfs")) ?? 0))
    return "All virtual functions on parent device are already in use: it has none";
  if ((await numberIn(port, "type")) !== infinibandType) return `Specified infiniband device "${parent}" not found`;
  return "ports of InfiniBand are not handed on to containers yet. Take the device out";
}

async function refuse([device, options]: NamedDevice): Promise<never> {
  throw badRequest(`Failed to start device "${device}": ${await infinibandCause(hostRoots, options)}`);
}

export const infiniband: DeviceDriver = {
  checkStart: async ({ devices }) => {
    for (const named of devices) await refuse(named);
  },
  plan: ({ devices, isAnew }) =>
    Promise.all(devices.map((named) => (isAnew(named[0]) ? refuse(named) : { device: named[0], steps: [] }))),
};
