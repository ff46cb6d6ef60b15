/** Keys of bridges about network ACLs (docs/lxd-api.md, Network ACLs). */
import { grouped } from "../table";
import { bool, nameList, oneOf } from "../values";

const since = "0.1.0";

const action = oneOf("allow", "reject", "drop");

export const aclKeys = grouped("security", {
  "security.acls": {
    type: nameList,
    applies: "now",
    since,
    extension: "network_bridge_acl",
    example: "web,database",
    doc: "Names of network ACLs, separated by commas. They judge what crosses the bridge to or from the host and other networks, not what goes between its instances.",
  },
  "security.acls.default.ingress.action": {
    type: action,
    default: "reject",
    applies: "now",
    since,
    extension: "network_bridge_acl",
    example: "drop",
    doc: "What becomes of packets to instances that no rule of the network's ACLs is about. It counts where there are ACLs.",
  },
  "security.acls.default.egress.action": {
    type: action,
    default: "reject",
    applies: "now",
    since,
    extension: "network_bridge_acl",
    example: "allow",
    doc: "What becomes of packets from instances that no rule of the network's ACLs is about. It counts where there are ACLs.",
  },
  "security.acls.default.ingress.logged": {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension: "network_bridge_acl",
    example: "true",
    doc: "Whether such packets to instances are told in the kernel's log.",
  },
  "security.acls.default.egress.logged": {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension: "network_bridge_acl",
    example: "true",
    doc: "Whether such packets from instances are told in the kernel's log.",
  },
});
