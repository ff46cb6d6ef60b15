/** Network ACL: rules about the traffic of networks that take it by their key `security.acls`. */
import * as z from "zod";
import { Text } from "../../../sdk/api/common";
import { networkAclKeys } from "../../../sdk/api/config/network-acl";
import { NetworkAclName, networkAclKind } from "../../../sdk/api/network-acl";
import {
  type AclDirection,
  aclActions,
  aclProtocols,
  aclStates,
  normalRule,
  ruleFault,
  NetworkAclRule as WireRule,
} from "../../../sdk/api/network-acl-rule";
import { checkShape, propertyPath } from "../engine/check";
import type { CheckFailure } from "../engine/core";
import { adopt, configInput, description, endpoint, replacing, timeouts, wordOf } from "../engine/inputs";
import { compact, holdsUnknown, isMap, type Props, same } from "../engine/values";
import { namedCore } from "./named";

const text = (description: string) => Text.optional().meta({ description });

export const NetworkAclRule = z
  .strictObject({
    action: wordOf(aclActions, ["allow-stateless"]).meta({
      description: "What becomes of a packet: `allow`, `drop` or `reject`.",
    }),
    state: wordOf(aclStates)
      .default("enabled")
      .meta({ description: "`enabled` when absent, `disabled`, or `logged`: the kernel's log tells of it too." }),
    source: text(
      "Where packets come from: addresses, subnets and ranges such as `10.1.2.3-10.1.2.9`, with commas between; anywhere when absent.",
    ),
    destination: text("Where packets go, written as `source`."),
    protocol: wordOf(["", ...aclProtocols])
      .optional()
      .meta({ description: "`tcp`, `udp`, `icmp4` or `icmp6`; any when absent." }),
    sourcePort: text("Ports of `tcp` and `udp`, and ranges of them, with commas between; any when absent."),
    destinationPort: text("The same of where packets go."),
    icmpType: text("A number, of `icmp4` and `icmp6`; any when absent."),
    icmpCode: text("A number, of `icmp4` and `icmp6`; any when absent."),
    description: text("Free text for people."),
  })
  .meta({
    id: "NetworkAclRule",
    description: "A rule about packets. Whatever their order, drop comes before reject, and reject before allow.",
  });

const rules = (description: string) => z.array(NetworkAclRule).default([]).meta({ description });

export const NetworkAclInputs = z.strictObject({
  name: NetworkAclName.meta(replacing("Name of the ACL; made from the resource's name when absent.")),
  description,
  ingress: rules("Rules of what goes to instances."),
  egress: rules("Rules of what comes from instances."),
  config: configInput(networkAclKeys),
  adopt,
  endpoint,
  timeouts,
});
type Inputs = z.output<typeof NetworkAclInputs>;

/** The wire's names of fields that have two words. */
const wireNames = {
  sourcePort: "source_port",
  destinationPort: "destination_port",
  icmpType: "icmp_type",
  icmpCode: "icmp_code",
} as const;
const ownNames: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(wireNames).map(([own, wire]) => [wire, own]),
);

const renamed = (rule: object, names: Readonly<Record<string, string>>): Props =>
  Object.fromEntries(Object.entries(rule).map(([name, value]) => [names[name] ?? name, value]));

const withoutEmpty = (rule: object): Props =>
  Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== ""));

/** A rule as the server stores it. */
const wireRule = (rule: Props): WireRule => normalRule(WireRule.parse(renamed(compact(rule), wireNames)));

/** A rule as the server would tell of it; what is wrong, or not known yet, as it is. */
function plainRule(rule: unknown): unknown {
  if (!isMap(rule)) return rule;
  const whole: Props = { state: "enabled", ...withoutEmpty(compact(rule)) };
  const isReadable = !holdsUnknown(whole) && NetworkAclRule.safeParse(whole).success;
  return isReadable ? withoutEmpty(renamed(wireRule(whole), ownNames)) : whole;
}

const plainRules = (all: unknown): unknown => (Array.isArray(all) ? all.map(plainRule) : all);

const wireRules = (all: readonly Props[]): Props[] => all.map((rule) => withoutEmpty(wireRule(rule)));

const ownRules = (all: readonly object[] | null): Props[] =>
  (all ?? []).map((rule) => withoutEmpty(renamed(rule, ownNames)));

/** What is wrong with the rules of a direction, as far as they have the right shape and are known. */
function faultsOf(direction: AclDirection, all: unknown): CheckFailure[] {
  if (!Array.isArray(all)) return [];
  const seen: unknown[] = [];
  return all.flatMap((rule: unknown, at): CheckFailure[] => {
    if (!isMap(rule) || holdsUnknown(rule) || checkShape(NetworkAclRule, rule).length > 0) return [];
    const plain = plainRule(rule);
    const twin = seen.findIndex((other) => same(other, plain));
    seen[at] = plain;
    if (twin >= 0) return [{ property: propertyPath([direction, at]), reason: `is the same as ${direction}[${twin}]` }];
    const fault = ruleFault(direction, wireRule({ state: "enabled", ...rule }));
    if (fault === undefined) return [];
    const field = ownNames[fault.field] ?? fault.field;
    return [{ property: propertyPath([direction, at, field]), reason: `is no part of a rule: ${fault.reason}` }];
  });
}

export const networkAcl = namedCore<Inputs, typeof networkAclKind>({
  definition: networkAclKind,
  type: "NetworkAcl",
  description:
    "Rules about what enters and leaves networks, which take it by their key `security.acls`. A change counts at once.",
  inputs: NetworkAclInputs,
  outputs: z.object({}),
  nameMaxLength: 63,
  alike: { ingress: plainRules, egress: plainRules },
  // LXD 5.0.2 drops the rules that a PATCH does not name (docs/lxd-api.md, Network ACLs).
  patchMayLose: true,
  rules: ({ ingress, egress }) => [...faultsOf("ingress", ingress), ...faultsOf("egress", egress)],
  put: ({ ingress, egress }) => ({ ingress: wireRules(ingress), egress: wireRules(egress) }),
  outs: ({ ingress, egress }) => ({ ingress: ownRules(ingress), egress: ownRules(egress) }),
  culprits: [
    [/Invalid ingress rule (\d+)/, "ingress[$1]"],
    [/Invalid egress rule (\d+)/, "egress[$1]"],
  ],
});
