/** A daemon of our own, for the demo and for tests: the real program in a state folder and a network namespace that we made. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { request } from "node:http";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "../../sdk/index";
import type { Netns } from "./netns";
import { type Place, placeOf } from "./traces";

export interface DaemonOptions {
  /** Leave out what a first start prepares; the default. */
  readonly bare?: boolean;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Folder that the state folder is made in; by default the machine's for temporary files. */
  readonly base?: string;
  /** How to run it; by default this Node and the program as it was built. */
  readonly command?: readonly string[];
}

/**
 * `npm test` has just made the bundle, which starts in half the processor time; a test that is run by itself may follow a compiler
 * alone.
 */
const program = path.resolve(
  __dirname,
  "../..",
  process.env.BOTHY_TEST_BUNDLE === "1" ? "bundle/bothyd/start.js" : "daemon/main.js",
);

export class OwnDaemon {
  readonly socket: string;
  readonly logfile: string;
  /** A client of this daemon; it survives restarts. */
  readonly client: Client;
  #child: ChildProcess | undefined;

  constructor(
    /** State folder. */
    readonly dir: string,
    readonly netns: Netns,
    private readonly options: DaemonOptions,
  ) {
    this.socket = path.join(dir, "unix.socket");
    this.logfile = `${dir}.log`;
    this.client = new Client({ endpoint: this.socket });
  }

  get pid(): number {
    assert.ok(this.#child?.pid !== undefined, "the daemon was started");
    return this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get place(): Place {
    return placeOf(this.dir, this.netns.pid, process.pid);
  }

  /** What the daemon has logged so far. */
  log(): string {
    return existsSync(this.logfile) ? readFileSync(this.logfile, "utf8") : "";
  }

  /** Starts it and waits until it answers. @param more arguments of this start @throws Error with its output when it leaves instead */
  async start(more: readonly string[] = []): Promise<void> {
    assert.ok(!this.isRunning, "one daemon a folder");
    const { bare = true, args = [], env = {} } = this.options;
    const { command = [process.execPath, "--disable-warning=ExperimentalWarning", program] } = this.options;
    const own = ["--dir", this.dir, "--logfile", this.logfile, ...(bare ? ["--bare"] : []), ...args, ...more];
    const inside = ["--target", String(this.netns.pid), "--net", "--", ...command, ...own];
    // A starter that is killed, as a test by its time limit, takes its daemon along; the signal outlives both calls of execve.
    const child = spawn("setpriv", ["--pdeathsig", "KILL", "nsenter", ...inside], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...env },
      // An interrupt at the terminal is for its owner, who ends it in order.
      detached: true,
    });
    this.#child = child;
    let complaint = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      complaint += text;
    });
    while (!(await this.#answers())) {
      if (!this.isRunning) throw new Error(`The daemon left with code ${child.exitCode}: ${complaint}${this.log()}`);
      await delay(10);
    }
  }

  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const call = request({ socketPath: this.socket, path: "/1.0", agent: false }, (answer) => {
        answer.resume().once("end", () => resolve(true));
      });
      call.once("error", () => resolve(false)).end();
    });
  }

  /** Ends it as an administrator would: SIGTERM leaves containers running, SIGPWR stops them. @returns its exit code */
  async stop(signal: "SIGTERM" | "SIGPWR" = "SIGTERM"): Promise<number | null> {
    return (await this.#end(signal))[0];
  }

  /** Waits until it has left, which something else asks of it. */
  async left(): Promise<void> {
    if (this.#child !== undefined && this.isRunning) await once(this.#child, "exit");
  }

  /** Ends it as a crash would; containers go on. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async #end(signal: NodeJS.Signals): Promise<[number | null, NodeJS.Signals | null]> {
    assert.ok(this.#child !== undefined && this.isRunning, "the daemon is running");
    const exit = once(this.#child, "exit");
    this.#child.kill(signal);
    return (await exit) as [number | null, NodeJS.Signals | null];
  }

  /** Kills the containers that run and ends the daemon, which is started again first when it was ended. */
  async shutDown(): Promise<void> {
    if (!this.isRunning) await this.start();
    await Promise.all((await this.client.listProjects()).map(({ name }) => this.#killContainers(name)));
    assert.equal(await this.stop(), 0, "the daemon ends well");
  }

  async #killContainers(project: string): Promise<void> {
    await using client = new Client({ endpoint: this.socket, project });
    const running = (await client.listInstances()).filter(({ status }) => status !== "Stopped");
    await Promise.all(
      running.map(async ({ name }) => (await client.setInstanceState(name, { action: "stop", force: true })).wait()),
    );
  }
}
