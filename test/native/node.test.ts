/** Device nodes and file systems in memory, at a start and in a running container. */
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { Spawner, type Words } from "./client";
import { Container, idmap, makeRoot, mounts } from "./container";

let spawner: Spawner;
let root: Words;
before(async () => {
  spawner = await Spawner.start();
  root = ["root-dir", makeRoot(path.join(spawner.dir, "root"))];
});
after(() => spawner.stop());

const start = (name: string, { inside = [], map = idmap }: { inside?: Words; map?: Words } = {}) =>
  Container.start(spawner, name, { root, map, mounts: [mounts, inside], command: ["sleep", "1000000"] });

const full = ["node", "c", "1", "7", "640", "1000", "5", "/dev/my/full"];
const stat = (container: Container, place: string) => container.sh(`stat -c '%F %t:%T %a %u:%g' ${place} 2>&1`);

test("a container has a node from its start on, with its own ids, and can use it", async () => {
  const container = await start("given", { inside: full });
  assert.equal(await stat(container, "/dev/my/full"), "character special file 1:7 640 1000:5");
  assert.match(await container.sh("echo x 2>&1 >/dev/my/full"), /No space left/);
  await container.kill();
});

test("a node comes to a running container and goes again, with the file that it was put on", async () => {
  const container = await start("plugged");
  const plug = (...words: Words) => spawner.ask("plug", container.target, container.map, words);
  assert.deepEqual(await plug(["node", "b", "7", "200", "660", "0", "0", "/mnt/disk"]), { done: {} });
  assert.equal(await stat(container, "/mnt/disk"), "block special file 7:c8 660 0:0");
  assert.deepEqual(await plug(["unnode", "/mnt/disk"]), { done: {} });
  assert.equal(await container.sh("ls /mnt"), "");
  assert.deepEqual(await plug(["unnode", "/mnt/disk"]), { done: {} });
  assert.deepEqual(await plug(["unnode", "/no/such/folder"]), { done: {} });
  await container.kill();
});

test("a privileged container has a node as well", async () => {
  const container = await start("privileged", { inside: full, map: [] });
  assert.equal(await stat(container, "/dev/my/full"), "character special file 1:7 640 1000:5");
  await container.kill();
});

test("a node is put where the guest sees the place, and never outside its root", async () => {
  const container = await start("hostile");
  await container.sh("ln -s /../../../tmp /mnt/out");
  const line = await spawner.ask("plug", container.target, container.map, [
    ["node", "c", "1", "7", "666", "0", "0", `/mnt/out/bothy-node-${process.pid}`],
  ]);
  assert.deepEqual(line, { done: {} });
  assert.match(await stat(container, `/tmp/bothy-node-${process.pid}`), /^character special/);
  await container.kill();
});

test("nodes that cannot be are refused before anything is made", async () => {
  const container = await start("refused");
  for (const words of [
    ["node", "p", "1", "7", "640", "0", "0", "/mnt/a"],
    ["node", "c", "4096", "7", "640", "0", "0", "/mnt/a"],
    ["node", "c", "1", "7", "888", "0", "0", "/mnt/a"],
    ["node", "c", "1", "7", "640", "70000", "0", "/mnt/a"],
  ])
    assert.equal((await spawner.ask("plug", container.target, container.map, words)).error?.errno, "EINVAL");
  assert.equal(await container.sh("test -e /mnt/a || echo nothing"), "nothing");
  await container.kill();
});

test("a file system in memory comes to a running container and goes again", async () => {
  const container = await start("memory");
  const plug = (...words: Words) => spawner.ask("plug", container.target, container.map, words);
  assert.deepEqual(await plug(["mount", "tmpfs", "tmpfs", "/mnt/fast", "nosuid,nodev", "mode=755,size=1m"]), {
    done: {},
  });
  assert.equal(await container.sh("df -k /mnt/fast | awk 'END { print $1, $2 }'"), "tmpfs 1024");
  assert.match(await container.sh("dd if=/dev/zero of=/mnt/fast/a bs=1M count=2 2>&1"), /No space left/);
  assert.deepEqual(await plug(["unbind", "/mnt/fast"]), { done: {} });
  assert.equal(await container.sh("ls /mnt/fast"), "");
  await container.kill();
});
