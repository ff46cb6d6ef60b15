/** What a container's root sees of the helper, which enters for each command: nothing that leads to the host. */
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { buildGuest } from "../support/guest";
import { delegate, join } from "./cgroups";
import { Spawner } from "./client";
import { Container, collect, makeRoot, openStreams } from "./container";

let spawner: Spawner;
let root: string;
before(async () => {
  spawner = await Spawner.start();
  root = makeRoot(path.join(spawner.dir, "root"));
  buildGuest("spy", path.join(root, "bin/spy"));
});
after(() => spawner.stop());

test("a privileged container that watches all processes finds no descriptor of the host in one that enters", async () => {
  const group = `bothy-test-${process.pid}-watched`;
  const container = await Container.start(spawner, "watched", {
    root: ["root-dir", root],
    map: [],
    seccomp: "privileged",
    host: delegate(group),
    command: ["spy"],
  });
  const record = ["stdout", `file:1000:${path.join(spawner.dir, "record")}`];
  for (let round = 0; round < 60; round++) {
    await container.exec(["true"], { words: join(group) });
    const recorded = await spawner.request("exec", container.target, join(group), record, ["arg", "/bin/true"]);
    while ((await recorded.line()).exited === undefined);
    recorded.close();
    const terminal = await spawner.request(
      "exec",
      container.target,
      join(group),
      ["tty", 80, 25],
      ["arg", "/bin/true"],
    );
    const { ready } = await terminal.line();
    const { stdin, stdout } = openStreams(ready!);
    const output = collect(stdout!);
    terminal.write("go\n");
    while ((await terminal.line()).exited === undefined);
    stdin.destroy();
    await output;
    terminal.close();
  }
  const seen = container.consoleLog().trim().split("\n").sort();
  await container.kill();
  const innocent = /^((cwd|root) \/|fd (pipe|socket|\/dev\/null|\/dev\/pts\/\d+|\/dev\/pts\/ptmx|\/))$/;
  assert.ok(seen.includes("fd socket"), `it saw processes that enter: ${seen.join("; ")}`);
  assert.deepEqual(
    seen.filter((line) => !innocent.test(line)),
    [],
  );
});
