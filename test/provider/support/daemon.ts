/** Daemon: a real bothyd with a state folder and a network namespace of its own. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Client } from "../../../sdk";
import { requireFeature } from "../../support/require";
import { repository } from "./program";

/** @returns why no daemon can run containers here, or false */
export function lacksDaemon(): string | false {
  const isRoot = process.getuid?.() === 0;
  const canUnshare = isRoot && spawnSync("unshare", ["--net", "true"]).status === 0;
  return requireFeature("root", canUnshare && existsSync(path.join(repository, "native/build/bothy-cell")));
}

export class TestDaemon implements AsyncDisposable {
  private constructor(
    private readonly child: ChildProcess,
    readonly folder: string,
    readonly client: Client,
  ) {}

  get endpoint(): string {
    return `unix://${path.join(this.folder, "unix.socket")}`;
  }

  /** Starts a daemon and waits until it listens. @throws Error with its output when it ends */
  static async start(): Promise<TestDaemon> {
    const folder = mkdtempSync(path.join(tmpdir(), "bothy-daemon-"));
    const socket = path.join(folder, "unix.socket");
    const inside = ["sh", "-c", 'ip link set dev lo up && exec "$@"', "sh"];
    const bothyd = [path.join(repository, "bin/bothyd"), "--dir", folder];
    const child = spawn("unshare", ["--net", ...inside, ...bothyd], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout?.on("data", (data) => {
      output += data;
    });
    child.stderr?.on("data", (data) => {
      output += data;
    });
    const client = new Client({ endpoint: socket });
    const daemon = new TestDaemon(child, folder, client);
    try {
      await listening(socket, child, () => output);
      await client.getServer();
      return daemon;
    } catch (error) {
      await daemon[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Stops the containers, then the daemon, and removes its folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const gone = new Promise((resolve) => this.child.once("exit", resolve));
      this.child.kill("SIGPWR");
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function listening(socket: string, child: ChildProcess, output: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const watcher = watch(path.dirname(socket), () => {
      if (existsSync(socket)) done(resolve);
    });
    const done = (settle: () => void) => {
      watcher.close();
      settle();
    };
    child.once("exit", () => done(() => reject(new Error(`bothyd ended: ${output()}`))));
    if (existsSync(socket)) done(resolve);
  });
}
