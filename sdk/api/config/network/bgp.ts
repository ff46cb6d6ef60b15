/** Configuration keys of a network's BGP peers. They are kept, and nothing is announced. */
import { isIP } from "node:net";
import { grouped } from "../table";
import { anyText, integer, text } from "../values";

const since = "0.1.0";

const name = (value: string): string | undefined =>
  /^[a-zA-Z0-9_-]+$/.test(value) ? undefined : "a peer is named by letters, digits, dashes and underscores";

export const bgpKeys = grouped("bgp", {
  "bgp.peers.*.address": {
    type: text("IP address", (value) => (isIP(value) === 0 ? "it must be an IP address" : undefined)),
    name,
    applies: "now",
    since,
    extension: "network_bgp",
    example: "192.0.2.9",
    doc: "Address of a router. Kept, and used by no one: this server announces nothing by BGP.",
  },
  "bgp.peers.*.asn": {
    type: integer(1, 2 ** 32 - 1),
    name,
    applies: "now",
    since,
    extension: "network_bgp",
    example: "65001",
    doc: "Number of that router's autonomous system. Kept, as `bgp.peers.<name>.address` is.",
  },
  "bgp.peers.*.password": {
    type: anyText,
    name,
    secret: true,
    applies: "now",
    since,
    extension: "network_bgp",
    example: "hush",
    doc: "Password of that router. Kept, as `bgp.peers.<name>.address` is.",
  },
});
