/** Subject: a daemon that is measured, and the few things done to it, in the words of the API that both speak. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { text as textOf } from "node:stream/consumers";
import { RawClient } from "./client";
import { parentOf } from "./memory";
import { Secure } from "./secure";
import type { Question } from "./secure-process";

/** Tarballs by the alias that they get. */
export interface Images {
  readonly small: string;
  readonly big: string;
  readonly large: string;
}

export interface SubjectInfo {
  readonly name: "bothy" | "lxd";
  readonly version: string;
  readonly socketPath: string;
  /** File of its network namespace. */
  readonly netns: string;
  /** Project of everything that is made; the default one when absent. */
  readonly project?: string;
  /** What the names of its pools begin with, where others have pools too. */
  readonly poolPrefix?: string;
  /** Drivers of the pools to measure on. */
  readonly drivers: readonly { readonly name: string; readonly config: Record<string, string> }[];
  /** The daemon's processes, those that help it included. */
  readonly pids: () => number[];
  /** The command line that comes with the daemon: a program, and what its environment needs to find this daemon. */
  readonly command: Program;
  /** Ends the daemon and starts it again, where the benchmark can. */
  readonly life?: Life;
}

/** Ends of the daemon, and its start. */
export interface Life {
  readonly stop: () => Promise<unknown>;
  /** Ends it as a crash does. */
  readonly kill: () => Promise<unknown>;
  /** Takes away what a reboot of the host does, of a daemon that is ended and has no containers: processes, interfaces and rules. */
  readonly clearHost: () => Promise<unknown>;
  /** Resolves with its first answer. */
  readonly start: () => Promise<void>;
}

export interface Program {
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Debian's client of LXD (lxd-client), which works with both daemons. */
export const stockClient = "/usr/bin/lxc";

/** The stock client for the daemon of a state folder. @param settings folder of its own settings */
export const stockProgram = (dir: string, settings = path.join(path.dirname(dir), "lxc")): Program => ({
  file: stockClient,
  env: { LXD_DIR: dir, LXD_CONF: settings },
});

export type ImageName = keyof Images;

export type Devices = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What comes of a command whose output is kept: its exit code, and paths by the number of the stream. */
interface Recorded {
  readonly return?: number;
  readonly output?: Readonly<Record<string, string>>;
}

export class Subject {
  readonly #client: RawClient;
  /** Drivers of the pools that there are. */
  readonly pools: string[] = [];
  /** Why a driver cannot be measured here. */
  readonly missing: string[] = [];
  /** Not before it is asked for: an idle daemon listens on no network. */
  #secure: Promise<Secure> | undefined;

  /** @param images tarballs, beside which files may be kept meanwhile */
  constructor(
    readonly info: SubjectInfo,
    private readonly images: Images,
  ) {
    this.#client = new RawClient(info.socketPath, info.project);
  }

  /** The same daemon by another connection. */
  another(): Subject {
    return new Subject(this.info, this.images);
  }

  /** The daemon's own process, without those that help it. */
  async daemonPid(): Promise<number> {
    return (await this.#client.get<{ environment: { server_pid: number } }>("/1.0")).environment.server_pid;
  }

  /** Name of the pool of a driver. */
  readonly poolName = (driver: string): string => `${this.info.poolPrefix ?? ""}${driver}`;
  readonly #volumes = (driver: string): string => `/1.0/storage-pools/${this.poolName(driver)}/volumes/custom`;
  readonly #root = (driver: string): Devices => ({ root: { type: "disk", path: "/", pool: this.poolName(driver) } });
  readonly #beside = (file: string): string => path.join(path.dirname(this.images.small), `${this.info.name}-${file}`);

  /** Makes the pools that this machine can have, and imports images. */
  async prepare(names: readonly ImageName[]): Promise<void> {
    if (this.info.project !== undefined)
      await this.#client.call("POST", "/1.0/projects", { name: this.info.project, config: {}, description: "" });
    for (const { name, config } of this.info.drivers) {
      try {
        await this.#client.call("POST", "/1.0/storage-pools", { name: this.poolName(name), driver: name, config });
        this.pools.push(name);
      } catch (error) {
        this.missing.push((error as Error).message);
      }
    }
    for (const name of names) {
      await this.importImage(name);
      await this.addAlias(name);
    }
  }

  importImage(name: ImageName): Promise<unknown> {
    return this.#client.upload("/1.0/images", this.images[name]);
  }

  /** Gives the image that has no alias yet its name. */
  async addAlias(name: ImageName): Promise<void> {
    const images =
      await this.#client.get<{ fingerprint: string; aliases: unknown[] | null }[]>("/1.0/images?recursion=1");
    const target = images.find(({ aliases }) => (aliases ?? []).length === 0)?.fingerprint;
    await this.#client.call("POST", "/1.0/images/aliases", { name, target, description: "" });
  }

  async removeImage(name: ImageName): Promise<void> {
    const { target } = await this.#client.get<{ target: string }>(`/1.0/images/aliases/${name}`);
    await this.deleteImage(target);
  }

  deleteImage(fingerprint: string): Promise<unknown> {
    return this.#client.call("DELETE", `/1.0/images/${fingerprint}`);
  }

  /** @returns the fingerprint of the image */
  async publish(instance: string): Promise<string> {
    const source = { type: "instance", name: instance };
    return ((await this.#client.call("POST", "/1.0/images", { source })) as { fingerprint: string }).fingerprint;
  }

  /** @param more devices beside its root */
  create(name: string, image: ImageName, pool: string, more: Devices = {}): Promise<unknown> {
    const source = { type: "image", alias: image };
    return this.#client.call("POST", "/1.0/instances", { name, source, devices: { ...this.#root(pool), ...more } });
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

  backup(instance: string, name: string): Promise<unknown> {
    return this.#client.call("POST", `/1.0/instances/${instance}/backups`, { name });
  }

  downloadBackup(instance: string, name: string, file: string): Promise<void> {
    return this.#client.download(`/1.0/instances/${instance}/backups/${name}/export`, this.#beside(file));
  }

  deleteBackup(instance: string, name: string): Promise<unknown> {
    return this.#client.call("DELETE", `/1.0/instances/${instance}/backups/${name}`);
  }

  /** Makes an instance of a backup's file. */
  importBackup(file: string, pool: string, name: string): Promise<unknown> {
    const headers = { "x-lxd-pool": this.poolName(pool), "x-lxd-name": name };
    return this.#client.upload("/1.0/instances", this.#beside(file), headers);
  }

  createVolume(pool: string, name: string): Promise<unknown> {
    return this.#client.call("POST", this.#volumes(pool), { name, config: {} });
  }

  deleteVolume(pool: string, name: string): Promise<unknown> {
    return this.#client.call("DELETE", `${this.#volumes(pool)}/${name}`);
  }

  snapshotVolume(pool: string, volume: string, name: string): Promise<unknown> {
    return this.#client.call("POST", `${this.#volumes(pool)}/${volume}/snapshots`, { name });
  }

  deleteVolumeSnapshot(pool: string, volume: string, name: string): Promise<unknown> {
    return this.#client.call("DELETE", `${this.#volumes(pool)}/${volume}/snapshots/${name}`);
  }

  attachVolume(instance: string, pool: string, volume: string): Promise<unknown> {
    return this.attach(instance, { data: { type: "disk", path: "/mnt", pool: this.poolName(pool), source: volume } });
  }

  /** Adds devices to an instance. */
  attach(instance: string, devices: Devices): Promise<unknown> {
    return this.#client.call("PATCH", `/1.0/instances/${instance}`, { devices });
  }

  /** Takes all devices of an instance away but its root. */
  async detachAll(instance: string, pool: string): Promise<void> {
    const target = `/1.0/instances/${instance}`;
    const { architecture, config, ephemeral, profiles, description } =
      await this.#client.get<Record<string, unknown>>(target);
    const devices = this.#root(pool);
    await this.#client.call("PUT", target, { architecture, config, ephemeral, profiles, description, devices });
  }

  createNetwork(name: string, config: Readonly<Record<string, string>> = {}): Promise<unknown> {
    return this.#client.call("POST", "/1.0/networks", { name, type: "bridge", config });
  }

  deleteNetwork(name: string): Promise<unknown> {
    return this.#client.call("DELETE", `/1.0/networks/${name}`);
  }

  /** Copies a program into an instance. @param target its path there */
  async give(instance: string, file: string, target: string): Promise<void> {
    const headers = { "x-lxd-type": "file", "x-lxd-mode": "0755" };
    await this.#client.upload(`/1.0/instances/${instance}/files?path=${encodeURIComponent(target)}`, file, headers);
  }

  /** Runs a command, without websockets. @returns what it printed @throws Error when it does not say 0 */
  async output(instance: string, command: readonly string[]): Promise<string> {
    const post = { command, "wait-for-websocket": false, interactive: false, "record-output": true };
    const result = (await this.#client.call("POST", `/1.0/instances/${instance}/exec`, post)) as Recorded;
    const [printed, complaint] = await Promise.all([1, 2].map((stream) => this.#recorded(result, stream)));
    if (result.return === 0) return printed ?? "";
    throw new Error(`${command.join(" ")} in ${instance} at ${this.info.name} gave ${result.return}: ${complaint}`);
  }

  async #recorded({ output }: Recorded, stream: number): Promise<string> {
    const target = output?.[stream];
    if (target === undefined) return "";
    const text = await this.#client.text(target);
    await this.#client.call("DELETE", target);
    return text;
  }

  /** Runs /bin/true, without websockets. @throws Error when it does not say 0 */
  async exec(name: string): Promise<void> {
    const post = { command: ["/bin/true"], "wait-for-websocket": false, interactive: false };
    const result = (await this.#client.call("POST", `/1.0/instances/${name}/exec`, post)) as { return?: number };
    if (result.return !== 0) throw new Error(`exec in ${name} at ${this.info.name} gave ${JSON.stringify(result)}`);
  }

  /** Runs the command line that comes with the daemon, a process of its own. @throws Error when it does not end well */
  command(...args: string[]): Promise<void> {
    return this.info.name === "lxd" ? this.#run(this.info.command, args) : run(this.info.command, args);
  }

  /** Likewise the stock client, whichever daemon it is. */
  stockCommand(...args: string[]): Promise<void> {
    const dir = path.dirname(this.info.socketPath);
    return this.#run(this.info.name === "lxd" ? this.info.command : stockProgram(dir), args);
  }

  #run(program: Program, args: readonly string[]): Promise<void> {
    return run(program, this.info.project === undefined ? args : ["--project", this.info.project, ...args]);
  }

  /** Asks by the unix socket. */
  get(target: string): Promise<unknown> {
    return this.#client.get(target);
  }

  /** Asks by HTTPS. @returns the milliseconds of a request, the mean of all */
  async secureMs(question: Question): Promise<number> {
    this.#secure ??= Secure.to(this.#client, this.info.netns);
    return (await this.#secure).ms({ ...question, path: this.#client.pathOf(question.path) });
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

  /** Removes all that was made. */
  async remove(): Promise<void> {
    await this.clear();
    await (await this.#secure)?.close();
    for (const pool of this.pools)
      for (const url of await this.#client.get<string[]>(this.#volumes(pool)))
        await this.#client.call("DELETE", url.replace(/\?.*/, ""));
    for (const url of await this.#client.get<string[]>("/1.0/images"))
      await this.#client.call("DELETE", url.replace(/\?.*/, ""));
    for (const pool of this.pools) await this.#client.call("DELETE", `/1.0/storage-pools/${this.poolName(pool)}`);
    if (this.info.project !== undefined) await this.#client.call("DELETE", `/1.0/projects/${this.info.project}`);
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
