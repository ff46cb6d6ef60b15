/** Subject: a daemon that is measured, and the few things done to it, in the words of the API that both speak. */
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
}

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
