/** Nodes: the device nodes that a container has of one device, and the steps by which it gets them. */
import type { NodeOwner } from "../../../../sdk/api/devices/node";
import type { HostNode } from "../../../platform/hardware/host-node";
import type { CellStep, DevicePlan } from "./step";

/** What is written in a volatile key: the kernel's names of nodes hold no commas. */
export const nodesText = (nodes: readonly HostNode[]): string =>
  nodes.map(({ node, place }) => `${node} ${place}`).join(",");

export const nodesIn = (text: string | undefined): HostNode[] =>
  (text ?? "").split(",").flatMap((one) => {
    const [, node, place] = /^([bc] \d+:\d+) (\/.+)$/.exec(one) ?? [];
    return node === undefined || place === undefined ? [] : [{ node, place }];
  });

/** The operation that makes a node in the container, and the one that takes it away. */
export function nodeStep({ node, place }: HostNode, { uid, gid, mode }: NodeOwner): CellStep {
  const [type = "", major = "", minor = ""] = node.split(/[ :]/);
  return {
    by: "cell",
    op: ["node", type, major, minor, mode.toString(8), String(uid), String(gid), place],
    undo: ["unnode", place],
  };
}

/** @param kept the volatile keys that say which nodes these are */
export const planOfNodes = (
  device: string,
  nodes: readonly HostNode[],
  owner: NodeOwner,
  kept: Readonly<Record<string, string>>,
): DevicePlan =>
  nodes.length === 0
    ? { device, steps: [] }
    : {
        device,
        places: nodes.map(({ place }) => place),
        rules: nodes.map(({ node }) => `${node} rwm`),
        kept,
        steps: nodes.map((one) => nodeStep(one, owner)),
      };
