/** A daemon for tests: the real program in a state folder and a network namespace of its own, and the proof that nothing of it is left. */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { Client } from "../../sdk/index";
import { Netns } from "./netns";
import { describeTraces, type Place, placeOf, removeTraces, settledTraces } from "./traces";

const execute = promisify(execFile);
const program = path.resolve(__dirname, "../../daemon/main.js");

export interface DaemonOptions {
  /** Leave out what a first start prepares; the default. */
  readonly bare?: boolean;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export class TestDaemon {
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
    return placeOf(this.dir, this.netns.pid);
  }

  /** What the daemon has logged so far. */
  log(): string {
    return readFileSync(this.logfile, "utf8");
  }

  /** Starts it and waits until it answers. @throws Error with its output when it leaves instead */
  async start(): Promise<void> {
    assert.ok(!this.isRunning, "one daemon a folder");
    const { bare = true, args = [], env = {} } = this.options;
    const node = [process.execPath, "--disable-warning=ExperimentalWarning", program];
    const own = ["--dir", this.dir, "--logfile", this.logfile, ...(bare ? ["--bare"] : []), ...args];
    const inside = ["--target", String(this.netns.pid), "--net", "--", ...node, ...own];
    const child = spawn("nsenter", inside, { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ...env } });
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

  /** Runs a program in the daemon's network namespace. @returns its output @throws Error when it fails */
  run(command: string, ...args: string[]): Promise<string> {
    return this.netns.run(command, ...args);
  }

  /** Does the same request as a plain HTTP client. @returns status code and parsed body */
  async request(method: string, url: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const data = body === undefined ? [] : ["--data-binary", JSON.stringify(body)];
    const options = ["-sS", "--unix-socket", this.socket, "-X", method, "-w", "\n%{http_code}", ...data];
    const { stdout } = await execute("curl", [...options, `http://bothy${url}`], { maxBuffer: 64 << 20 });
    const cut = stdout.lastIndexOf("\n");
    return { status: Number(stdout.slice(cut + 1)), body: JSON.parse(stdout.slice(0, cut)) as unknown };
  }

  /** Kills the containers that run and ends the daemon, which is started again first when a test has ended it. */
  async shutDown(): Promise<void> {
    if (!this.isRunning) await this.start();
    const instances = await this.client.listInstances();
    const stopping = instances
      .filter(({ status }) => status !== "Stopped")
      .map(async ({ name }) => (await this.client.setInstanceState(name, { action: "stop", force: true })).wait());
    await Promise.all(stopping);
    assert.equal(await this.stop(), 0, "the daemon ends well");
  }
}

/**
 * Runs the work with a daemon of its own, and then shows that no process, mount, cgroup, loop device, interface or
 * table of it is left. On failure everything is taken away all the same, unless KEEP=1 keeps the scene.
 */
export async function withDaemon<T>(options: DaemonOptions, work: (daemon: TestDaemon) => Promise<T>): Promise<T> {
  const base = mkdtempSync(path.join(tmpdir(), "bothy-test-"));
  const netns = await Netns.create();
  const daemon = new TestDaemon(path.join(base, "state"), netns, options);
  let isDone = false;
  try {
    await daemon.start();
    const result = await work(daemon);
    await daemon.shutDown();
    const left = describeTraces(await settledTraces(daemon.place));
    assert.deepEqual(left, [], "nothing of the daemon is left");
    isDone = true;
    return result;
  } finally {
    await daemon.client.close();
    if (!isDone && process.env.KEEP === "1")
      console.error(
        `Kept: ${daemon.dir}, its log ${daemon.logfile} and the processes in the namespace of ${netns.pid}`,
      );
    else {
      if (daemon.isRunning) await daemon.kill();
      if (!isDone) await removeTraces(daemon.place);
      await netns[Symbol.asyncDispose]();
      rmSync(base, { recursive: true, force: true });
    }
  }
}

/** Adds a pool and the root disk of the default profile, for a daemon started bare. */
export async function preparePool(daemon: TestDaemon, driver: string): Promise<void> {
  await daemon.client.createStoragePool({ name: "default", driver, config: {} });
  const { value } = await daemon.client.getProfile("default");
  const devices = { ...value.devices, root: { type: "disk", path: "/", pool: "default" } };
  await daemon.client.updateProfile("default", { ...value, devices });
}
