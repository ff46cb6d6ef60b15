/** Mounts that depend on what a file of the root has. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { ownMounts, Spawner, type Words } from "./client";
import { Container, makeRoot, mounts } from "./container";

let spawner: Spawner;
let root: string;
before(async () => {
  spawner = await Spawner.start(ownMounts);
  root = makeRoot(path.join(spawner.dir, "root"));
});
after(() => spawner.stop());

const depending: Words = [
  ["mount", "tmpfs", "none", "/mnt/new", "chosen", ""],
  ["mount", "tmpfs", "none", "/mnt/old", "unchosen", ""],
];

/** The names of what is mounted below /mnt. */
async function chosen(name: string, inside: Words): Promise<string> {
  const command = ["sh", "-c", "awk '$2 ~ \"^/mnt/\" { print $2 }' /proc/mounts"];
  const container = await Container.start(spawner, name, { root: ["root-dir", root], command, mounts, inside });
  assert.equal((await container.exited()).code, 0);
  return container.consoleLog().trim();
}

test("a mount is chosen where a file has a word with a number that is large enough", async () => {
  const files: readonly (readonly [name: string, content: string, chosen: string])[] = [
    ["larger", "\0libgcc\0libsystemd-shared-257.9-1.so\0", "/mnt/new"],
    ["equal", "libsystemd-shared-256", "/mnt/new"],
    ["smaller", "libsystemd-shared-255.so", "/mnt/old"],
    ["second", "libsystemd-shared-x libsystemd-shared-258", "/mnt/new"],
    ["far", `${" ".repeat(70_000)}libsystemd-shared-257`, "/mnt/old"],
    ["empty", "", "/mnt/old"],
  ];
  for (const [name, content, expected] of files) {
    fs.writeFileSync(path.join(root, name), content);
    const choose = ["choose", `/${name}`, "libsystemd-shared-", 256];
    assert.equal(await chosen(`file-${name}`, [choose, depending]), expected, name);
  }
});

test("what is no plain file is not opened, a symlink stays within the root, and without a question nothing is chosen", async () => {
  const outside = path.join(spawner.dir, "outside");
  fs.writeFileSync(outside, "lib-257");
  fs.symlinkSync(outside, path.join(root, "away"));
  fs.symlinkSync("/larger", path.join(root, "link"));
  fs.writeFileSync(path.join(root, "larger"), "lib-257");
  execFileSync("mkfifo", [path.join(root, "pipe")]);
  for (const [name, expected] of [
    ["away", "/mnt/old"],
    ["link", "/mnt/new"],
    ["pipe", "/mnt/old"],
    ["mnt", "/mnt/old"],
    ["missing", "/mnt/old"],
  ] as const)
    assert.equal(await chosen(`odd-${name}`, [["choose", `/${name}`, "lib-", 256], depending]), expected, name);
  assert.equal(await chosen("unasked", depending), "/mnt/old");
});

test("a question that makes no sense is refused", async () => {
  for (const words of [
    ["choose", "larger", "lib-", 256],
    ["choose", "/larger", "", 256],
    ["choose", "/larger", "lib-", "new"],
  ]) {
    const control = path.join(spawner.dir, "refused");
    fs.mkdirSync(control, { recursive: true });
    const options = { root: ["root-dir", root], command: ["true"], inside: [words] };
    const answer = await spawner.request(...Container.words(control, options));
    const { error } = await answer.line();
    assert.equal(error?.op, "choose", JSON.stringify(error));
    assert.equal(error?.errno, "EINVAL");
    answer.close();
  }
});
