/** Options of bridged nics about network ACLs (docs/lxd-api.md, ACLs of nics). */
import type { Device } from "../common";
import type { Row } from "../config/table";
import { bool, nameList, oneOf } from "../config/values";

const since = "0.1.0";
const extension = "network_bridge_acl_devices";

const action = oneOf("allow", "reject", "drop");

export const nicAclOptions = {
  "security.acls": {
    type: nameList,
    applies: "now",
    since,
    extension,
    example: "web,database",
    doc: "Of `bridged`, on a network of the server: names of network ACLs, separated by commas. They judge all that the nic sends and gets, its neighbours on the bridge included.",
  },
  "security.acls.default.ingress.action": {
    type: action,
    default: "reject",
    applies: "now",
    since,
    extension,
    example: "drop",
    doc: "What becomes of packets to the nic that no rule of its ACLs is about. It counts where there are ACLs. `reject` drops them as well: nobody is told.",
  },
  "security.acls.default.egress.action": {
    type: action,
    default: "reject",
    applies: "now",
    since,
    extension,
    example: "allow",
    doc: "What becomes of packets from the nic that no rule of its ACLs is about. It counts where there are ACLs.",
  },
  "security.acls.default.ingress.logged": {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension,
    example: "true",
    doc: "Whether such packets to the nic are told in the kernel's log.",
  },
  "security.acls.default.egress.logged": {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension,
    example: "true",
    doc: "Whether such packets from the nic are told in the kernel's log.",
  },
} as const satisfies Readonly<Record<string, Row>>;

/** They hold at the host's end, where a change reaches them. */
export const nicAclNames: readonly string[] = Object.keys(nicAclOptions);

/** Names of the ACLs that a device has, each once, in their order. */
export const aclsOfNic = (device: Device): string[] => {
  const names = (device["security.acls"] ?? "").split(",").map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ""))];
};
