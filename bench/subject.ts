/** Subject: a daemon that is measured, and the few things done to it, in the words of the API that both speak. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { text as textOf } from "node:stream/consumers";
import { RawClient } from "./client";
import { parentOf } from "./memory";

export interface Images {
  /** Tarballs. */
  readonly small: string;
  readonly big: string;
}

export interface SubjectInfo {
  readonly name: "bothy" | "lxd";
  readonly version: string;
  readonly socketPath: string;
  /** Drivers of the pools to measure on; each pool is named as its driver. */
  readonly drivers: readonly { readonly name: string; readonly config: Record<string, string> }[];
  /** The daemon's processes, those that help it included. */
  readonly pids: () => number[];
  /** The command line that comes with the daemon: a program, and what its environment needs to find this daemon. */
  readonly command: Program;
  /** Ends the daemon and starts it again, where the benchmark can. */
  readonly life?: { readonly stop: () => Promise<unknown>; readonly start: () => Promise<void> };
}

export interface Program {
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Debian's client of LXD (lxd-client), which works with both daemons. */
export const stockClient = "/usr/bin/lxc";

/** The stock client for the daemon of a state folder; its own settings lie beside that. */
export const stockProgram = (dir: string): Program => ({
  file: stockClient,
  env: { LXD_DIR: dir, LXD_CONF: path.join(path.dirname(dir), "lxc") },
});

export type ImageName = keyof Images;

export class Subject {
  readonly #client: RawClient;
  readonly pools: string[] = [];
  /** Why a driver cannot be measured here. */
  readonly missing: string[] = [];

  constructor(readonly info: SubjectInfo) {
    this.#client = new RawClient(info.socketPath);
  }

  /** Makes the pools that this machine can have, and imports the images. */
  async prepare(images: Images): Promise<void> {
    for (const { name, config } of this.info.drivers) {
      try {
        await this.#client.call("POST", "/1.0/storage-pools", { name, driver: name, config });
        this.pools.push(name);
      } catch (error) {
        this.missing.push((error as Error).message);
      }
    }
    for (const [name, file] of Object.entries(images)) {
      const { fingerprint } = (await this.#client.upload("/1.0/images", file)) as { fingerprint: string };
      await this.#client.call("POST", "/1.0/images/aliases", { name, target: fingerprint, description: "" });
    }
  }

  create(name: string, image: ImageName, pool: string): Promise<unknown> {
    const devices = { root: { type: "disk", path: "/", pool } };
    return this.#client.call("POST", "/1.0/instances", { name, source: { type: "image", alias: image }, devices });
  }

  copy(name: string, source: string): Promise<unknown> {
    return this.#client.call("POST", "/1.0/instances", { name, source: { type: "copy", source } });
  }

  start(name: string): Promise<unknown> {
    return this.#client.call("PUT", `/1.0/instances/${name}/state`, { action: "start" });
  }

  forceStop(name: string): Promise<unknown> {
    return this.#client.call("PUT", `/1.0/instances/${name}/state`, { action: "stop", force: true, timeout: -1 });
  }

  delete(name: string): Promise<unknown> {
    return this.#client.call("DELETE", `/1.0/instances/${name}`);
  }

  snapshot(instance: string, name: string): Promise<unknown> {
    return this.#client.call("POST", `/1.0/instances/${instance}/snapshots`, { name });
  }

  deleteSnapshot(instance: string, name: string): Promise<unknown> {
    return this.#client.call("DELETE", `/1.0/instances/${instance}/snapshots/${name}`);
  }

  /** Runs /bin/true, without websockets. @throws Error when it does not say 0 */
  async exec(name: string): Promise<void> {
    const post = { command: ["/bin/true"], "wait-for-websocket": false, interactive: false };
    const result = (await this.#client.call("POST", `/1.0/instances/${name}/exec`, post)) as { return?: number };
    if (result.return !== 0) throw new Error(`exec in ${name} at ${this.info.name} gave ${JSON.stringify(result)}`);
  }

  /** Runs the command line that comes with the daemon, a process of its own. @throws Error when it does not end well */
  command(...args: string[]): Promise<void> {
    return run(this.info.command, args);
  }

  /** Likewise the stock client, whichever daemon it is. */
  stockCommand(...args: string[]): Promise<void> {
    return run(stockProgram(path.dirname(this.info.socketPath)), args);
  }

  state(name: string): Promise<{ pid: number; status: string }> {
    return this.#client.get(`/1.0/instances/${name}/state`);
  }

  listFull(): Promise<{ name: string; state: { status: string } | null }[]> {
    return this.#client.get("/1.0/instances?recursion=2");
  }

  /** The process that watches over a running container: the parent of its first one. */
  async watcherOf(name: string): Promise<number> {
    return parentOf((await this.state(name)).pid);
  }

  /** Removes every instance. */
  async clear(): Promise<void> {
    const instances = await this.#client.get<{ name: string; status: string }[]>("/1.0/instances?recursion=1");
    for (const { name, status } of instances) {
      if (status !== "Stopped") await this.forceStop(name);
      await this.delete(name);
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

async function run({ file, env }: Program, args: readonly string[]): Promise<void> {
  const child = spawn(file, args, { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ...env } });
  const [said, [code]] = await Promise.all([textOf(child.stderr), once(child, "exit")]);
  if (code !== 0) throw new Error(`${file} ${args.join(" ")} left with exit code ${code}: ${said}`);
}
