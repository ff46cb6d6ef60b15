/** The distribution's own lxc client in the network of a server, in a home of its own. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

interface Told {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class FarLxc implements Disposable {
  readonly home = mkdtempSync(path.join(tmpdir(), "bothy-far-"));
  readonly #env: Readonly<Record<string, string>>;

  /**
   * @param pid of a process in the network
   * @param env more of the client's; it has no local server when LXD_DIR is not among it
   */
  constructor(
    private readonly pid: number,
    env: Readonly<Record<string, string>> = {},
  ) {
    this.#env = { PATH: "/usr/bin:/bin", HOME: this.home, LXD_DIR: path.join(this.home, "none"), ...env };
  }

  /** Runs the client to its end, whatever its exit code. */
  try(args: readonly string[], input = ""): Told {
    const inside = ["--target", String(this.pid), "--net", "--", "/usr/bin/lxc", ...args];
    const done = spawnSync("nsenter", inside, { env: this.#env, input, encoding: "utf8", timeout: 120_000 });
    return { code: done.status ?? -1, stdout: done.stdout, stderr: done.stderr };
  }

  /** Runs the client and expects success. @returns what it printed */
  readonly run = (...args: string[]): string => {
    const told = this.try(args);
    assert.equal(told.code, 0, `lxc ${args.join(" ")}: ${told.stderr}${told.stdout}`);
    return told.stdout;
  };

  /** Runs the client and expects it to fail with a message. */
  refuses(message: RegExp, ...args: string[]): void {
    const told = this.try(args);
    assert.notEqual(told.code, 0, args.join(" "));
    assert.match(told.stderr, message);
  }

  [Symbol.dispose](): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
