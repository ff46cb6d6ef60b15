/** Keys of bridges about what their instances may reach (docs/lxd-api.md, Egress). */
import { egressTargets } from "../../egress";
import { grouped } from "../table";
import { bool } from "../values";

const since = "0.1.0";

export const egressKeys = grouped("security", {
  "security.egress.allow": {
    type: egressTargets,
    unset: "everything",
    applies: "now",
    since,
    extension: "bothy_network_egress",
    example: "registry.example.org:443,*.example.com:80,443,udp/192.0.2.0/24:123",
    doc: "All that instances of the network may reach outside of it: names, names below another (`*.`), addresses and subnets, each with ports, or with all of its protocol, which is TCP unless `udp/` stands before it. `none` is nothing at all. Other names are not found, and other packets are refused.",
  },
  "security.egress.logged": {
    type: bool,
    default: "true",
    applies: "now",
    since,
    extension: "bothy_network_egress",
    example: "false",
    doc: "Whether what `security.egress.allow` refuses is told: packets in the kernel's log, and all in the log of the network.",
  },
});
