/** Network forward: an address whose ports, or whole traffic, go to instances of a network. */
import * as z from "zod";
import { NetworkName, Text } from "../../../sdk/api/common";
import { networkForwardKeys } from "../../../sdk/api/config/network-forward";
import { readAddress } from "../../../sdk/api/ip-address";
import { networkForwardKind } from "../../../sdk/api/network-forward";
import { portsIn, readRanges } from "../../../sdk/api/port-ranges";
import { propertyPath } from "../engine/check";
import type { CheckFailure } from "../engine/core";
import { adopt, configInput, description, endpoint, replacing, timeouts, wordOf } from "../engine/inputs";
import { compact, holdsUnknown, isMap, type Props } from "../engine/values";
import { namedCore } from "./named";
import { address, plainList, plainText, portRanges } from "./port-forms";

export const NetworkForwardPort = z
  .strictObject({
    listenPort: portRanges
      .refine((text) => text.trim() !== "", { message: "must name a port" })
      .meta({ description: "Ports that it listens on, and ranges of them, with commas between: `80,90-95`." }),
    targetAddress: address.meta({ description: "Where they lead: an address of the network's subnet." }),
    targetPort: portRanges.optional().meta({
      description: "As many ports as it listens on, or one for all; the same ones when absent.",
    }),
    protocol: wordOf(["tcp", "udp"]).default("tcp").meta({ description: "`tcp` when absent, or `udp`." }),
    description: Text.optional().meta({ description: "Free text for people." }),
  })
  .meta({ id: "NetworkForwardPort", description: "Ports of a forward, and where they lead." });
type Port = z.output<typeof NetworkForwardPort>;

export const NetworkForwardInputs = z.strictObject({
  network: NetworkName.meta(replacing("Network whose instances are the targets, a bridge.")),
  listenAddress: address.meta(
    replacing("Address that it listens on, of IPv4 or IPv6: one of the host, or one that leads to it."),
  ),
  description,
  ports: z.array(NetworkForwardPort).default([]).meta({ description: "Ports that lead to instances." }),
  config: configInput(networkForwardKeys),
  adopt,
  endpoint,
  timeouts,
});
type Inputs = z.output<typeof NetworkForwardInputs>;

/** A port as the server would tell of it; what is not known yet, or none of ours, as it is. */
function plainPort(port: unknown): unknown {
  if (!isMap(port)) return port;
  const whole: Props = {
    protocol: "tcp",
    ...compact(port),
    listenPort: plainList(port.listenPort),
    targetPort: plainList(port.targetPort),
    targetAddress: plainText(port.targetAddress),
  };
  return Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== "" && value !== undefined));
}

const plainPorts = (all: unknown): unknown => (Array.isArray(all) ? all.map(plainPort) : all);

const portsOf = (text: unknown): readonly number[] => {
  const ranges = typeof text === "string" && !holdsUnknown(text) ? readRanges(text) : "";
  return typeof ranges === "string" ? [] : portsIn(ranges);
};

const familyOf = (value: unknown) => (typeof value === "string" ? readAddress(value)?.family : undefined);

/** What no single property tells: families that do not fit, ports that are taken, numbers of ports that differ. */
function rules({ listenAddress, ports, config }: Props): CheckFailure[] {
  const family = familyOf(listenAddress);
  const isOther = (target: unknown) =>
    family !== undefined && familyOf(target) !== undefined && familyOf(target) !== family;
  const mixed = 'must be of the same family as "listenAddress"';
  const taken = new Map<string, number>();
  const failures = (Array.isArray(ports) ? ports : []).flatMap((port: unknown, at): CheckFailure[] => {
    if (!isMap(port)) return [];
    const failure = (name: string, reason: string) => ({ property: propertyPath(["ports", at, name]), reason });
    const [listens, targets] = [portsOf(port.listenPort), portsOf(port.targetPort)];
    const { protocol = "tcp" } = port;
    const twice = holdsUnknown(protocol) ? undefined : listens.find((number) => taken.has(`${protocol} ${number}`));
    const first = taken.get(`${protocol} ${twice}`);
    for (const number of listens) taken.set(`${protocol} ${number}`, at);
    return [
      ...(isOther(port.targetAddress) ? [failure("targetAddress", mixed)] : []),
      ...(twice === undefined ? [] : [failure("listenPort", `has port ${twice}, which is in ports[${first}] already`)]),
      ...(targets.length > 1 && listens.length > 0 && targets.length !== listens.length
        ? [failure("targetPort", `has ${targets.length} ports for the ${listens.length} that it listens on`)]
        : []),
    ];
  });
  const all = isMap(config) ? config.target_address : undefined;
  return isOther(all)
    ? [...failures, { property: propertyPath(["config", "target_address"]), reason: mixed }]
    : failures;
}

const wirePort = ({ listenPort, targetPort = "", targetAddress, protocol, description = "" }: Port) => ({
  description,
  protocol,
  listen_port: listenPort,
  target_port: targetPort,
  target_address: targetAddress,
});

export const networkForward = namedCore<Inputs, typeof networkForwardKind>({
  definition: networkForwardKind,
  type: "NetworkForward",
  description: "An address whose ports, or whole traffic, go to instances of a network; deleted together with it.",
  inputs: NetworkForwardInputs,
  outputs: z.object({}),
  nameInput: "listenAddress",
  alike: { listenAddress: plainText, ports: plainPorts },
  // LXD 5.0.2 drops the ports that a PATCH does not name.
  patchMayLose: true,
  rules,
  put: (inputs) => ({ ports: inputs.ports.map(wirePort) }),
  outs: ({ ports }) => ({
    ports: (ports ?? []).map(({ listen_port, target_port, target_address, protocol, description }) =>
      plainPort({
        listenPort: listen_port,
        targetPort: target_port,
        targetAddress: target_address,
        protocol,
        description,
      }),
    ),
  }),
  culprits: [
    [/Invalid listen port in port specification (\d+)/, "ports[$1].listenPort"],
    [/Invalid target port in port specification (\d+)/, "ports[$1].targetPort"],
    [/[Tt]arget address.* in port specification (\d+)/, "ports[$1].targetAddress"],
    [/in port specification (\d+)/, "ports[$1]"],
    [/default target address/i, "config.target_address"],
    [/listen address|has no IPv[46] subnet/i, "listenAddress"],
  ],
});
