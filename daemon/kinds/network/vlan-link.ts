/** VLAN links: the interfaces `<parent>.<vlan>` of the host that nics in a VLAN stand on. Those that we made bear a mark, and go with their last nic. */
import { badRequest } from "../../../sdk/api/errors";
import { run } from "../../platform/processes/run";
import { findLink } from "./link";

export interface VlanLink {
  readonly name: string;
  readonly parent: string;
  readonly vlan: string;
  readonly gvrp: boolean;
}

/** Makes the interface when it is missing, and brings it up. @param mark of this daemon @throws ApiError BAD_REQUEST */
export async function ensureVlanLink({ name, parent, vlan, gvrp }: VlanLink, mark: string): Promise<void> {
  if ((await findLink(name)) !== undefined) return;
  const kind = ["type", "vlan", "id", vlan, "gvrp", gvrp ? "on" : "off"];
  const { code, stderr } = await run("ip", ["link", "add", "link", parent, "name", name, ...kind], {
    accept: [0, 1, 2],
  });
  if (code !== 0)
    throw badRequest(
      `Cannot make the interface "${name}" of VLAN ${vlan}: ${causeOf(stderr)}. Load the kernel's module 8021q, or take "vlan" out.`,
    );
  await run("ip", ["link", "set", "dev", name, "alias", mark, "up"]);
}

const causeOf = (stderr: string): string =>
  /Unknown device type|not supported/i.test(stderr)
    ? "this kernel has no interfaces of VLANs"
    : stderr.trim().replace(/^(RTNETLINK answers|Error): /, "");

/** Removes the interface when it is one that this daemon made; whoever calls knows that nobody uses it. */
export async function dropVlanLink(name: string, mark: string): Promise<void> {
  const link = await findLink(name);
  if (link?.ifalias === mark) await run("ip", ["link", "delete", "dev", name], { accept: [0, 1] });
}
