/** Configuration keys of a network's tunnels to bridges of other hosts: `tunnel.<name>.<part>`. */
import { isIP } from "node:net";
import { hostInterfaceName } from "../../devices/interface-name";
import { grouped } from "../table";
import { integer, oneOf, text } from "../values";

const since = "0.1.0";

const name = (value: string): string | undefined =>
  /^[a-zA-Z0-9_-]{1,12}$/.test(value)
    ? undefined
    : "a tunnel is named by at most 12 letters, digits, dashes and underscores";

const address = text("IP address", (value) =>
  isIP(value) !== 0 && !value.includes("%") ? undefined : "it must be an IP address",
);

/** All that a network may have of a tunnel. */
export const tunnelKeys = grouped("tunnel", {
  "tunnel.*.group": {
    type: address,
    name,
    unset: "`239.0.0.1`",
    applies: "now",
    since,
    extension: "network",
    example: "239.1.2.3",
    doc: "Multicast group of a tunnel of `vxlan` without `remote`.",
  },
  "tunnel.*.id": {
    type: integer(1, 2 ** 24 - 1),
    name,
    default: "1",
    applies: "now",
    since,
    extension: "network",
    example: "7",
    doc: "Number of a tunnel of `vxlan`, the same one on both sides.",
  },
  "tunnel.*.interface": {
    type: hostInterfaceName,
    name,
    unset: "that of the host's default route",
    applies: "now",
    since,
    extension: "network_vxlan_interface",
    example: "eth1",
    doc: "Interface of the host that a tunnel of `vxlan` with a multicast group goes by.",
  },
  "tunnel.*.local": {
    type: address,
    name,
    applies: "now",
    since,
    extension: "network",
    example: "192.0.2.1",
    doc: "Address of this host for the tunnel. `gre` needs it.",
  },
  "tunnel.*.port": {
    type: integer(1, 65535),
    name,
    unset: "`8472`",
    applies: "now",
    since,
    extension: "network",
    example: "4789",
    doc: "UDP port of a tunnel of `vxlan`, on both sides.",
  },
  "tunnel.*.protocol": {
    type: oneOf("gre", "vxlan"),
    name,
    applies: "now",
    since,
    extension: "network",
    example: "vxlan",
    doc: "How the frames of the bridge travel to the other host. A tunnel has it in any case. Without `bridge.mtu` the bridge has an MTU of 1400 then.",
  },
  "tunnel.*.remote": {
    type: address,
    name,
    applies: "now",
    since,
    extension: "network",
    example: "192.0.2.2",
    doc: "Address of the other host. `gre` needs it; `vxlan` without it goes to a multicast group.",
  },
  "tunnel.*.ttl": {
    type: integer(1, 255),
    name,
    default: "1",
    applies: "now",
    since,
    extension: "network_vxlan_ttl",
    example: "10",
    doc: "How many routers a packet of `vxlan` to a multicast group may pass.",
  },
});
