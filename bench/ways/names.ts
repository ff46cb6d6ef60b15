/** Names: a container asks for one that is cached, on a network with a list of what may be reached, and on one without, where dnsmasq answers it itself. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Subject } from "../subject";
import { addressIn, launchWith, type Way, wayFrom } from "./way";

export const asked = "pkg.example.com";
const server = { address: "127.0.0.1", port: 5353 };
const ttlSeconds = 86_400;

interface Network {
  readonly name: string;
  readonly column: string;
  readonly subnet: string;
  readonly config: Readonly<Record<string, string>>;
}

const networks: readonly Network[] = [
  {
    name: "benchlist",
    column: "bothy/network",
    subnet: "10.91.4",
    config: { "security.egress.allow": `${asked}:443` },
  },
  { name: "benchplain", column: "dnsmasq", subnet: "10.91.5", config: {} },
];

/** Runs the work with both ways to the answer. */
export async function withWaysToNames<T>(
  own: Subject,
  pool: string,
  wire: string,
  work: (ways: readonly Way[]) => Promise<T>,
): Promise<T> {
  const world = answerer(own.info.netns);
  try {
    for (const { name, subnet, config } of networks) {
      const raw = `no-resolv\nserver=${server.address}#${server.port}`;
      const addresses = { "ipv4.address": `${subnet}.1/24`, "ipv6.address": "none" };
      await own.createNetwork(name, { ...addresses, "raw.dnsmasq": raw, ...config });
      await launchWith(own, { name, pool, network: name, wire });
      await addressIn(own, name, "eth0", `${subnet}.11/24`);
    }
    return await work(networks.map(({ name, column, subnet }) => wayFrom(own, name, column, `${subnet}.1`)));
  } finally {
    await own.clear();
    for (const { name } of networks) await own.deleteNetwork(name);
    await endOf(world);
  }
}

/** Who knows the name, for both networks. @param netns file of the daemon's */
function answerer(netns: string): ChildProcess {
  const record = `--host-record=${asked},192.0.2.2,${ttlSeconds}`;
  const words = ["--keep-in-foreground", "--conf-file=", "--pid-file=", "--no-hosts", "--no-resolv", "--user=root"];
  const listen = ["--bind-interfaces", `--listen-address=${server.address}`, `--port=${server.port}`];
  return spawn("nsenter", [`--net=${netns}`, "dnsmasq", ...words, record, ...listen], { stdio: "inherit" });
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}
