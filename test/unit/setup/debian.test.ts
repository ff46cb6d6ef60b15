import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadSetup, silentProgress } from "../../setup/load";

const debian = loadSetup<{
  PACKAGES: Record<string, { for: string[] }>;
  notInstalled(wanted: string[], listing: string): string[];
  missingMessage(missing: string[], may: { isRoot: boolean; hasApt: boolean }): string;
  needed(context: { purpose: string }): boolean;
  run(context: { purpose: string }, progress: object): Promise<void>;
}>("debian");

/** Runs `body` with a PATH of one folder that holds the given shell scripts, and returns what they wrote to $LOG. */
async function withPrograms(programs: Record<string, string>, body: () => Promise<void> | void): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "bothy-debian-"));
  const log = join(folder, "log");
  const { PATH } = process.env;
  writeFileSync(log, "");
  for (const [name, script] of Object.entries(programs))
    writeFileSync(join(folder, name), `#!/bin/sh\nLOG=${log}\n${script}\n`, { mode: 0o755 });
  process.env.PATH = folder;
  try {
    await body();
    return readFileSync(log, "utf8");
  } finally {
    process.env.PATH = PATH;
    rmSync(folder, { recursive: true });
  }
}

const nothingInstalled = { "dpkg-query": "echo 'base-files installed'" };
const allInstalled = {
  "dpkg-query": Object.keys(debian.PACKAGES)
    .map((name) => `echo '${name} installed'`)
    .join("\n"),
};

test("a package that was removed but keeps its configuration counts as missing", () => {
  assert.deepEqual(debian.notInstalled(["zstd", "xz-utils"], "zstd config-files\nxz-utils installed\n"), ["zstd"]);
});

test("nothing is installed when all packages are there", async () => {
  await withPrograms(allInstalled, () => {
    assert.equal(debian.needed({ purpose: "test" }), false);
  });
});

test("lxd-client is asked for by the tests alone", async () => {
  await withPrograms({ "dpkg-query": allInstalled["dpkg-query"].replace("echo 'lxd-client installed'", "") }, () => {
    assert.equal(debian.needed({ purpose: "run" }), false);
    assert.equal(debian.needed({ purpose: "test" }), true);
  });
});

test("who may not install gets the exact command", () => {
  assert.equal(
    debian.missingMessage(["musl-tools", "zstd"], { isRoot: false, hasApt: true }),
    'Cannot go on without the packages "musl-tools zstd": only root can install them. Run: ' +
      "sudo apt-get update && sudo apt-get install --no-install-recommends musl-tools zstd",
  );
});

test("a machine without apt-get is told which packages are missing", async () => {
  await withPrograms(nothingInstalled, async () => {
    await assert.rejects(
      debian.run({ purpose: "build" }, silentProgress()),
      /"gcc make musl-tools libseccomp-dev".*no apt-get/,
    );
  });
});

const asRoot = process.getuid?.() === 0 || process.env.REQUIRE?.includes("root") ? {} : { skip: "needs root" };

test("package lists are not fetched when the ones at hand do", asRoot, async () => {
  const calls = await withPrograms({ ...nothingInstalled, "apt-get": 'echo "$1" >> $LOG' }, () =>
    debian.run({ purpose: "test" }, silentProgress()),
  );
  assert.equal(calls, "install\n");
});

test("package lists are fetched when an installation fails, and it is tried once more", asRoot, async () => {
  const failOnce = 'read last < $LOG; echo "$1" >> $LOG; [ -n "$last" ]';
  const calls = await withPrograms({ ...nothingInstalled, "apt-get": failOnce }, () =>
    debian.run({ purpose: "test" }, silentProgress()),
  );
  assert.equal(calls, "install\nupdate\ninstall\n");
});
