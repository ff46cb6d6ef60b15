/** Network namespaces for tests: one for the whole test process, and others as guests. */
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

/**
 * Runs the rest of this process in a network namespace of its own, with lo up: executes the test file again there and leaves with its result.
 * Call it first in the file. @returns why that is impossible here, or false once inside
 */
export function enterOwnNetns(): string | false {
  if (process.env.BOTHY_TEST_NETNS === "own") return false;
  const probe = spawnSync("unshare", ["--net", "true"]);
  if (probe.status !== 0) return "this machine cannot make network namespaces (unshare --net failed)";
  const inside = ["sh", "-c", 'ip link set dev lo up && exec "$@"', "sh"];
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const { status } = spawnSync("unshare", ["--net", ...inside, ...again], {
    stdio: "inherit",
    env: { ...process.env, BOTHY_TEST_NETNS: "own" },
  });
  process.exit(status ?? 1);
}

/** A network namespace kept by an idle process, which leaves with the test process: a machine on the other end of a cable. */
export class Netns implements AsyncDisposable {
  private constructor(private readonly keeper: ChildProcess) {}

  static async create(): Promise<Netns> {
    const keeper = spawn("unshare", ["--net", "sh", "-c", "ip link set dev lo up && echo ready && exec cat"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await new Promise<void>((resolve, reject) => {
      keeper.stdout?.once("data", () => resolve());
      keeper.once("error", reject);
      keeper.once("exit", () => reject(new Error("The keeper of the network namespace ended.")));
    });
    return new Netns(keeper);
  }

  get pid(): number {
    if (this.keeper.pid === undefined) throw new Error("The keeper of the network namespace has no pid.");
    return this.keeper.pid;
  }

  /** Runs a program inside. @throws Error with its output when it fails */
  async run(command: string, ...args: string[]): Promise<string> {
    return (await execute("nsenter", ["--target", String(this.pid), "--net", command, ...args])).stdout;
  }

  /** Joins the namespace to a bridge of the caller's by a veth pair; the inner end is eth0. */
  async plug(bridge: string, hostName: string, hwaddr: string): Promise<void> {
    const peer = ["peer", "name", "eth0", "address", hwaddr, "netns", String(this.pid)];
    await execute("ip", ["link", "add", "name", hostName, "master", bridge, "type", "veth", ...peer]);
    await execute("ip", ["link", "set", "dev", hostName, "up"]);
    await this.run("ip", "link", "set", "dev", "eth0", "up");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.keeper.exitCode !== null || this.keeper.signalCode !== null) return;
    const gone = new Promise((resolve) => this.keeper.once("exit", resolve));
    this.keeper.kill("SIGKILL");
    await gone;
  }
}

/** Whether a program is on the PATH. */
export const hasProgram = (name: string): boolean =>
  spawnSync("sh", ["-c", 'command -v "$1"', "sh", name]).status === 0;
