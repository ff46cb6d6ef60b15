/** One daemon for a whole test file: started before its first test; after its last one nothing of it is left. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { after, afterEach, before } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { findTraces } from "../../scripts/scene/traces";
import type { Instance, Network } from "../../sdk/index";
import { type DaemonOptions, type TestDaemon, withDaemon } from "./daemon";
import { type Answer, assertRefused, type Body, type Outcome, outcome, send } from "./raw-http";

export class SharedDaemon {
  #daemon: TestDaemon | undefined;

  get daemon(): TestDaemon {
    assert.ok(this.#daemon !== undefined, "the daemon is there from the first test on");
    return this.#daemon;
  }

  set daemon(daemon: TestDaemon) {
    this.#daemon = daemon;
  }

  get client() {
    return this.daemon.client;
  }

  send(method: string, url: string, body?: Body, headers: Record<string, string> = {}): Promise<Answer> {
    return send(this.daemon.socket, method, url, body, headers);
  }

  /** Sends a request and follows its operation to the end. */
  outcome(method: string, url: string, body?: Body): Promise<Outcome> {
    return outcome(this.daemon.socket, method, url, body);
  }

  /** The request is refused, or its operation fails, with this status and message; nothing on the machine has changed by it. */
  async refuses(method: string, url: string, body: Body, status: number, message: RegExp): Promise<void> {
    await this.unchanged(async () => {
      const told = await this.outcome(method, url, body);
      assert.equal(
        told.status,
        status,
        `${method} ${url} ${JSON.stringify(body)?.slice(0, 500)}: ${JSON.stringify(told)}`,
      );
      assert.match(told.error, message);
      assert.doesNotMatch(
        told.error,
        /is not a function|of undefined|\[object|\bundefined\b/,
        "no accident of the program",
      );
    });
  }

  /** Refused at once, with the envelope of an error. */
  async refusesAtOnce(method: string, url: string, body: Body, status: number, message: RegExp): Promise<void> {
    await this.unchanged(async () => assertRefused(await this.send(method, url, body), status, message));
  }

  /** Runs the work; what there was before is what there is after, and the daemon answers. */
  async unchanged<T>(work: () => Promise<T>): Promise<T> {
    const before = await this.#settledScene();
    const result = await work();
    const deadline = Date.now() + 60_000;
    for (;;) {
      const now = await this.#scene();
      try {
        const { processes, ...rest } = now;
        const { processes: most, ...expected } = before;
        assert.deepEqual(rest, expected, "nothing half made is left");
        assert.ok(processes <= most, `${processes - most} processes are left`);
        return result;
      } catch (error) {
        // A veth pair goes some milliseconds after its namespace (docs/kernel.md, Stop and freeze), and a process after its connection.
        if (Date.now() > deadline) throw error;
        await delay(25);
      }
    }
  }

  async #list(url: string): Promise<unknown> {
    return (await this.send("GET", url)).json.metadata;
  }

  /** The scene without interfaces of containers and gateways that have ended: they go some milliseconds after them (docs/kernel.md, Stop and freeze). */
  async #settledScene() {
    for (const deadline = Date.now() + 60_000; ; await delay(25)) {
      const scene = await this.#scene();
      const pairs = scene.interfaces.filter((name) => /^veth[0-9a-f]{8}$/.test(name));
      const gateways = scene.interfaces.filter((name) => /^vi[0-9a-f]{12}$/.test(name));
      if (pairs.length + gateways.length === 0 || Date.now() > deadline) return scene;
      const instances = (await this.#list("/1.0/instances?recursion=1&all-projects=true")) as Instance[];
      const running = instances.flatMap(({ config }) => Object.values(config));
      const networks = (await this.#list("/1.0/networks?recursion=1")) as Network[];
      const isolated = networks.filter(({ config }) => config["bridge.isolated"] === "true");
      if (pairs.every((name) => running.includes(name)) && gateways.length <= isolated.length) return scene;
    }
  }

  /** All that a request could leave: objects, folders of the state folder, and what the kernel keeps. */
  async #scene() {
    const { daemon } = this;
    const list = (url: string) => this.#list(url);
    const { interfaces, processes, cgroups, ...traces } = findTraces(daemon.place);
    return {
      instances: await list("/1.0/instances"),
      profiles: await list("/1.0/profiles?recursion=1"),
      pools: await list("/1.0/storage-pools?recursion=1"),
      networks: await list("/1.0/networks"),
      images: await list("/1.0/images"),
      aliases: await list("/1.0/images/aliases"),
      folders: foldersOf(daemon.dir),
      interfaces: [...interfaces].sort(),
      ...traces,
      // The group that all containers are in comes with the first one, and stays.
      cgroups: cgroups.filter((group) => !group.endsWith(`/${daemon.place.group}`)),
      // By number: a guest's init starts its services again and again.
      processes: processes.length,
    };
  }
}

/** Names in the folders where objects have something of theirs. */
function foldersOf(dir: string): string[] {
  const pools = readdirSync(path.join(dir, "storage-pools"));
  const volumes = pools.flatMap((pool) =>
    ["containers", "containers-snapshots", "images"].map((type) => path.join("storage-pools", pool, type)),
  );
  const tops = ["cells", "logs", "tmp", "disks", "containers", "snapshots", "storage-pools", "networks", "images"];
  return [...tops, ...volumes].flatMap((folder) => namesIn(path.join(dir, folder)).map((name) => `${folder}/${name}`));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Declares the hooks of a test file. @param prepare what its tests need; it may answer with what takes that away again before the daemon ends */
export function shareDaemon(
  options: DaemonOptions,
  prepare: (daemon: TestDaemon) => Promise<void | (() => Promise<void>)>,
): SharedDaemon {
  const shared = new SharedDaemon();
  let release: () => void = () => undefined;
  let done: Promise<void> = Promise.resolve();
  before(async () => {
    await new Promise<void>((resolve, reject) => {
      done = withDaemon(options, async (daemon) => {
        shared.daemon = daemon;
        const takeAway = await prepare(daemon);
        await new Promise<void>((over) => {
          release = over;
          resolve();
        });
        await takeAway?.();
      });
      done.catch(reject);
    });
  });
  after(async () => {
    release();
    await done;
  });
  return shared;
}

/** Declares that what instances of the default project a test leaves go before the next one. */
export function clearedAfterEach(shared: SharedDaemon): void {
  afterEach(async () => {
    const { client } = shared;
    for (const { name } of await client.listInstances())
      await (await client.deleteInstance(name, { force: true })).wait();
  });
}
