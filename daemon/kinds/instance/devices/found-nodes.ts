/** Found nodes: devices whose nodes are looked for on the host each time that a container gets them (gpu, usb, unix-hotplug). */
import type { Device } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { nodeOwner } from "../../../../sdk/api/devices/node";
import { badRequest } from "../../../../sdk/api/errors";
import { hostRoots, type Roots } from "../../../platform/hardware/files";
import type { HostNode } from "../../../platform/hardware/host-node";
import type { DeviceDriver, NamedDevice, PlanFacts } from "./driver";
import { nodesIn, nodesText, planOfNodes } from "./nodes";
import type { DevicePlan } from "./step";

export interface Finding {
  /** The nodes that the host has for a device now, by place; or why a container cannot have it. */
  find(roots: Roots, options: Device): Promise<readonly HostNode[] | { readonly cause: string }>;
  /** Folders of the host in which nodes of the device come and go; a device without them stays as the container got it. */
  watched?(roots: Roots): readonly string[];
}

/** @throws ApiError BAD_REQUEST in LXD's words */
async function nodesNow(finding: Finding, [device, options]: NamedDevice): Promise<readonly HostNode[]> {
  const found = await finding.find(hostRoots, options);
  if ("cause" in found) throw badRequest(`Failed to start device "${device}": ${found.cause}`);
  return found;
}

/** Of a device that is required and is unplugged while the container runs, nothing is left in it. */
async function nodesLeft(finding: Finding, [, options]: NamedDevice): Promise<readonly HostNode[]> {
  const found = await finding.find(hostRoots, options);
  return "cause" in found ? [] : found;
}

async function planFound(
  finding: Finding,
  { owner, isAnew, isFollowed }: PlanFacts,
  named: NamedDevice,
): Promise<DevicePlan> {
  const [device, options] = named;
  const key = `volatile.${device}.nodes` as const;
  const nodes = isFollowed(device)
    ? await nodesLeft(finding, named)
    : isAnew(device)
      ? await nodesNow(finding, named)
      : nodesIn(instanceConfig(owner.config).get(key));
  return planOfNodes(device, nodes, nodeOwner(options), { [key]: nodesText(nodes) });
}

export const foundNodesDriver = (finding: Finding): DeviceDriver => ({
  // As in LXD, it counts when the container gets it: what is stored may wait for its device.
  checkStart: async ({ devices }) => {
    for (const named of devices) await nodesNow(finding, named);
  },
  watched: () => finding.watched?.(hostRoots) ?? [],
  plan: (facts) => Promise.all(facts.devices.map((named) => planFound(finding, facts, named))),
});

/** Nodes of the USB devices of a vendor and product, where a device names them. @param cause that LXD gives where it needs one and there is none */
export function nodesOfUsb(
  all: readonly { readonly vendor: string; readonly product: string; readonly node: HostNode }[],
  { vendorid, productid, required }: { vendorid: string | undefined; productid: string | undefined; required: boolean },
  cause: string,
) {
  const nodes = all
    .filter(({ vendor }) => [undefined, vendor].includes(vendorid))
    .filter(({ product }) => [undefined, product].includes(productid))
    .map(({ node }) => node);
  return nodes.length === 0 && required ? { cause } : nodes;
}
