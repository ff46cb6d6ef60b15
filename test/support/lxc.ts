/** The distribution's own lxc client, with a daemon and an image of its own. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";
import { type TestDaemon, withDaemon } from "./daemon";
import { requireFeature } from "./require";

const lxcPath = "/usr/bin/lxc";
export const skip = requireFeature("lxc", existsSync(lxcPath));

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class Lxc {
  constructor(
    private readonly daemon: TestDaemon,
    readonly home: string,
  ) {}

  /** What the client has to know. */
  get env(): NodeJS.ProcessEnv {
    return { PATH: "/usr/bin:/bin", HOME: this.home, LXD_DIR: this.daemon.dir };
  }

  /** Runs the client to its end, whatever its exit code. */
  try(args: readonly string[], input = ""): Answer {
    const done = spawnSync(lxcPath, args, { env: this.env, input, encoding: "utf8", timeout: 60_000 });
    return { code: done.status ?? -1, stdout: done.stdout, stderr: done.stderr };
  }

  /** Runs the client and expects success. @returns what it printed */
  run(...args: string[]): string {
    const answer = this.try(args);
    assert.equal(answer.code, 0, `lxc ${args.join(" ")}: ${answer.stderr}`);
    return answer.stdout;
  }
}

/** Runs the work with a client, a pool and the image "bb"; its containers are deleted after it. @param env more of the daemon's */
export async function withLxc(work: LxcWork, env: Readonly<Record<string, string>> = {}): Promise<void> {
  const home = mkdtempSync(path.join(tmpdir(), "bothy-lxc-"));
  try {
    await withDaemon({ bare: true, env }, async (daemon) => {
      const lxc = new Lxc(daemon, home);
      lxc.run("storage", "create", "main", "overlay");
      lxc.run("profile", "device", "add", "default", "root", "disk", "path=/", "pool=main");
      await importBusybox(lxc, daemon);
      try {
        await work(lxc, daemon);
      } finally {
        deleteContainers(lxc);
      }
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

type LxcWork = (lxc: Lxc, daemon: TestDaemon) => Promise<void> | void;

/**
 * One client and one daemon for all tests of a file, since a daemon with an image costs seconds. Called once, outside of tests.
 * @returns what does the work of one test, deletes its containers, and fails when it leaves anything else
 */
export function lxcOfFile(): (work: LxcWork) => Promise<void> {
  let scene: Promise<readonly [Lxc, TestDaemon]> | undefined;
  let end = (): void => undefined;
  let ended: Promise<void> | undefined;
  const begin = () =>
    new Promise<readonly [Lxc, TestDaemon]>((resolve, reject) => {
      ended = withLxc((lxc, daemon) => {
        resolve([lxc, daemon]);
        return new Promise<void>((done) => {
          end = done;
        });
      });
      ended.catch(reject);
    });
  after(() => {
    end();
    return ended;
  });
  return async (work) => {
    scene ??= begin();
    const [lxc, daemon] = await scene;
    const before = await heldBy(daemon);
    try {
      await work(lxc, daemon);
    } finally {
      deleteContainers(lxc);
    }
    assert.deepEqual(await heldBy(daemon), before, "the test leaves nothing to the next one");
  };
}

function deleteContainers(lxc: Lxc): void {
  for (const name of lxc.run("list", "-f", "csv", "-c", "n").split("\n").filter(Boolean)) lxc.run("delete", "-f", name);
}

/** What a daemon has beside containers. */
async function heldBy({ client }: TestDaemon): Promise<Record<string, string[]>> {
  const names = (list: readonly { name: string }[]) => list.map(({ name }) => name).sort();
  return {
    images: (await client.listImages()).flatMap(({ fingerprint, aliases }) => [fingerprint, ...names(aliases)]),
    networks: names((await client.listNetworks()).filter(({ managed }) => managed)),
    pools: names(await client.listStoragePools()),
    profiles: names(await client.listProfiles()),
    projects: names(await client.listProjects()),
  };
}

/** Has the daemon build a tarball, takes it out, and imports it as a user would. */
async function importBusybox(lxc: Lxc, daemon: TestDaemon): Promise<void> {
  const operation = await daemon.client.createImage({ source: { type: "template", template: "busybox" } });
  await operation.wait();
  const [image] = await daemon.client.listImages();
  assert.ok(image);
  lxc.run("image", "export", image.fingerprint, path.join(lxc.home, "bb"));
  lxc.run("image", "delete", image.fingerprint);
  const file = ["bb", "bb.tar.gz", "bb.tar.zst", "bb.tar", "bb.tar.xz"]
    .map((name) => path.join(lxc.home, name))
    .find(existsSync);
  assert.ok(file, "the export is a file");
  lxc.run("image", "import", file, "--alias", "bb");
  assert.match(lxc.run("image", "list", "-f", "csv"), /^bb,/m);
}
