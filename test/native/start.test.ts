/** Starting, supervising and ending containers. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { Spawner } from "./client";
import { Container, makeRoot } from "./container";

let spawner: Spawner;
let root: string;
before(async () => {
  spawner = await Spawner.start();
  root = makeRoot(path.join(spawner.dir, "root"));
});
after(() => spawner.stop());

const dirRoot = () => [["root-dir", root]];

test("a command runs as pid 1 and root of its own namespaces, and its exit code is told", async () => {
  const container = await Container.start(spawner, "first", {
    root: dirRoot(),
    command: ["sh", "-c", "echo pid $$ uid $(id -u) host $(hostname); cat /proc/self/uid_map; exit 7"],
  });
  assert.deepEqual(await container.exited(), { code: 7, reason: "exit" });
  assert.match(container.consoleLog(), /^pid 1 uid 0 host first\n\s+0\s+100000\s+65536\n$/);
  assert.deepEqual(JSON.parse(fs.readFileSync(path.join(container.control, "exit"), "utf8")), {
    exited: { code: 7, reason: "exit" },
  });
  assert.equal(fs.existsSync(path.join(container.control, "sock")), false);
});
