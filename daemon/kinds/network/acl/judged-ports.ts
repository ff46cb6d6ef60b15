/** Ports whose nics have ACLs, among those of a network. */
import { badRequest } from "../../../../sdk/api/errors";
import type { NetworkPlace } from "../driver";
import type { Port } from "../port-rules";
import { portTableOf, tableOf } from "../tables";
import { bridgeFilter, markCommands } from "./bridge-filter";
import { judgePort } from "./port-acls";
import { setCommands } from "./sets";

/** Commands that have the frames of such ports judged by their ACLs as these are now; "" where there is none. */
export async function judgedPorts(
  { name, config, findAcl, addressesOf }: NetworkPlace,
  ports: readonly Port[],
): Promise<string> {
  const judged = ports.flatMap(({ hostName, acls }) => (acls === undefined ? [] : [{ hostName, ...acls }]));
  if (judged.length === 0) return "";
  const filter = await bridgeFilter();
  const network = { name, config, table: portTableOf(name) };
  const found = (acl: string) => findAcl?.(acl) ?? { name: acl, ingress: [], egress: [] };
  const named = judged.flatMap(({ names }) => names.map(found));
  return [
    setCommands(network.table, named, (set) => addressesOf?.(set) ?? []),
    ...(filter.follows === "mark" ? markCommands(tableOf(name), name) : []),
    ...judged.map(({ hostName, names, usual }) => judgePort(network, hostName, names.map(found), usual, filter)),
  ].join("");
}

/** @throws ApiError BAD_REQUEST where the kernel cannot tell an answer from a question: nics with ACLs would hear none */
export async function requireJudgeable(ports: readonly Port[]): Promise<void> {
  if (ports.every(({ acls }) => acls === undefined) || (await bridgeFilter()).follows !== undefined) return;
  throw badRequest(
    'Cannot apply "security.acls" of a nic: this kernel follows no connections on bridges. Load nf_conntrack_bridge, or br_netfilter with net.bridge.bridge-nf-call-iptables and -ip6tables at 1.',
  );
}
