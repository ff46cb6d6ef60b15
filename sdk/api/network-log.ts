/** Logs of networks on the wire: what ACLs and lists of egress have kept back or told of (docs/lxd-api.md, Network ACLs, Egress). */
import * as z from "zod";

const packet = {
  time: z.string().meta({ description: "When, in RFC 3339." }),
  proto: z.string().meta({ description: "Protocol, such as `tcp`." }),
  src: z.string().meta({ description: "Address that the packet came from." }),
  dst: z.string().meta({ description: "Address that it was sent to." }),
  src_port: z.string().default("").meta({ description: "Port that it came from; empty for a protocol without ports." }),
  dst_port: z
    .string()
    .default("")
    .meta({ description: "Port that it was sent to; empty for a protocol without ports." }),
  icmp_type: z.string().optional().meta({ description: "Type of an ICMP packet." }),
  icmp_code: z.string().optional().meta({ description: "Code of an ICMP packet." }),
};

/** A packet that a rule of a network ACL has logged. */
export const NetworkAclLogEntry = z.object({
  ...packet,
  action: z.string().meta({ description: "What the rule does that stands at that place now; empty when none does." }),
});
export type NetworkAclLogEntry = z.output<typeof NetworkAclLogEntry>;

const instance = z.string().meta({ description: "Name of the instance; empty where it cannot be told." });

/** What a list of egress has refused: a packet, or a name. */
export const NetworkEgressLogEntry = z.discriminatedUnion("action", [
  z.object({ ...packet, instance, action: z.literal("reject") }),
  z.object({
    time: packet.time,
    instance,
    src: z.string().meta({ description: "Address of who asked." }),
    name: z.string().meta({ description: "Name that was asked for." }),
    type: z.string().meta({ description: "Type of the record, such as `AAAA`." }),
    reason: z.string().meta({ description: "Why the name was not told." }),
    action: z.literal("nxdomain"),
  }),
]);
export type NetworkEgressLogEntry = z.output<typeof NetworkEgressLogEntry>;
