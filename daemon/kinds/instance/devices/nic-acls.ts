/** ACLs of nics: what of them is refused, and how a running nic follows a change of its own, without being taken away. */
import { isDeepStrictEqual } from "node:util";
import { aclsOfNic } from "../../../../sdk/api/devices/nic-acls";
import { badRequest } from "../../../../sdk/api/errors";
import { requireAclsOfNic } from "../../../core/references/nic-acls";
import { portAclsOf } from "../../network/acl/port-acls";
import { portFilterOf } from "../../network/port-filter";
import type { Port } from "../../network/port-rules";
import type { InstanceHome } from "../home";
import { type Expanded, keyOf } from "../record";
import type { Owner } from "./driver";
import { type Nic, planNics } from "./nic-plan";

/** @param failure how the message begins @throws ApiError BAD_REQUEST for ACLs that are not there, and where nobody would apply them */
export function requireAcls({ networks }: InstanceHome, { device, options, bridge }: Nic, failure: string): void {
  requireAclsOfNic(device, options, (acl) => networks.nics.hasAcl(acl), failure);
  if (aclsOfNic(options).length > 0 && !networks.isManaged(bridge))
    throw badRequest(
      `${failure}: Invalid device option "security.acls": it counts on networks of the server, and "${bridge}" is none. Use "network", or leave it out.`,
    );
}

/** A nic as its port on a network of the server. */
export const portOf = (owner: Owner, { hostName, hwaddr, options }: Nic): Port => ({
  instance: keyOf(owner),
  hostName,
  hwaddr,
  filter: portFilterOf(options),
  acls: portAclsOf(options),
});

/** Brings the ACLs of a running container's nics in line. @param isMeant of which nics, that the container keeps @throws ApiError */
export async function followNicAcls(
  home: InstanceHome,
  owner: Owner,
  was: Expanded,
  is: Expanded,
  isMeant: (device: string) => boolean,
): Promise<void> {
  const nicsOf = ({ devices }: Expanded) =>
    planNics({ home, owner, devices: Object.entries(devices).filter(([, { type }]) => type === "nic") });
  const had = new Map(nicsOf(was).map((nic) => [nic.device, nic]));
  for (const nic of nicsOf(is)) {
    const before = had.get(nic.device);
    if (before === undefined || !isMeant(nic.device) || !home.networks.isManaged(nic.bridge)) continue;
    if (!isDeepStrictEqual(portAclsOf(before.options), portAclsOf(nic.options)))
      await home.networks.nics.openPorts(nic.bridge, [portOf(owner, nic)]);
  }
}
