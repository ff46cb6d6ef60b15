import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { loadSetup, silentProgress } from "../../setup/load";

interface Context {
  readonly cache: string;
}

const clients = loadSetup<{
  pythonOf(cache: string): string;
  incusOf(cache: string): string;
  debianSource(lines: string): string | undefined;
  needed(context: Context): boolean;
  run(context: Context, progress: object): Promise<void>;
}>("clients");

async function withCache(work: (cache: string) => Promise<void> | void): Promise<void> {
  const cache = mkdtempSync(path.join(tmpdir(), "bothy-clients-"));
  try {
    await work(cache);
  } finally {
    rmSync(cache, { recursive: true });
  }
}

test("the clients are brought once", () =>
  withCache((cache) => {
    assert.equal(clients.needed({ cache }), true);
    for (const file of [clients.pythonOf(cache), clients.incusOf(cache)]) {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, "");
      chmodSync(file, 0o755);
    }
    assert.equal(clients.needed({ cache }), false);
  }));

test("where nothing can be brought, set-up goes on, says which tests are skipped, and leaves nothing half made", () =>
  withCache(async (cache) => {
    const { PATH } = process.env;
    process.env.PATH = cache;
    const file = clients.pythonOf(cache);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, "");
    const progress = silentProgress();
    try {
      await clients.run({ cache }, progress);
    } finally {
      process.env.PATH = PATH;
    }
    assert.deepEqual(progress.notes, [
      "Cannot bring the incus client: this machine has no apt-get. Its tests are skipped.",
    ]);
    assert.equal(clients.needed({ cache }), true);
  }));

test("Debian's own packages tell where another release of Debian is", () => {
  const lines = [
    "Node Source|nodistro|main|https://deb.example/node/",
    "Debian|bookworm-security|main|http://deb.example/debian-security/",
    "Debian|bookworm|contrib|http://deb.example/other/",
    "Debian|bookworm|main|http://deb.example/debian/",
  ];
  assert.equal(clients.debianSource(lines.join("\n")), "http://deb.example/debian/");
  assert.equal(clients.debianSource("Ubuntu|noble|main|http://deb.example/ubuntu/"), undefined);
});
