/** LXD as a peer: Debian's daemon in a network namespace, a mount namespace and a state folder of its own. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Netns } from "../../scripts/scene/netns";
import { describeTraces, processesOf, removeTraces, settledTraces } from "../../scripts/scene/traces";
import { RawClient } from "../client";
import { type SubjectInfo, stockProgram } from "../subject";

const drivers: SubjectInfo["drivers"] = [
  { name: "dir", config: {} },
  { name: "btrfs", config: { size: "8GiB" } },
];

export const lxdProgram = "/usr/bin/lxd";
const startMs = 60_000;
/** It waits for its own operations, and some of them never end once a container has failed to start. */
const stopMs = 20_000;

/**
 * sysfs shows the network namespace in which it was mounted, so LXD gets a fresh one, with the control groups bound back below it.
 * All of it is in the mount namespace, and goes with its last process.
 */
const script = `set -e
mkdir -p "$LXD_DIR/../cgroup"
mount --rbind /sys/fs/cgroup "$LXD_DIR/../cgroup"
mount -t sysfs sysfs /sys
mount --rbind "$LXD_DIR/../cgroup" /sys/fs/cgroup
umount -l "$LXD_DIR/../cgroup"
exec ${lxdProgram} --group root --logfile "$LXD_DIR/../lxd.log"`;

const lxdVersion = () => execFileSync(lxdProgram, ["--version"], { encoding: "utf8" }).trim();

/**
 * An LXD that runs already, as a peer: everything is made in a project of its own, since others may use it too.
 * @param place its state folder, and the file of its network namespace @param settings folder for those of its client
 */
export async function runningLxd(place: { dir: string; netns: string }, settings: string): Promise<SubjectInfo> {
  const { dir, netns } = place;
  const socketPath = path.join(dir, "unix.socket");
  const client = new RawClient(socketPath);
  const { environment } = await client.get<{ environment: { server_pid: number } }>("/1.0");
  await client.close();
  return {
    name: "lxd",
    version: lxdVersion(),
    socketPath,
    netns,
    project: "bothy-bench",
    poolPrefix: "bothy-bench-",
    drivers,
    command: stockProgram(dir, settings),
    pids: () => [environment.server_pid],
  };
}

export class Lxd {
  private constructor(
    private readonly base: string,
    private readonly netns: Netns,
    private readonly child: ChildProcess,
    readonly info: SubjectInfo,
  ) {}

  /** Starts it and waits until it answers. @throws Error with its log when it leaves instead */
  static async start(): Promise<Lxd> {
    const base = mkdtempSync(path.join(tmpdir(), "bothy-bench-lxd-"));
    // The roots of its containers come this way.
    chmodSync(base, 0o711);
    const dir = path.join(base, "var");
    mkdirSync(dir);
    const netns = await Netns.create();
    const inside = ["--target", String(netns.pid), "--net", "--", "unshare", "--mount", "--propagation", "private"];
    const child = spawn("nsenter", [...inside, "sh", "-c", script], {
      stdio: ["ignore", "ignore", "ignore"],
      // An interrupt at the terminal is for the benchmark, which ends it in order.
      detached: true,
      env: { ...process.env, LXD_DIR: dir, HOME: base },
    });
    const info: SubjectInfo = {
      name: "lxd",
      version: lxdVersion(),
      socketPath: path.join(dir, "unix.socket"),
      netns: `/proc/${netns.pid}/ns/net`,
      drivers,
      command: stockProgram(dir),
      pids: () => processesOf({ dir, keeperPid: netns.pid, group: "bothy-bench-lxd" }),
    };
    const lxd = new Lxd(base, netns, child, info);
    try {
      await lxd.#answer();
    } catch (error) {
      await lxd.stop();
      throw error;
    }
    return lxd;
  }

  get #isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async #answer(): Promise<void> {
    const deadline = Date.now() + startMs;
    for (;;) {
      const client = new RawClient(this.info.socketPath);
      try {
        if (existsSync(this.info.socketPath)) return await client.get("/1.0");
      } catch (error) {
        if (!["ECONNREFUSED", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
      } finally {
        await client.close();
      }
      if (!this.#isRunning || Date.now() > deadline) throw new Error(`Cannot start LXD: ${this.#log()}`);
      await delay(20);
    }
  }

  #log(): string {
    const file = path.join(this.base, "lxd.log");
    return existsSync(file) ? readFileSync(file, "utf8") : "it has logged nothing";
  }

  /** Ends it, after its instances were removed, and takes away what it leaves. */
  async stop(): Promise<void> {
    if (this.#isRunning) {
      const exit = once(this.child, "exit");
      this.child.kill("SIGTERM");
      const late = setTimeout(() => this.child.kill("SIGKILL"), stopMs);
      await exit;
      clearTimeout(late);
    }
    // Its keeper goes whatever fails: the benchmark would wait for it.
    await using netns = this.netns;
    const place = { dir: this.base, keeperPid: netns.pid, group: "bothy-bench-lxd" };
    await removeTraces(place);
    for (const left of describeTraces(await settledTraces(place))) console.error(`LXD: ${left}`);
    rmSync(this.base, { recursive: true, force: true });
  }
}
