/** The nftables rules of one network, in tables of its own: `inet bothy_NAME`, and `bridge bothy_NAME` for its ports. */
import type { Config } from "../../../sdk/api/common";
import { networkConfig } from "../../../sdk/api/config/network";
import { run } from "../../platform/processes/run";
import { subnetOf } from "./config";
import type { NetworkPlace } from "./driver";
import { type ForwardRules, forwardChains } from "./forward/rules";
import { subnetText } from "./ipv4";
import { openPort, type Port, portRulesetOf, portTableOf } from "./port-rules";

export const tableOf = (network: string): string => `inet bothy_${network}`;

/** The whole table as nft reads it; rules that the configuration switches off are absent. */
export function rulesetOf(name: string, config: Config, forwards: readonly ForwardRules[] = []): string {
  const set = networkConfig(config);
  const subnet = subnetOf(config);
  if (subnet === undefined) return emptyTable(name);
  const chains = forwardChains(name, config, forwards).map(({ name: own, hook, rules }) => chain(own, hook, rules));
  if (set.get("ipv4.firewall"))
    chains.push(
      chain("input", "type filter hook input priority filter; policy accept;", [
        `iifname "${name}" udp dport { 53, 67 } accept`,
        `iifname "${name}" tcp dport 53 accept`,
      ]),
      chain("forward", "type filter hook forward priority filter; policy accept;", forwardRules(name, config)),
    );
  if (set.get("ipv4.nat")) {
    const own = subnetText(subnet);
    // oifname: with br_netfilter the kernel shows us also frames that stay on the bridge, broadcasts among them.
    chains.push(
      chain("postrouting", "type nat hook postrouting priority srcnat; policy accept;", [
        `oifname != "${name}" ip saddr ${own} ip daddr != ${own} masquerade`,
      ]),
    );
  }
  return `table ${tableOf(name)} {\n${chains.join("")}}\n`;
}

function forwardRules(name: string, config: Config): string[] {
  if (networkConfig(config).get("ipv4.routing")) return [`iifname "${name}" accept`, `oifname "${name}" accept`];
  // Frames between two ports are not routed: br_netfilter shows them here as well.
  return [`iifname "${name}" oifname "${name}" accept`, `iifname "${name}" drop`, `oifname "${name}" drop`];
}

const chain = (name: string, hook: string | undefined, rules: readonly string[]): string =>
  `  chain ${name} {\n${hook === undefined ? "" : `    ${hook}\n`}${rules.map((rule) => `    ${rule}\n`).join("")}  }\n`;

const emptyTable = (name: string): string => `table ${tableOf(name)} {\n}\n`;

/** Replaces the network's tables in one transaction: no packet meets half of the rules. */
export async function applyRules({ name, config, forwards }: NetworkPlace, ports: readonly Port[]): Promise<void> {
  const opened = ports.map((port) => openPort(name, config, port)).join("");
  const input = `${dropTables(name)}${rulesetOf(name, config, forwards)}${portRulesetOf(name, config)}${opened}`;
  await run("nft", ["-f", "-"], { input });
}

/** Removes the network's tables; missing ones are no error. */
export async function removeRules(name: string): Promise<void> {
  await run("nft", ["-f", "-"], { input: dropTables(name) });
}

/** Naming a table first makes it when it is missing, so that delete always finds one. */
const dropTables = (name: string): string =>
  [tableOf(name), portTableOf(name)].map((table) => `table ${table}\ndelete table ${table}\n`).join("");
