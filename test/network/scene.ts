/** Scene of the tests of networks: a daemon in a network namespace of its own, cables from it, and a host at the other end of each. */
import assert from "node:assert/strict";
import { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Netns } from "../../scripts/scene/netns";
import type { Devices } from "../../sdk/api/common";
import { type DaemonOptions, preparePool, type TestDaemon } from "../support/daemon";
import { type SharedDaemon, shareDaemon } from "../support/shared-daemon";

/** A host that the daemon knows nothing of. */
export class Outside {
  constructor(
    private readonly netns: Netns,
    private readonly daemon: TestDaemon,
  ) {}

  run(command: string, ...args: string[]): Promise<string> {
    return this.netns.run(command, ...args);
  }

  /** Lays a cable. @param parent the daemon's end @param name the other end @param addresses of the other end */
  async cable(parent: string, name: string, ...addresses: string[]): Promise<void> {
    const peer = ["peer", "name", name, "netns", String(this.netns.pid)];
    await this.daemon.run("ip", "link", "add", "name", parent, "type", "veth", ...peer);
    await this.daemon.run("ip", "link", "set", "dev", parent, "up");
    for (const address of addresses) {
      const nodad = address.includes(":") ? ["nodad"] : [];
      await this.run("ip", "address", "add", address, "dev", name, ...nodad);
    }
    await this.run("ip", "link", "set", "dev", name, "up");
  }

  async end(): Promise<void> {
    await this.netns[Symbol.asyncDispose]();
  }
}

export interface Scene {
  readonly shared: SharedDaemon;
  readonly outside: Outside;
}

/** Declares the hooks of a test file. @param prepare lays cables @param parents interfaces of the daemon's host that are made */
export function networkScene(
  parents: readonly string[],
  prepare: (scene: Scene) => Promise<void>,
  options: DaemonOptions = {},
): Scene {
  let outside: Outside | undefined;
  // Before the daemon's own hook, which finds out whether anything is left.
  after(async () => {
    for (const name of parents) await scene.shared.daemon.run("ip", "link", "del", "dev", name);
    await outside?.end();
  });
  const shared = shareDaemon(options, async (daemon) => {
    outside = new Outside(await Netns.create(), daemon);
    await preparePool(daemon, "dir");
    await prepare(scene);
  });
  const scene: Scene = {
    shared,
    get outside() {
      assert.ok(outside !== undefined, "the host outside is there from the first test on");
      return outside;
    },
  };
  return scene;
}

/** An instance with its nics, started. */
export async function launch(shared: SharedDaemon, name: string, devices: Devices): Promise<void> {
  await make(shared, name, devices);
  await start(shared, name);
}

export async function stop({ client }: SharedDaemon, name: string): Promise<void> {
  await (await client.setInstanceState(name, { action: "stop", force: true })).wait();
}

export async function start({ client }: SharedDaemon, name: string): Promise<void> {
  await (await client.setInstanceState(name, { action: "start" })).wait();
}

export async function setDevices({ client }: SharedDaemon, name: string, devices: Devices): Promise<void> {
  const { value } = await client.getInstance(name);
  await (await client.updateInstance(name, { ...value, devices })).wait();
}

/** Runs a script inside. @returns its output, whatever its code */
export async function inside({ client }: SharedDaemon, name: string, script: string): Promise<string> {
  const { stdout } = await client.execOutput(name, { command: ["sh", "-c", `exec 2>&1; ${script}`] });
  return String(stdout).trim();
}

/** Whether a container reaches an address. One that did not answer a moment ago is asked for again only after a while. */
export async function reaches(shared: SharedDaemon, name: string, address: string): Promise<boolean> {
  const ping = address.includes(":") ? "ping -6" : "ping";
  return (
    (await inside(
      shared,
      name,
      `{ ${ping} -c 1 -W 1 ${address} >/dev/null || ${ping} -c 2 -w 2 ${address} >/dev/null; } && echo yes`,
    )) === "yes"
  );
}

/** An instance that is not started. */
export async function make({ client }: SharedDaemon, name: string, devices: Devices): Promise<void> {
  const source = { type: "image", alias: "template:busybox" };
  await (await client.createInstance({ name, source, devices })).wait();
}

/** Interfaces of the daemon's host. Whether the other end of a cable is up shows a moment later, and is left out. */
export async function linksOf({ daemon }: SharedDaemon, ...words: string[]): Promise<string> {
  const told = await daemon.run("ip", "-o", "link", "show", ...words);
  return told.replace(/NO-CARRIER,|,LOWER_UP|,M-DOWN| state \w+/g, "");
}

/** All that a nic could leave on the host. */
async function hostOf(shared: SharedDaemon): Promise<string[]> {
  const { daemon } = shared;
  const looks = ["route show table all", "-6 route show table all", "neigh show proxy", "-6 neigh show proxy"];
  const told = await Promise.all(looks.map((words) => daemon.run("ip", ...words.split(" "))));
  // The kernel's own addresses of a link come when it has looked around.
  const lines = [await linksOf(shared), ...told].flatMap((text) => text.split("\n"));
  return [...lines.filter((line) => !/fe80::|ff00::/.test(line)), await daemon.run("nft", "list", "ruleset")];
}

/** A pair of an earlier container goes some milliseconds after its namespace (docs/kernel.md, Stop and freeze). */
const isDying = (line: string): boolean => /veth[0-9a-f]{8}/.test(line);

/** Runs the work, after which the host is as it was before. */
export async function leavesNothing(shared: SharedDaemon, work: () => Promise<void>): Promise<void> {
  const before = await hostOf(shared);
  const changed = async () => {
    const now = await hostOf(shared);
    const gone = before.filter((line) => !now.includes(line) && !isDying(line));
    return { gone, come: now.filter((line) => !before.includes(line)) };
  };
  await work();
  for (let tries = 0; tries < 100 && Object.values(await changed()).flat().length > 0; tries += 1) await delay(25);
  assert.deepEqual(await changed(), { gone: [], come: [] });
}

/** The start of an instance is refused with 400, and leaves nothing on the host. */
export async function refusesStart(shared: SharedDaemon, name: string, message: RegExp): Promise<void> {
  await leavesNothing(shared, async () => {
    const told = await shared.outcome("PUT", `/1.0/instances/${name}/state`, { action: "start" });
    assert.equal(told.status, 400, JSON.stringify(told));
    assert.match(told.error, message);
  });
}
