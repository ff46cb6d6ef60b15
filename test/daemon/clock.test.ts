/** The host's clock jumps: by years ahead, and back behind the start of the daemon. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { listenAt, makeIdentity, Network } from "../support/https";
import { requireFeature } from "../support/require";
import { until } from "../support/until";

const image = { type: "image", alias: "template:busybox" };

/** The library that tells a program another time, or none. */
function fakeTime(): string | undefined {
  try {
    const found = execFileSync("sh", ["-c", "ls /usr/lib/*/faketime/libfaketimeMT.so.1"], { encoding: "utf8" });
    return found.split("\n")[0];
  } catch {
    return undefined;
  }
}

const library = fakeTime();
const skip = requireFeature("root", process.getuid?.() === 0) || requireFeature("libfaketime", library !== undefined);

/** What clients do all day. */
async function use({ client }: TestDaemon, name: string): Promise<void> {
  const done = async (operation: ReturnType<typeof client.createInstance>) => (await operation).wait();
  await done(client.createInstance({ name, source: image }));
  await done(client.setInstanceState(name, { action: "start" }));
  const { stdout } = await client.execOutput(name, { command: ["hostname"] });
  assert.equal(stdout.toString(), `${name}\n`);
  await done(client.createSnapshot(name, { name: "one" }));
  await done(client.updateInstance(name, { ...(await client.getInstance(name)).value, description: "changed" }));
  await done(client.restoreSnapshot(name, "one"));
  await done(client.setInstanceState(name, { action: "stop", force: true }));
  await done(client.deleteInstance(name));
}

test("a clock that jumps by years, either way, ends nothing, loses nothing and lets what is over expire", {
  skip,
}, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-clock-"));
  const file = path.join(folder, "offset");
  const jump = (offset: string) => writeFileSync(file, `${offset}\n`);
  jump("+0");
  const env = {
    LD_PRELOAD: library ?? "",
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  };
  try {
    await withDaemon({ env }, async (daemon) => {
      const { client } = daemon;
      await preparePool(daemon, "overlay");
      await listenAt(daemon);
      await client.updateServer({
        config: { ...(await client.getServer()).value.config, "core.remote_token_expiry": "1H" },
      });
      await use(daemon, "before");
      await (await client.createInstance({ name: "stays", source: image })).wait();
      await (await client.setInstanceState("stays", { action: "start" })).wait();
      const { pid } = await client.getInstanceState("stays");
      const soon = new Date(Date.now() + 3600_000).toISOString();
      await (await client.createSnapshot("stays", { name: "short", expires_at: soon })).wait();
      await (await client.createSnapshot("stays", { name: "long" })).wait();
      const token = await client.createCertificateToken({ name: "late" });

      jump("+2y");
      const year = new Date().getFullYear() + 2;
      await use(daemon, "ahead");
      await (await client.createSnapshot("stays", { name: "then" })).wait();
      const then = await client.getSnapshot("stays", "then");
      assert.equal(new Date(then.value.created_at).getFullYear(), year);
      await using network = await Network.to(daemon);
      const late = await network.send(makeIdentity("late"), "POST", "/1.0/certificates", { trust_token: token });
      assert.equal(late.status, 403, "the token is over");

      jump("-2y");
      await use(daemon, "behind");
      assert.equal((await client.getInstanceState("stays")).pid, pid, "the container has run all the time");
      await daemon.stop();
      await daemon.start();
      await use(daemon, "again");
      jump("+2y");
      await daemon.stop();
      await daemon.start();
      await until(async () => !(await client.listSnapshots("stays")).some(({ name }) => name === "short"));
      assert.deepEqual((await client.listSnapshots("stays")).map(({ name }) => name).sort(), ["long", "then"]);
      assert.equal((await client.getInstanceState("stays")).pid, pid);
      const faults = daemon
        .log()
        .split("\n")
        .filter((line) => /"level":"error"|TypeError|RangeError/.test(line));
      assert.deepEqual(faults, []);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
