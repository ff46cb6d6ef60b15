/** Local callers: listeners hear which user of the host did something over the unix socket. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readlinkSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { ended, processesWith } from "../support/process";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";

const skip = requireFeature("root", process.getuid?.() === 0);
const shared = shareDaemon({}, async () => undefined);

/** Makes a profile as a user of the host. @returns the requestor that listeners hear of */
async function requestorOf(uid: number, profile: string): Promise<unknown> {
  const { daemon } = shared;
  chmodSync(path.dirname(daemon.dir), 0o711);
  chmodSync(daemon.socket, 0o666);
  const events = await daemon.client.openEvents({ types: ["lifecycle"] });
  const user = [`--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
  const body = JSON.stringify({ name: profile });
  const asked = ["curl", "-sS", "--unix-socket", daemon.socket, "--data-binary", body, "http://bothy/1.0/profiles"];
  assert.match(await daemon.run("setpriv", ...user, ...asked), /"type":"sync"/);
  for await (const event of events) {
    const told = event.metadata as { source: string; requestor: unknown };
    if (told.source === `/1.0/profiles/${profile}`) return told.requestor;
  }
  return undefined;
}

test("a change over the unix socket is told with the user who made it", { skip }, async () => {
  assert.deepEqual(await requestorOf(0, "ofroot"), { username: "root", protocol: "unix", address: "@" });
  assert.deepEqual(await requestorOf(65534, "ofnobody"), { username: "nobody", protocol: "unix", address: "@" });
});

test("a user without a name is told by number", { skip }, async () => {
  const told = await requestorOf(54321, "ofnumber");
  assert.deepEqual(told, { username: "uid=54321", protocol: "unix", address: "@" });
});

test("callers have names again after the process died that tells them", { skip }, async () => {
  await requestorOf(0, "before");
  const namespaceOf = (pid: number | string) => readlinkSync(`/proc/${pid}/ns/net`);
  const own = namespaceOf(shared.daemon.netns.pid);
  const [teller, ...others] = processesWith(([title]) => title === "bothy peers").filter(
    (pid) => namespaceOf(pid) === own,
  );
  assert.ok(teller !== undefined && others.length === 0, "there is one");
  process.kill(Number(teller), "SIGKILL");
  await ended(teller);
  assert.deepEqual(await requestorOf(65534, "after"), { username: "nobody", protocol: "unix", address: "@" });
});

/** Looks without a pause for a file, and prints its mode as soon as it is there. */
const firstLook = `
const { statSync } = require("node:fs");
console.log("looks");
for (const end = Date.now() + 60_000; Date.now() < end; ) {
  const found = statSync(process.argv[1], { throwIfNoEntry: false });
  if (found !== undefined) { console.log((found.mode & 0o777).toString(8)); break; }
}
`;

test("who waits for the socket of a daemon that starts is let in as soon as it is there", { skip }, async () => {
  const { daemon } = shared;
  await daemon.stop();
  const watcher = spawn(process.execPath, ["--eval", firstLook, daemon.socket], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(watcher.stdout, "data");
  const [[mode]] = await Promise.all([once(watcher.stdout, "data"), daemon.start()]);
  assert.equal(String(mode).trim(), "660");
  await daemon.stop();
  assert.ok(!existsSync(daemon.socket), "a daemon that has ended in order leaves none");
  await daemon.start();
});
