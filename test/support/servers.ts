/** Servers that reach each other over HTTPS, each in a network namespace of its own, joined by a cable. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
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

/** The stock client beside one of the servers, in a home of its own. */
export class Far implements Disposable {
  readonly home = mkdtempSync(path.join(tmpdir(), "bothy-far-"));

  constructor(
    private readonly pid: number,
    private readonly lxdDir: string,
  ) {}

  try(args: readonly string[], input = "") {
    const env = { PATH: "/usr/bin:/bin", HOME: this.home, LXD_DIR: this.lxdDir };
    const inside = ["--target", String(this.pid), "--net", "--", "/usr/bin/lxc", ...args];
    const done = spawnSync("nsenter", inside, { env, input, encoding: "utf8", timeout: 120_000 });
    return { code: done.status ?? -1, stdout: done.stdout, stderr: done.stderr };
  }

  readonly run = (...args: string[]): string => {
    const told = this.try(args);
    assert.equal(told.code, 0, `lxc ${args.join(" ")}: ${told.stderr}${told.stdout}`);
    return told.stdout;
  };

  refuses(message: RegExp, ...args: string[]): void {
    const told = this.try(args);
    assert.notEqual(told.code, 0, args.join(" "));
    assert.match(told.stderr, message);
  }

  [Symbol.dispose](): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
