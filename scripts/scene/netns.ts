/** Netns: network namespaces of our own, for the demo and for tests. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { promisify } from "node:util";

const execute = promisify(execFile);

/**
 * A network namespace kept by an idle process, which leaves with this process: a machine on the other end of a cable.
 * The idle process is in a session of its own, so that an interrupt at the terminal leaves it to its owner.
 */
export class Netns implements AsyncDisposable {
  private constructor(private readonly keeper: ChildProcess) {}

  static async create(): Promise<Netns> {
    const keeper = spawn("unshare", ["--net", "sh", "-c", "ip link set dev lo up && echo ready && exec cat"], {
      stdio: ["pipe", "pipe", "inherit"],
      detached: true,
    });
    await new Promise<void>((resolve, reject) => {
      keeper.stdout?.once("data", () => resolve());
      keeper.once("error", reject);
      keeper.once("exit", () => reject(new Error("The keeper of the network namespace ended.")));
    });
    // One that nobody ends, as after a failure, holds nobody up: it leaves with this process, whose end closes its input.
    hold(keeper, false);
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
    hold(this.keeper, true);
    this.keeper.kill("SIGKILL");
    await gone;
  }
}

/** Whether a process and its pipes keep this one alive. */
function hold(child: ChildProcess, isHeld: boolean): void {
  const word = isHeld ? "ref" : "unref";
  child[word]();
  // Pipes of a child are sockets.
  for (const pipe of [child.stdin, child.stdout]) (pipe as Socket | null)?.[word]();
}
