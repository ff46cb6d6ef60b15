/** Which networks have to follow a change of some ACLs: those that have one themselves, and those with a nic that has one. */
import { aclsOfNic } from "../../../../sdk/api/devices/nic-acls";
import type { NicOwners } from "../home";
import { aclsOf, type NetworkRecord } from "../store";
import { isNicOf } from "../usage";

export function networksWithAcls(
  networks: readonly NetworkRecord[],
  owners: NicOwners,
  acls: readonly string[],
): string[] {
  const isMeant = (names: readonly string[]) => names.some((name) => acls.includes(name));
  const nics = owners
    .all()
    .flatMap(({ expandedDevices }) => Object.values(expandedDevices))
    .filter((device) => device.type === "nic" && isMeant(aclsOfNic(device)));
  return networks
    .filter(({ name, config }) => isMeant(aclsOf(config)) || nics.some((nic) => isNicOf(nic, name)))
    .map(({ name }) => name);
}
