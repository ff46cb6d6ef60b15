/** Configuration keys of network zones and of their records. */
import { isIP } from "node:net";
import { dnsNameReason } from "../dns-name";
import { readerOf } from "./reader";
import { grouped, type KeyTable, type ValueType } from "./table";
import { anyText, bool, oneLine, text } from "./values";

const since = "0.1.0";
const extension = "network_dns";

const withoutDot = (name: string): string => name.replace(/\.$/, "");

const nameservers: ValueType<string[]> = {
  title: "list of DNS names",
  check: (value) => {
    const wrong = value.split(",").find((name) => dnsNameReason(withoutDot(name.trim())) !== undefined);
    return wrong === undefined ? undefined : `${JSON.stringify(wrong.trim())} is no DNS name`;
  },
  parse: (value) => value.split(",").map((name) => withoutDot(name.trim())),
};

const address = text("IP address", (value) => (isIP(value) === 0 ? `Not an IP address "${value}"` : undefined));

/** It becomes a part of the name of the peer's key. */
const peerName = (name: string): string | undefined =>
  dnsNameReason(name) === undefined && !name.includes(".")
    ? undefined
    : "a peer's name must be letters, digits, dashes and underscores";

const user = grouped("user", {
  "user.*": {
    type: anyText,
    secret: true,
    applies: "now",
    since,
    extension,
    example: "lab",
    doc: "Free for the user.",
  },
});

export const networkZoneKeys = {
  ...grouped("dns", {
    "dns.nameservers": {
      type: nameservers,
      unset: "the zone itself",
      applies: "now",
      since,
      extension,
      example: "ns1.example.org,ns2.example.org",
      doc: "Names of the servers that serve the zone, with commas between: its NS records, and the first of them the primary one.",
    },
  }),
  ...grouped("network", {
    "network.nat": {
      type: bool,
      default: "true",
      applies: "now",
      since,
      extension: "network_dns_nat",
      example: "false",
      doc: "Whether the zone has addresses of networks that hide them behind the host's.",
    },
  }),
  ...grouped("peers", {
    "peers.*.address": {
      type: address,
      name: peerName,
      unset: "any address, with `peers.*.key`",
      applies: "now",
      since,
      extension,
      example: "192.0.2.53",
      doc: "Address from which the peer may copy the zone.",
    },
    "peers.*.key": {
      type: oneLine,
      name: peerName,
      secret: true,
      unset: "no key is asked for",
      applies: "now",
      since,
      extension,
      example: "c2VjcmV0IG9mIHRoZSBwZWVyIHRoYXQgaXMgbG9uZw==",
      doc: "Key by which the peer signs its questions (TSIG, hmac-sha256), in base64. Its name is `ZONE_PEER`.",
    },
  }),
  ...user,
} satisfies KeyTable;

export const networkZoneRecordKeys = { ...user } satisfies KeyTable;

/** Reads the configuration of a network zone. */
export const networkZoneConfig = readerOf(networkZoneKeys);
