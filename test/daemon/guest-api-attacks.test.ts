/** What root in a container does to the daemon by /dev/lxd/sock: it takes no memory, and cannot keep the way open that is closed to it. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { memoryOf } from "../../bench/memory";
import { preparePool } from "../support/daemon";
import { gatesOf } from "../support/gates";
import { buildGuest } from "../support/guest";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

const folder = mkdtempSync(path.join(tmpdir(), "bothy-ask-"));
after(() => rmSync(folder, { recursive: true }));

const shared = shareDaemon({}, async (daemon) => {
  const { client } = daemon;
  const program = path.join(folder, "ask");
  buildGuest("ask", program);
  await preparePool(daemon, "overlay");
  await (await client.createInstance({ name: "web", source: { type: "image", alias: "template:busybox" } })).wait();
  await (await client.setInstanceState("web", { action: "start" })).wait();
  await client.putFile("web", "/bin/ask", readFileSync(program), { mode: 0o755 });
});

const run = async (script: string) => {
  const { stdout, stderr } = await shared.client.execOutput("web", { command: ["sh", "-c", script] });
  return `${stdout}${stderr}`;
};

const rssMiB = () => memoryOf([shared.daemon.pid]).rssKiB / 1024;

test("requests that a guest sends without reading answers take no memory of the daemon's", async () => {
  await run(
    `printf 'GET /1.0/config HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >/tmp/1; for n in 10 100 1000 10000; do for i in $(seq 10); do cat /tmp/$((n / 10)); done >/tmp/$n; done; cat /tmp/10000 /tmp/10000 >/tmp/flood`,
  );
  const before = rssMiB();
  let most = before;
  const look = setInterval(() => {
    most = Math.max(most, rssMiB());
  }, 50);
  await run("for i in 1 2; do ask /dev/lxd/sock </tmp/flood >/dev/null & done; wait");
  clearInterval(look);
  assert.ok(most < before + 100, `${before} MiB became ${most}`);
  assert.equal((await shared.send("GET", "/1.0")).status, 200);
  // It waits for what it asked, and is served then.
  const asked = "printf 'GET /1.0 HTTP/1.0\\r\\n\\r\\n' | ask /dev/lxd/sock";
  await until(async () => (await run(asked)).includes("200 OK"));
});

/** Of the process between the guest and the daemon, in clock ticks. */
function ticksOfGate(): number {
  const [pid] = gatesOf(shared.daemon.netns.pid);
  assert.ok(pid !== undefined);
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

test("a guest that leaves before it has its answer takes no time of the host's", async () => {
  // It owes so much that it waits for seconds. Who is told of a closed end and does not take it would have 200 ticks.
  await run("for i in 1 2 3; do ask /dev/lxd/sock </tmp/flood >/dev/null & done; wait");
  await run(
    "for i in 1 2 3 4; do ask /dev/lxd/sock </tmp/1 >/dev/null 2>&1 & done; sleep 0.2; kill $(jobs -p); killall ask",
  );
  const before = ticksOfGate();
  await delay(2000);
  const ticks = ticksOfGate() - before;
  assert.ok(ticks < 100, `${ticks} ticks`);
  const asked = "printf 'GET /1.0 HTTP/1.0\\r\\n\\r\\n' | ask /dev/lxd/sock";
  await until(async () => (await run(asked)).includes("200 OK"));
});

test("a connection whose guest sends nothing, or a byte now and then, is ended", async () => {
  const silent = "mkfifo /tmp/f; sleep 100 >/tmp/f & ask /dev/lxd/sock </tmp/f; kill $!; echo over";
  const slow =
    "(printf 'GET /1.0 HTTP/1.1\\r\\nX: '; while sleep 1; do printf x || exit; done) | ask /dev/lxd/sock; echo over";
  assert.deepEqual(await Promise.all([run(silent), run(slow)]), ["over\n", "over\n"]);
});

test("a guest that holds all connections cannot keep its way to the daemon open", async () => {
  await run("(sleep 100 | ask /dev/lxd/sock 100 >/dev/null 2>&1 &) ; sleep 0.2");
  const change = { config: { "security.devlxd": "false" } };
  assert.equal((await shared.send("PATCH", "/1.0/instances/web", change)).status, 200);
  assert.match(await run("ls /dev/lxd; echo GET | ask /dev/lxd/sock"), /^connect: No such file/);
});
