/** Bridge filter: what this kernel's filter of bridges can do of what ACLs of nics need. */
import { existsSync, readFileSync } from "node:fs";
import { run } from "../../../platform/processes/run";

export interface BridgeFilter {
  /**
   * How a bridge's chains know packets of connections that were let through: from the bridge's own conntrack, or by a mark that the chains of IP
   * give them, to which br_netfilter shows all frames first. Nothing where the kernel has neither.
   */
  readonly follows: "conntrack" | "mark" | undefined;
  /** Whether it can tell a sender that a packet was refused. */
  readonly rejects: boolean;
}

/** The mark, one bit of it: the rest is the host's. */
const seen = "0x08000000";

/** How a chain of the bridge lets packets of known connections through; nothing where it cannot know them. */
export function knownConnections({ follows }: BridgeFilter): string[] {
  if (follows === "conntrack") return ["ct state established,related accept"];
  return follows === "mark" ? [`meta mark & ${seen} == ${seen} accept`] : [];
}

/** Commands for the chains of IP that mark what goes from and to a bridge. @param table of a family of IP */
export function markCommands(table: string, bridge: string): string[] {
  const chains = { prerouting: `iifname "${bridge}"`, postrouting: `oifname "${bridge}"` };
  return Object.entries(chains).flatMap(([hook, edge]) => [
    `add chain ${table} seen_${hook} { type filter hook ${hook} priority mangle; policy accept; }\n`,
    `flush chain ${table} seen_${hook}\n`,
    `add rule ${table} seen_${hook} ${edge} ct state established,related meta mark set meta mark | ${seen}\n`,
  ]);
}

/** Where the switches of br_netfilter are, of the network namespace of whoever reads them, while it is loaded. */
const switches = ["iptables", "ip6tables"].map((name) => `/proc/sys/net/bridge/bridge-nf-call-${name}`);

const showsFrames = (): boolean =>
  switches.every((file) => existsSync(file) && readFileSync(file, "utf8").trim() === "1");

let asked: Promise<Record<"tracks" | "rejects", boolean>> | undefined;

/** The kernel is asked once; br_netfilter may come and go. */
export async function bridgeFilter(): Promise<BridgeFilter> {
  asked ??= askKernel();
  const { tracks, rejects } = await asked;
  return { follows: tracks ? "conntrack" : showsFrames() ? "mark" : undefined, rejects };
}

async function askKernel(): Promise<{ tracks: boolean; rejects: boolean }> {
  const takes = async (rule: string) => {
    const hook = "type filter hook prerouting priority 50; policy accept;";
    const input = `table bridge bothy_probe {\n  chain c {\n    ${hook}\n    ${rule}\n  }\n}\n`;
    return (await run("nft", ["-c", "-f", "-"], { input, accept: [0, 1] })).code === 0;
  };
  return { tracks: await takes("ct state established accept"), rejects: await takes("meta protocol ip reject") };
}
