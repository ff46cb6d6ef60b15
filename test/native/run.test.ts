/** Host programs with a container's root mounted. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { hasEnded } from "../support/process";
import { Spawner, type Words } from "./client";
import { idmap, makeRoot } from "./container";

let spawner: Spawner;
let at: string;
let overlay: Words;
before(async () => {
  spawner = await Spawner.start();
  const root = makeRoot(path.join(spawner.dir, "root"));
  at = path.join(spawner.dir, "at");
  for (const name of ["at", "upper", "work"]) fs.mkdirSync(path.join(spawner.dir, name));
  overlay = ["root-overlay", path.join(spawner.dir, "upper"), path.join(spawner.dir, "work"), root];
});
after(() => spawner.stop());

const shell = (script: string): Words => [
  ["at", at],
  ["arg", "sh"],
  ["arg", "-c"],
  ["arg", script],
];

test("a host program sees the root at the folder, and what it makes there is stored", async () => {
  const answer = await spawner.ask("run", overlay, shell(`cat ${at}/etc/passwd >&2; echo made > ${at}/made; exit 4`));
  assert.deepEqual(answer.exited, { code: 4 });
  assert.match(answer.stderr ?? "", /^root:x:0/);
  assert.equal(fs.readFileSync(path.join(spawner.dir, "upper/made"), "utf8"), "made\n");
  assert.deepEqual(fs.readdirSync(at), []);
});

test("with an id map the program sees the ids that the container has on the host", async () => {
  const answer = await spawner.ask("run", idmap, overlay, shell(`stat -c %u:%g ${at}/etc >&2`));
  assert.equal(answer.stderr, "100000:100000\n");
});

test("of a long error output the end is kept, and a missing program says so", async () => {
  const long = await spawner.ask("run", overlay, shell("seq 100000 >&2; echo last >&2"));
  assert.equal(long.stderr?.length, 4096);
  assert.match(long.stderr ?? "", /100000\nlast\n$/);
  const missing = await spawner.ask("run", overlay, ["at", at], ["arg", "no-such-program"]);
  assert.deepEqual(missing.exited, { code: 127 });
  assert.match(missing.stderr ?? "", /no-such-program/);
});

test("without a root a host program runs as it is, and only both of root and folder mount one", async () => {
  const answer = await spawner.ask("run", ["arg", "sh"], ["arg", "-c"], ["arg", `ls ${at} >&2; exit 3`]);
  assert.deepEqual(answer.exited, { code: 3 });
  assert.equal(answer.stderr, "");
  for (const half of [
    [overlay, ["arg", "true"]] as const,
    [
      ["at", at],
      ["arg", "true"],
    ] as const,
  ])
    assert.equal((await spawner.ask("run", ...half)).error?.errno, "EINVAL");
});

test("a program reads the input of the request, and what it prints comes behind the answer", async () => {
  const script = "wc -c; seq 100000; echo complaint >&2; exit 5";
  const words: Words = [["input", "x".repeat(300_000)], ["output"], ["arg", "sh"], ["arg", "-c"], ["arg", script]];
  const connection = await spawner.request("run", words);
  const answer = await connection.line();
  assert.deepEqual(answer.exited, { code: 5 });
  assert.equal(answer.stderr, "complaint\n");
  const printed = String(await connection.bytes(Number(answer.stdout)));
  assert.match(printed, /^300000\n1\n2\n.*99999\n100000\n$/s);
  connection.close();
});

test("closing the connection kills the program and its children", async () => {
  const pids = path.join(spawner.dir, "pids");
  const connection = await spawner.request(
    "run",
    overlay,
    shell(`sleep 1000 & echo $! $$ > ${pids}.new; mv ${pids}.new ${pids}; wait`),
  );
  while (!fs.existsSync(pids)) await delay(2);
  connection.close();
  for (const pid of fs.readFileSync(pids, "utf8").trim().split(" ")) {
    while (!hasEnded(pid)) await delay(2);
  }
});

test("a folder that is not there is an error that names it", async () => {
  const answer = await spawner.ask("run", overlay, ["at", "/no/such/folder"], ["arg", "true"]);
  assert.equal(answer.error?.errno, "ENOENT");
  assert.equal(answer.error?.path, "/no/such/folder");
});
