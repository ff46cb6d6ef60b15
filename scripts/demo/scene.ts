/** Scene: all that the demo makes on this machine, in one folder and one network namespace, and how it goes away again. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { OwnDaemon } from "../scene/daemon";
import { engineEnv } from "../scene/engine";
import { Netns } from "../scene/netns";
import { linkPackages, repository } from "../scene/program";
import { commandOf, findTraces, type Place, removeTraces, settledTraces, type Traces } from "../scene/traces";
import { Pulumi } from "./pulumi";

const example = path.join(repository, "examples/quickstart");

export interface Presence extends Traces {
  /** Those of the processes that are dnsmasq. */
  readonly dnsmasqs: readonly number[];
  readonly files: readonly string[];
}

export class Scene {
  readonly pulumi: Pulumi;

  private constructor(
    /** Folder of everything. */
    readonly folder: string,
    private readonly netns: Netns,
    readonly daemon: OwnDaemon,
    onLine: (line: string) => void,
  ) {
    const workDir = path.join(folder, "program");
    const home = path.join(folder, "pulumi");
    for (const dir of [path.join(home, "state"), this.#scratch]) mkdirSync(dir, { recursive: true });
    cpSync(example, workDir, { recursive: true });
    linkPackages(workDir);
    const env = {
      ...process.env,
      ...engineEnv(home),
      BOTHY_ENDPOINT: `unix://${daemon.socket}`,
      TMPDIR: this.#scratch,
      // Most of what a program of Node does at its start is compiling; the first command fills this for the others.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? path.join(folder, "compiled"),
      PATH: [path.dirname(process.execPath), process.env.PATH].join(path.delimiter),
    };
    this.pulumi = new Pulumi({ workDir, env, onLine });
  }

  /** Makes the folder and the network namespace. The program is a copy: Pulumi writes the stack's settings beside it. */
  static async make(onLine: (line: string) => void): Promise<Scene> {
    const folder = mkdtempSync(path.join(realpathSync(tmpdir()), "bothy-demo-"));
    try {
      const netns = await Netns.create();
      const command = [path.join(repository, "bin/bothyd")];
      const daemon = new OwnDaemon(path.join(folder, "state"), netns, { bare: true, command });
      return new Scene(folder, netns, daemon, onLine);
    } catch (error) {
      rmSync(folder, { recursive: true });
      throw error;
    }
  }

  get #scratch(): string {
    return path.join(this.folder, "tmp");
  }

  get #place(): Place {
    return { ...this.daemon.place, dir: this.folder };
  }

  /** What there is of the scene now. */
  presence(): Presence {
    return presenceOf(findTraces(this.#place), filesBelow(this.folder));
  }

  /** Removes the folder and the network namespace of a daemon that was stopped. @returns what it had left, which is then gone, too */
  async leave(): Promise<Presence> {
    const traces = await settledTraces(this.#place);
    await removeTraces(this.#place);
    await this.#removeOwn();
    return presenceOf(traces, existsSync(this.folder) ? [this.folder] : []);
  }

  /** Ends and removes everything at once, whatever state it is in. */
  async destroy(): Promise<void> {
    await this.pulumi.kill();
    if (this.daemon.isRunning) await this.daemon.kill();
    if (existsSync(this.daemon.dir)) await removeTraces(this.#place);
    await this.#removeOwn();
  }

  async #removeOwn(): Promise<void> {
    await this.daemon.client.close();
    await this.netns[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function presenceOf(traces: Traces, files: readonly string[]): Presence {
  const dnsmasqs = traces.processes.filter((pid) => /^(\S*\/)?dnsmasq /.test(commandOf(pid)));
  return { ...traces, dnsmasqs, files };
}

/** Everything in a folder, symbolic links not followed. */
function filesBelow(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(dir, entry.name);
    return entry.isDirectory() ? [file, ...filesBelow(file)] : [file];
  });
}
