/** Device rules of control group v2, by their effect on a privileged container. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { requireFeature } from "../support/require";
import { probe } from "./cgroups";
import { Spawner, type Words } from "./client";
import { Container, makeRoot } from "./container";

const { cgroup } = probe();
const skip = requireFeature("device programs of cgroup v2", cgroup.deviceRules === true);
const rules = "c *:* m,b *:* m,c 1:3 rwm,c 1:5 r,c 136:* rwm";
/** A block device of this host that can be read, such as "254 0". */
const disk = readFileSync("/proc/partitions", "utf8")
  .split("\n")
  .map((line) => line.trim().split(/\s+/))
  .find(([major]) => /^\d+$/.test(major ?? ""))
  ?.slice(0, 2)
  .join(" ");

let spawner: Spawner;
let root: Words;
before(async () => {
  spawner = await Spawner.start();
  root = ["root-dir", makeRoot(path.join(spawner.dir, "root"))];
});
after(() => spawner.stop());

const outer = (name: string) => path.join(cgroup.v2!, `bothy-test-${process.pid}-${name}`);
const guest = (name: string) => path.join(outer(name), "guest");

/** A privileged container in a group below the one with the rules. */
const start = (name: string, more: Words = []) =>
  Container.start(spawner, name, {
    root,
    map: [],
    host: [
      ["cgroup-make", outer(name)],
      ["cgroup-devices", outer(name), rules, "required"],
      ["cgroup-make", guest(name)],
      more,
      ["cgroup-into", guest(name)],
    ],
    mounts: ["mount", "tmpfs", "none", "/dev", "nosuid", "mode=755"],
    seccomp: "privileged",
    command: ["sleep", "1000000"],
  });

/** What a command in the group says. */
const inGroup = async (container: Container, name: string, script: string) =>
  (await container.exec(["sh", "-c", `(${script}) 2>&1`], { words: ["cgroup-into", guest(name)] })).stdout.trim();

test("a privileged guest opens what the rules allow and nothing else, though it may make every node", {
  skip: skip || (disk === undefined && "no block device"),
}, async () => {
  const container = await start("ruled");
  const see = (script: string) => inGroup(container, "ruled", script);
  assert.equal(await see("mknod /dev/n c 1 3 && echo lost >/dev/n && wc -c </dev/n"), "0");
  assert.equal(await see("mknod /dev/z c 1 5 && head -c 3 /dev/z | wc -c"), "3");
  assert.match(await see("echo x >/dev/z"), /Operation not permitted/);
  assert.match(await see(`mknod /dev/d b ${disk} && head -c 1 /dev/d`), /Operation not permitted/);
  assert.match(await see(`echo x >/dev/d`), /Operation not permitted/);
  assert.match(await see("mknod /dev/r c 1 8 && head -c 1 /dev/r"), /Operation not permitted/);
  await container.kill();
});

test("what is attached to the guest's own group is asked besides, never instead", { skip }, async () => {
  const own = ["cgroup-devices", guest("loosened"), "c *:* rwm,b *:* rwm", "required"];
  const container = await start("loosened", own);
  assert.match(await inGroup(container, "loosened", "mknod /dev/r c 1 8 && head -c 1 /dev/r"), /not permitted/);
  await container.kill();
});

test("the rules of a running container are replaced as a whole", { skip }, async () => {
  const container = await start("changed");
  const read = () => inGroup(container, "changed", "test -e /dev/r || mknod /dev/r c 1 8; head -c 1 /dev/r | wc -c");
  assert.match(await read(), /not permitted/);
  const change = (wanted: string) =>
    spawner.ask("plug", container.target, ["cgroup-devices", outer("changed"), wanted, "required"]);
  assert.deepEqual(await change("c 1:8 rm"), { done: {} });
  assert.equal(await read(), "1");
  assert.match(await inGroup(container, "changed", "mknod /dev/n c 1 3"), /not permitted/);
  assert.deepEqual(await change(rules), { done: {} });
  assert.match(await read(), /not permitted/);
  await container.kill();
});

test("rules that say nothing sensible are refused before anything is done", async () => {
  for (const wrong of [
    "c",
    "c 1:3",
    "c 1:3 ",
    "x 1:3 r",
    "c 1:3 rx",
    "c a:3 r",
    "c 1:3 r,",
    "c 1: r",
    "c :3 r",
    "c 4096:0 r",
  ]) {
    const { error } = await spawner.ask("start", ["cgroup-devices", "/nowhere", wrong, "optional"]);
    assert.equal(error?.op, "cgroup-devices", wrong);
    assert.equal(error?.errno, "EINVAL", wrong);
  }
});

test("where rules cannot be set a container starts only when they are optional, and says so", async () => {
  const host = (need: string) => ["cgroup-devices", "/tmp", rules, need];
  const begin = (need: string) =>
    Container.start(spawner, `lacking-${need}`, { root, host: host(need), command: ["sleep", "1000000"] });
  await assert.rejects(begin("required"), /"op":"cgroup-devices"/);
  const container = await begin("optional");
  assert.match(container.started.unguarded ?? "", /^E[A-Z]+$/);
  await container.kill();
});
