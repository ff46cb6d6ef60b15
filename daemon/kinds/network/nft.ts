/** The nftables rules of one network, in tables of its own: `inet bothy_NAME`, and `bridge bothy_NAME` for its ports. */
import type { Config } from "../../../sdk/api/common";
import { networkConfig } from "../../../sdk/api/config/network";
import { judgedPorts } from "./acl/judged-ports";
import type { NetworkAcl } from "./acl/lines";
import { aclChains } from "./acl/network-chains";
import { setCommands } from "./acl/sets";
import { type Family, familiesOf, isIsolated } from "./config";
import type { NetworkPlace } from "./driver";
import { askingRule, type EgressRules, egressChains, egressSets } from "./egress/rules";
import { type ForwardRules, forwardChains } from "./forward/rules";
import { openPort, type Port, portRulesetOf } from "./port-rules";
import { ruleLoader } from "./rule-loader";
import { portTableOf, tableOf } from "./tables";

/** The whole table as nft reads it; rules that the configuration switches off are absent. */
export function rulesetOf(
  name: string,
  config: Config,
  acls: readonly NetworkAcl[] = [],
  forwards: readonly ForwardRules[] = [],
  egress: readonly EgressRules[] = [],
): string {
  // Whatever a guest sends to an address of the host by the bridge's own hardware address.
  if (isIsolated(config))
    return `table ${tableOf(name)} {\n${chain("input", "type filter hook input priority filter; policy accept;", [`iifname "${name}" drop`])}}\n`;
  const set = networkConfig(config);
  const families = familiesOf(config);
  const filtered = families.filter(({ key }) => set.get(`${key}.firewall`));
  const nats = families.filter(({ key }) => set.get(`${key}.nat`));
  const asking = egress.length > 0 ? [askingRule(name)] : [];
  const chains = [
    ...forwardChains(name, config, forwards).map(({ name: own, hook, rules }) => chain(own, hook, rules)),
    ...egressChains(name, config, egress).map(({ name: own, hook, rules }) => chain(own, hook, rules)),
    ...aclChains(name, config, acls, asking).map(({ name: own, hook, rules }) => chain(own, hook, rules)),
    chain("input", "type filter hook input priority filter; policy accept;", [
      ...filtered.flatMap(inputRules(name)),
      ...(filtered.length > 0 ? asking : []),
    ]),
    chain(
      "forward",
      "type filter hook forward priority filter; policy accept;",
      filtered.flatMap(forwardRules(name, config)),
    ),
    ...(["before", "after"] as const).map((order) =>
      chain(
        `postrouting_${order}`,
        // Of chains at one hook the first that names a source has its way.
        `type nat hook postrouting priority srcnat ${order === "before" ? "-" : "+"} 1; policy accept;`,
        nats.filter(({ key }) => set.get(`${key}.nat.order`) === order).map(natRule(name, config)),
      ),
    ),
  ];
  return `table ${tableOf(name)} {\n${[...egressSets(egress, Date.now()), ...chains].join("")}}\n`;
}

/** What has to reach the host itself: questions of DHCP and DNS, and of IPv6 what the kernel finds its neighbours by. */
const inputRules =
  (name: string) =>
  ({ key }: Family): string[] => {
    const from = `iifname "${name}" meta nfproto ${key}`;
    return [
      `${from} udp dport { 53, ${key === "ipv4" ? 67 : 547} } accept`,
      `${from} tcp dport 53 accept`,
      ...(key === "ipv4" ? [] : [`${from} icmpv6 type { ${neededIcmp6} } accept`]),
    ];
  };

const neededIcmp6 = [
  ...["destination-unreachable", "packet-too-big", "time-exceeded", "parameter-problem"],
  ...["nd-router-solicit", "nd-neighbor-solicit", "nd-neighbor-advert", "mld-listener-report", "mld2-listener-report"],
].join(", ");

const forwardRules =
  (name: string, config: Config) =>
  ({ key }: Family): string[] => {
    const to = `oifname "${name}" meta nfproto ${key}`;
    const from = `iifname "${name}" meta nfproto ${key}`;
    if (networkConfig(config).get(`${key}.routing`)) return [`${from} accept`, `${to} accept`];
    // Frames between two ports are not routed: br_netfilter shows them here as well.
    return [`iifname "${name}" ${to} accept`, `${from} drop`, `${to} drop`];
  };

const natRule =
  (name: string, config: Config) =>
  ({ key, ip, subnet }: Family): string => {
    const source = networkConfig(config).get(`${key}.nat.address`);
    // oifname: with br_netfilter the kernel shows us also frames that stay on the bridge, broadcasts among them.
    const leaving = `oifname != "${name}" ${ip} saddr ${subnet} ${ip} daddr != ${subnet}`;
    return `${leaving} ${source === undefined ? "masquerade" : `snat ${ip} to ${source}`}`;
  };

const chain = (name: string, hook: string | undefined, rules: readonly string[]): string =>
  rules.length === 0
    ? ""
    : `  chain ${name} {\n${hook === undefined ? "" : `    ${hook}\n`}${rules.map((rule) => `    ${rule}\n`).join("")}  }\n`;

/** Replaces the network's tables in one transaction: no packet meets half of the rules. */
export async function applyRules(
  network: NetworkPlace,
  ports: readonly Port[],
  proxies: readonly ForwardRules[],
  egress: readonly EgressRules[],
): Promise<void> {
  const { name, config, acls = [], forwards = [], addressesOf } = network;
  const sets = setCommands(tableOf(name), acls, (set) => addressesOf?.(set) ?? []);
  const opened = ports.map((port) => openPort(name, config, port)).join("");
  // A proxy names its ports, and a forward may take all the rest of its address.
  const ruleset = rulesetOf(name, config, acls, [...proxies, ...forwards], egress);
  const judged = await judgedPorts(network, ports);
  const input = `${dropTables(name)}table ${tableOf(name)}\n${sets}${ruleset}${portRulesetOf(name, config)}${opened}${judged}`;
  await ruleLoader.run(input);
}

/** Removes the network's tables; missing ones are no error. */
export async function removeRules(name: string): Promise<void> {
  await ruleLoader.run(dropTables(name));
}

/** Naming a table first makes it when it is missing, so that delete always finds one. */
const dropTables = (name: string): string =>
  [tableOf(name), portTableOf(name)].map((table) => `table ${table}\ndelete table ${table}\n`).join("");
