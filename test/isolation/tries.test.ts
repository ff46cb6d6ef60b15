/** Each barrier, by a program in the container that tries the forbidden thing (tries.ts; docs/security.md has the table). */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { preparePool, withDaemon } from "../support/daemon";
import { compileGuest } from "../support/guest";
import { requireFeature } from "../support/require";
import { type Try, tries } from "./tries";

const skip = requireFeature("root", process.getuid?.() === 0);
const folder = mkdtempSync(path.join(tmpdir(), "bothy-tries-"));
const program = path.join(folder, "tries");
const servers: Server[] = [];
const found = {
  HOST_PID: String(process.pid),
  HOST_SHM: String(1 + (process.pid << 8)),
  HOST_SOCKET: `bothy-tries-${process.pid}`,
  HOST_PORT: "",
};
const runHere = (...words: string[]) =>
  execFileSync(program, words, { env: { ...found, SCRATCH: path.join(folder, "scratch") }, encoding: "utf8" });

/** Outcome of each try that was made. */
const read = (output: string): ReadonlyMap<string, string> =>
  new Map(
    output
      .trim()
      .split("\n")
      .map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]),
  );

before(async () => {
  if (skip !== false) return;
  compileGuest(path.resolve(__dirname, "../../../test/isolation/guest/tries.c"), program);
  for (const at of [{ path: `\0${found.HOST_SOCKET}` }, { host: "127.0.0.1", port: 0 }]) {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(at, resolve));
    servers.push(server);
    const address = server.address();
    if (typeof address === "object" && address !== null) found.HOST_PORT = String(address.port);
  }
  runHere("segment", "make");
});
after(() => {
  if (servers.length > 0) runHere("segment", "remove");
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

test("where nothing stands in the way each try comes to something else, so that a barrier that is gone is seen", {
  skip,
}, () => {
  const possible = tries.filter(({ host }) => host !== undefined);
  const outcomes = read(runHere(...possible.map(({ name }) => name)));
  assertEach(possible, outcomes, ({ host = [] }) => host);
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  assert.deepEqual(
    mounts.filter((line) => line.includes(folder)),
    [],
    "mounts that are left here",
  );
});

for (const [mode, config, allowed] of [
  ["an unprivileged container", {}, ({ denied }: Try) => denied],
  ["a nesting container", { "security.nesting": "true" }, ({ denied, nesting }: Try) => nesting?.comes ?? denied],
  [
    "a privileged container",
    { "security.privileged": "true" },
    ({ denied, privileged }: Try) => privileged?.comes ?? denied,
  ],
] as const)
  test(`the root of ${mode} comes to nothing that reaches the host`, { skip }, () =>
    withDaemon({ bare: true }, async (daemon) => {
      await preparePool(daemon, "dir");
      const { client } = daemon;
      const source = { type: "image", alias: "template:busybox" };
      await (await client.createInstance({ name: "c", source, config })).wait();
      await (await client.setInstanceState("c", { action: "start" })).wait();
      await client.putFile("c", "/root/tries.bin", readFileSync(program), { mode: 0o755 });
      const { stdout, stderr } = await client.execOutput("c", {
        command: ["/root/tries.bin"],
        environment: { ...found, SCRATCH: "/root/tries" },
      });
      assert.equal(stderr.toString(), "");
      const outcomes = read(stdout.toString());
      assert.deepEqual([...outcomes.keys()].sort(), tries.map(({ name }) => name).sort(), "each was tried");
      assertEach(tries, outcomes, allowed);
      await (await client.setInstanceState("c", { action: "stop", force: true })).wait();
      await (await client.deleteInstance("c")).wait();
    }),
  );

test("a mount that a container shares with all does not reach the host, privileged or not", { skip }, () =>
  withDaemon({ bare: true }, async (daemon) => {
    await preparePool(daemon, "dir");
    const { client } = daemon;
    for (const privileged of ["false", "true"]) {
      const config = { "security.privileged": privileged };
      await (
        await client.createInstance({ name: "c", source: { type: "image", alias: "template:busybox" }, config })
      ).wait();
      await (await client.setInstanceState("c", { action: "start" })).wait();
      const mount = "mount --make-rshared / && mount -t tmpfs bothy-shared /mnt && grep -c bothy-shared /proc/mounts";
      const { stdout } = await client.execOutput("c", { command: ["sh", "-c", mount] });
      assert.equal(stdout.toString(), "1\n", "it is mounted inside");
      for (const process of ["self", daemon.pid])
        assert.doesNotMatch(readFileSync(`/proc/${process}/mountinfo`, "utf8"), /bothy-shared/);
      await (await client.setInstanceState("c", { action: "stop", force: true })).wait();
      await (await client.deleteInstance("c")).wait();
    }
  }),
);

function assertEach(
  list: readonly Try[],
  outcomes: ReadonlyMap<string, string>,
  allowed: (each: Try) => readonly string[],
): void {
  const wrong = list
    .filter((each) => !allowed(each).includes(outcomes.get(each.name) ?? "not tried"))
    .map((each) => `${each.name}: ${outcomes.get(each.name)}, and not ${allowed(each).join(" or ")}`);
  assert.deepEqual(wrong, []);
}
