/** What nftables does for the forwards of a network: chains of the network's own table. */
import type { Config } from "../../../../sdk/api/common";
import { networkForwardConfig } from "../../../../sdk/api/config/network-forward";
import { type Address, readAddress } from "../../../../sdk/api/ip-address";
import type { NetworkForwardPort } from "../../../../sdk/api/network-forward";
import { type PortRange, portsIn, readRanges } from "../../../../sdk/api/port-ranges";
import { subnetTextOf } from "./addresses";

/** What a forward says of its traffic. */
export interface ForwardRules {
  /** As the kernel writes it. */
  readonly listen_address: string;
  readonly config: Config;
  readonly ports: readonly NetworkForwardPort[];
}

interface Chain {
  readonly name: string;
  /** Absent for one that others jump to. */
  readonly hook?: string;
  readonly rules: readonly string[];
}

/** No chains where nothing is forwarded: most packets of a host belong to no forward. */
export function forwardChains(name: string, config: Config, forwards: readonly ForwardRules[]): Chain[] {
  const all = forwards.flatMap(rulesOf);
  if (all.length === 0) return [];
  const jump = ["jump forwards"];
  return [
    { name: "forwards", rules: all },
    { name: "forwards_prerouting", hook: "type nat hook prerouting priority dstnat; policy accept;", rules: jump },
    { name: "forwards_output", hook: "type nat hook output priority -100; policy accept;", rules: jump },
    {
      name: "forwards_postrouting",
      hook: "type nat hook postrouting priority srcnat; policy accept;",
      rules: hairpins(name, config, forwards),
    },
  ];
}

/** The narrower ones first: what no port takes goes to the target of all. */
function rulesOf({ listen_address, config, ports }: ForwardRules): string[] {
  const listen = readAddress(listen_address);
  if (listen === undefined) return [];
  const target = networkForwardConfig(config).text("target_address");
  const to = `${listen.family} daddr ${listen.text}`;
  return [
    ...ports.map((port) => `${to} ${portRule(listen, port)}`),
    ...(target === undefined ? [] : [`${to} dnat ${listen.family} to ${target}`]),
  ];
}

/** One rule, however many ports: the kernel looks the port up in a set or a map. */
function portRule(
  { family }: Address,
  { protocol, listen_port, target_port, target_address }: NetworkForwardPort,
): string {
  const [from, to] = [rangesOf(listen_port), rangesOf(target_port)];
  const match = `${protocol} dport { ${from.map(rangeText).join(", ")} } dnat ${family} to`;
  const host = family === "ip" ? target_address : `[${target_address}]`;
  const targets = portsIn(to);
  if (targets.length === 0) return `${match} ${target_address}`;
  if (targets.length === 1) return `${match} ${host}:${targets[0]}`;
  const pairs = portsIn(from).map((port, at) => `${port} : ${targets[at]}`);
  return `${match} ${host} : ${protocol} dport map { ${pairs.join(", ")} }`;
}

const rangesOf = (text: string): readonly PortRange[] => {
  const ranges = readRanges(text);
  return typeof ranges === "string" ? [] : ranges;
};

const rangeText = ([first, last]: PortRange): string => (first === last ? String(first) : `${first}-${last}`);

/**
 * Who asks a forward from within the network gets its answers by the host too: the target would answer its neighbour straight, from an
 * address that was not asked; and itself not at all.
 */
function hairpins(name: string, config: Config, forwards: readonly ForwardRules[]): string[] {
  const addresses = forwards.flatMap(({ listen_address }) => readAddress(listen_address) ?? []);
  return (["ip", "ip6"] as const).flatMap((family) => {
    const own = addresses.filter((address) => address.family === family).map(({ text }) => text);
    const subnet = subnetTextOf(config, family);
    if (own.length === 0 || subnet === undefined) return [];
    return [
      `oifname "${name}" ct status dnat ct original ${family} daddr { ${own.join(", ")} } ${family} saddr ${subnet} masquerade`,
    ];
  });
}
