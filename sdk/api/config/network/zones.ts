/** Keys by which a network puts the names of its instances into network zones. */
import { dnsNameReason, reverseFamily } from "../../dns-name";
import { grouped } from "../table";
import { text } from "../values";

const endings = { 0: "not a zone of addresses", 4: "a zone in in-addr.arpa", 6: "a zone in ip6.arpa" } as const;

const zoneOf = (family: 0 | 4 | 6) =>
  text("name of a network zone", (value) => {
    const reason = dnsNameReason(value);
    if (reason !== undefined) return reason;
    return reverseFamily(value) === family ? undefined : `it must be ${endings[family]}`;
  });

const usual = { applies: "now", since: "0.1.0", extension: "network_dns" } as const;

export const networkZoneRows = grouped("dns", {
  "dns.zone.forward": {
    ...usual,
    type: zoneOf(0),
    example: "lab.example",
    doc: "Network zone that has the names of the network's instances.",
  },
  "dns.zone.reverse.ipv4": {
    ...usual,
    type: zoneOf(4),
    example: "2.0.192.in-addr.arpa",
    doc: "Network zone of their IPv4 addresses, which leads back to names in `dns.zone.forward`.",
  },
  "dns.zone.reverse.ipv6": {
    ...usual,
    type: zoneOf(6),
    example: "8.b.d.0.1.0.0.2.ip6.arpa",
    doc: "Network zone of their IPv6 addresses, which leads back to names in `dns.zone.forward`.",
  },
});
