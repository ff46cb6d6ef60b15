/** Servers that reach each other over HTTPS, each in a network namespace of its own, joined by a cable. */
import { execFileSync } from "node:child_process";
import { preparePool, type TestDaemon, withDaemon } from "./daemon";
import { listenAt } from "./https";

/** A server as the other one and its clients reach it. */
export interface Server {
  readonly daemon: TestDaemon;
  /** Such as "10.231.7.1:8443". */
  readonly address: string;
}

export const [firstAddress, secondAddress] = ["10.231.7.1", "10.231.7.2"];

/** Joins two network namespaces by a pair of veth. @param pids of processes in them */
export function joinNamespaces(one: number, other: number): void {
  const [near, far] = ["bothy-near", "bothy-far"];
  execFileSync("ip", [
    "link",
    "add",
    near,
    "netns",
    String(one),
    "type",
    "veth",
    "peer",
    "name",
    far,
    "netns",
    String(other),
  ]);
  const ends = [
    [one, near, firstAddress],
    [other, far, secondAddress],
  ] as const;
  for (const [pid, name, address] of ends) {
    const inside = ["--target", String(pid), "--net", "ip"];
    execFileSync("nsenter", [...inside, "address", "add", `${address}/24`, "dev", name]);
    execFileSync("nsenter", [...inside, "link", "set", name, "up"]);
  }
}

/** With one end of the pair the other goes. @param one as joinNamespaces() had it */
export function partNamespaces(one: number): void {
  execFileSync("nsenter", ["--target", String(one), "--net", "ip", "link", "delete", "bothy-near"]);
}

/** @param drivers of the pool "default" of each */
export async function withTwoServers(
  drivers: readonly [string, string],
  work: (one: Server, other: Server) => Promise<void>,
): Promise<void> {
  await withDaemon({ bare: true }, (first) =>
    withDaemon({ bare: true }, async (second) => {
      joinNamespaces(first.netns.pid, second.netns.pid);
      const servers = [
        { daemon: first, address: `${firstAddress}:8443` },
        { daemon: second, address: `${secondAddress}:8443` },
      ] as const;
      for (const [index, { daemon, address }] of servers.entries()) {
        await preparePool(daemon, drivers[index] ?? "dir");
        await listenAt(daemon, address);
      }
      await work(...servers);
      // With one end the other goes; the daemons leave nothing else.
      partNamespaces(first.netns.pid);
    }),
  );
}
