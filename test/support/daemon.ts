/** A daemon for tests, and the proof that nothing of it is left. */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { type DaemonOptions, OwnDaemon } from "../../scripts/scene/daemon";
import { Netns } from "../../scripts/scene/netns";
import { disown, own, stateDirOf, sweepOrphans, testPrefix } from "../../scripts/scene/owner";
import { describeTraces, removeTraces, settledTraces } from "../../scripts/scene/traces";
import { cellProgram } from "../../sdk/host/package";

const execute = promisify(execFile);

export type { DaemonOptions };

export class TestDaemon extends OwnDaemon {
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
}

/**
 * Runs the work with a daemon of its own, and then shows that no process, mount, cgroup, loop device, interface or
 * table of it is left. On failure everything is taken away all the same, unless KEEP=1 keeps the scene.
 */
export async function withDaemon<T>(options: DaemonOptions, work: (daemon: TestDaemon) => Promise<T>): Promise<T> {
  const folder = options.base ?? tmpdir();
  await sweepOrphans(folder);
  const base = mkdtempSync(path.join(folder, testPrefix));
  own(base);
  const netns = await Netns.create();
  const daemon = new TestDaemon(stateDirOf(base), netns, options);
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
    if (!isDone && process.env.KEEP === "1") {
      disown(base);
      console.error(
        `Kept: ${daemon.dir}, its log ${daemon.logfile} and the processes in the namespace of ${netns.pid}`,
      );
    } else {
      if (daemon.isRunning) await daemon.kill();
      if (!isDone) await removeTraces(daemon.place);
      await netns[Symbol.asyncDispose]();
      // As the daemon does: a pool on btrfs has read-only subvolumes.
      execFileSync(cellProgram, ["remove", base]);
    }
  }
}

/** Adds a pool and the root disk of the default profile, for a daemon started bare. */
export async function preparePool(daemon: Pick<TestDaemon, "client">, driver: string): Promise<void> {
  await daemon.client.createStoragePool({ name: "default", driver, config: {} });
  const { value } = await daemon.client.getProfile("default");
  const devices = { ...value.devices, root: { type: "disk", path: "/", pool: "default" } };
  await daemon.client.updateProfile("default", { ...value, devices });
}
