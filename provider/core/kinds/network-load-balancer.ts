/** Network load balancer: an address whose ports lead to several instances, on servers that have it. */
import * as z from "zod";
import { NetworkName, Text } from "../../../sdk/api/common";
import { networkLoadBalancerKind } from "../../../sdk/api/network-load-balancer";
import { propertyPath } from "../engine/check";
import type { CheckFailure } from "../engine/core";
import { adopt, description, endpoint, replacing, timeouts, wordOf } from "../engine/inputs";
import { compact, isMap, type Props, unknownValue } from "../engine/values";
import { configElsewhere } from "./elsewhere";
import { namedCore } from "./named";
import { address, plainList, plainText, portRanges } from "./port-forms";

export const NetworkLoadBalancerBackend = z
  .strictObject({
    name: Text.min(1).meta({ description: "Name by which ports lead to it." }),
    targetAddress: address.meta({ description: "Where it is: an address of the network's subnet." }),
    targetPort: portRanges.optional().meta({
      description: "As many ports as are listened on, or one for all; the same ones when absent.",
    }),
    description: Text.optional().meta({ description: "Free text for people." }),
  })
  .meta({ id: "NetworkLoadBalancerBackend", description: "Where a load balancer leads." });

export const NetworkLoadBalancerPort = z
  .strictObject({
    listenPort: portRanges
      .refine((text) => text.trim() !== "", { message: "must name a port" })
      .meta({ description: "Ports that it listens on, and ranges of them, with commas between: `80,90-95`." }),
    targetBackends: z.array(Text.min(1)).default([]).meta({ description: "Names of the backends that they lead to." }),
    protocol: wordOf(["tcp", "udp"]).default("tcp").meta({ description: "`tcp` when absent, or `udp`." }),
    description: Text.optional().meta({ description: "Free text for people." }),
  })
  .meta({ id: "NetworkLoadBalancerPort", description: "Ports of a load balancer, and the backends they lead to." });

export const NetworkLoadBalancerInputs = z.strictObject({
  network: NetworkName.meta(replacing("Network whose instances are the backends.")),
  listenAddress: address.meta(replacing("Address that it listens on, of IPv4 or IPv6.")),
  description,
  backends: z.array(NetworkLoadBalancerBackend).default([]).meta({ description: "Instances that ports lead to." }),
  ports: z.array(NetworkLoadBalancerPort).default([]).meta({ description: "Ports that lead to backends." }),
  config: configElsewhere("`user.*`"),
  adopt,
  endpoint,
  timeouts,
});
type Inputs = z.output<typeof NetworkLoadBalancerInputs>;

const withoutEmpty = (props: Props): Props =>
  Object.fromEntries(Object.entries(props).filter(([, value]) => value !== "" && value !== undefined));

function plainBackend(backend: unknown): unknown {
  if (!isMap(backend)) return backend;
  const { targetAddress, targetPort } = backend;
  return withoutEmpty({
    ...compact(backend),
    targetAddress: plainText(targetAddress),
    targetPort: plainList(targetPort),
  });
}

function plainPort(port: unknown): unknown {
  if (!isMap(port)) return port;
  return withoutEmpty({
    protocol: "tcp",
    targetBackends: [],
    ...compact(port),
    listenPort: plainList(port.listenPort),
  });
}

const each = (plain: (one: unknown) => unknown) => (all: unknown) => (Array.isArray(all) ? all.map(plain) : all);

/** Names of backends stand once, and ports lead to those that are there. */
function rules({ backends, ports }: Props): CheckFailure[] {
  const all = Array.isArray(backends) ? backends : [];
  const names = all.map((one: unknown) => (isMap(one) ? one.name : one));
  const isOpen = backends === unknownValue || names.includes(unknownValue);
  const twins = names.flatMap((name, at): CheckFailure[] =>
    typeof name === "string" && name !== unknownValue && names.indexOf(name) < at
      ? [{ property: propertyPath(["backends", at, "name"]), reason: "stands in the list already" }]
      : [],
  );
  const lost = (Array.isArray(ports) ? ports : []).flatMap((port: unknown, at): CheckFailure[] => {
    if (isOpen || !isMap(port) || !Array.isArray(port.targetBackends)) return [];
    return port.targetBackends.flatMap((name: unknown, index): CheckFailure[] =>
      typeof name !== "string" || name === unknownValue || names.includes(name)
        ? []
        : [
            {
              property: propertyPath(["ports", at, "targetBackends", index]),
              reason: "is the name of no backend here",
            },
          ],
    );
  });
  return [...twins, ...lost];
}

export const networkLoadBalancer = namedCore<Inputs, typeof networkLoadBalancerKind>({
  definition: networkLoadBalancerKind,
  type: "NetworkLoadBalancer",
  description:
    "An address whose ports lead to several instances of a network, on servers that have it; Bothy's own has not. Deleted together with the network.",
  inputs: NetworkLoadBalancerInputs,
  outputs: z.object({ location: z.string().meta({ description: "Member of the cluster that holds it." }) }),
  nameInput: "listenAddress",
  alike: { listenAddress: plainText, backends: each(plainBackend), ports: each(plainPort) },
  patchMayLose: true,
  rules,
  put: ({ backends, ports }) => ({
    backends: backends.map(({ name, targetAddress, targetPort = "", description = "" }) => ({
      name,
      description,
      target_address: targetAddress,
      target_port: targetPort,
    })),
    ports: ports.map(({ listenPort, targetBackends, protocol, description = "" }) => ({
      description,
      protocol,
      listen_port: listenPort,
      target_backend: targetBackends,
    })),
  }),
  outs: ({ backends, ports, location }) => ({
    backends: (backends ?? []).map(({ name, description, target_address, target_port }) =>
      plainBackend({ name, description, targetAddress: target_address, targetPort: target_port }),
    ),
    ports: (ports ?? []).map(({ description, protocol, listen_port, target_backend }) =>
      plainPort({ description, protocol, listenPort: listen_port, targetBackends: target_backend ?? [] }),
    ),
    location,
  }),
  culprits: [
    [/port specification (\d+)/, "ports[$1]"],
    [/backend/i, "backends"],
    [/listen address/i, "listenAddress"],
  ],
});
