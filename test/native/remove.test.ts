/** Trees that a guest filled are removed whatever is in them, and nothing beside them. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { onBtrfs } from "../support/file-system";
import { onlyLong } from "../support/long";
import { hasProgram } from "../support/netns";
import { requireFeature } from "../support/require";
import { type Line, Spawner } from "./client";

const root = requireFeature("root", process.getuid?.() === 0);
const chattr = root || requireFeature("chattr", hasProgram("chattr"));
const btrfs = root || requireFeature("btrfs", hasProgram("mkfs.btrfs"));

let spawner: Spawner;
let base: string;
before(async () => {
  spawner = await Spawner.start();
  base = mkdtempSync(path.join(tmpdir(), "bothy-remove-"));
});
after(async () => {
  await spawner.stop();
  rmdirSync(base);
});

const remove = (tree: string): Promise<Line> => spawner.ask("remove", "tree", tree);

/** Runs a shell script in a new folder. @returns the folder */
function made(name: string, script: string, ...args: string[]): string {
  const tree = path.join(base, name);
  mkdirSync(tree);
  execFileSync("sh", ["-euc", script, "sh", ...args], { cwd: tree });
  return tree;
}

/** Makes nested folders; only the working folder ever has so long a path. */
const nested = (depth: number, length: number) =>
  `perl -e 'for (1..${depth}) { mkdir "d" x ${length} or die $!; chdir "d" x ${length} or die $! } open F, ">", "leaf" or die $!'`;

async function removesWhole(tree: string): Promise<void> {
  const line = await remove(tree);
  assert.equal(line.error, undefined, JSON.stringify(line));
  assert.equal(line.left, 0, JSON.stringify(line));
  assert.equal(existsSync(tree), false);
}

test("a tree that is not there is removed already", async () => {
  assert.deepEqual(await remove(path.join(base, "nothing")), { removed: 0, left: 0, first: [] });
  assert.deepEqual(await remove(path.join(base, "no", "such", "place")), { removed: 0, left: 0, first: [] });
});

test("a hundred nested folders with names of 200 bytes are removed, though no path names the last", () =>
  removesWhole(made("long", nested(100, 200))));

test("ten thousand nested folders are removed with few open files", async () => {
  const tree = made("deep", nested(10_000, 1));
  execFileSync("prlimit", ["--nofile=128:128", "--pid", String(spawner.child.pid)]);
  await removesWhole(tree);
});

test("many deep branches are removed, each read on where it was left", () =>
  removesWhole(
    made(
      "branches",
      `for branch in 1 2 3 4 5; do mkdir $branch; (cd $branch; ${nested(150, 2)}); mv $branch/dd $branch/ee; (cd $branch; ${nested(150, 2)}); done`,
    ),
  ));

test("names of any bytes are removed", async () => {
  const names = [...Array(255).keys()].map((byte) => byte + 1).filter((byte) => byte !== 47);
  const script = names.map((byte) => `printf '' > "$(printf '\\${byte.toString(8)}x')"`).join("\n");
  const tree = made("bytes", `${script}\nmkdir "$(printf '\\377\\376')" "$(printf 'a\\nb')" -- -rf '*'`);
  assert.ok(readdirSync(tree).length > 250);
  await removesWhole(tree);
});

test("sockets, devices, pipes, whiteouts, hard links, sparse files and folders of no mode are removed", {
  skip: root,
}, async () => {
  const tree = made(
    "kinds",
    "mkfifo pipe; mknod null c 1 3; mknod block b 7 200; mknod whiteout c 0 0; echo x > one; ln one two; ln -s /etc loop; ln -s . self; truncate -s 1T sparse; mkdir shut; echo x > shut/in; chmod 0 shut",
  );
  const server = createServer().listen(path.join(tree, "socket"));
  await new Promise((resolve) => server.once("listening", resolve));
  await removesWhole(tree);
  server.close();
});

test("twenty thousand files in one folder are removed", () =>
  removesWhole(made("many", `perl -e 'for (1..20000) { open F, ">", "f$_" or die $!; close F }'`)));

test("immutable and append-only files and folders are removed", { skip: chattr }, () =>
  removesWhole(
    made(
      "flags",
      "mkdir -p a/b; echo x > a/b/f; echo x > a/g; chattr +i a/b/f; chattr +a a/g; chattr +i a/b; chattr +a a; mkdir c; chattr +i c; chattr +i .",
    ),
  ),
);

test("what is mounted in a tree is neither entered nor removed, is named, and the rest goes", {
  skip: root,
}, async () => {
  const outside = made("outside", "echo precious > file");
  const tree = made(
    "mounted",
    'mkdir -p a/b/point c; echo x > a/f; mount --bind "$1" a/b/point; touch a/file; mount --bind "$1/file" a/file',
    outside,
  );
  const line = await remove(tree);
  assert.equal(line.left, 2, JSON.stringify(line));
  assert.deepEqual(
    [...(line.first ?? [])].sort((x, y) => (x.path < y.path ? -1 : 1)),
    [
      { path: "a/b/point", errno: "EBUSY" },
      { path: "a/file", errno: "EBUSY" },
    ],
  );
  assert.equal(readFileSync(path.join(outside, "file"), "utf8"), "precious\n");
  assert.deepEqual(readdirSync(tree), ["a"]);
  execFileSync("umount", [path.join(tree, "a/b/point"), path.join(tree, "a/file")]);
  await removesWhole(tree);
  await removesWhole(outside);
});

test("a symlink in the place of a tree goes, and not what it leads to", async () => {
  const outside = made("target", "echo precious > file");
  execFileSync("ln", ["-s", outside, path.join(base, "link")]);
  await removesWhole(path.join(base, "link"));
  assert.ok(existsSync(path.join(outside, "file")));
  await removesWhole(outside);
});

/** Runs perl programs that write into the tree until the work has ended; the work begins when each of them has written. */
async function besideWriters(tree: string, programs: readonly string[], work: () => Promise<unknown>): Promise<void> {
  const ready = "print qq(x\\n) if ++$rounds == 1;";
  const writers = programs.map((program) => {
    const script = `chdir shift or die $!; my $outside = shift; $| = 1; my $rounds = 0; for (;;) { ${program}; ${ready} }`;
    const child = spawn("perl", ["-e", script, tree, path.join(base, "bystander")], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    return { child, exit: once(child, "exit"), ready: once(child.stdout, "data") };
  });
  try {
    for (const writer of writers) await writer.ready;
    await work();
    for (const { child } of writers) assert.equal(child.exitCode ?? child.signalCode, null, "it wrote all the time");
  } finally {
    for (const { child } of writers) child.kill("SIGKILL");
    for (const { exit } of writers) await exit;
  }
}

test("a guest that still writes and moves folders about keeps nobody busy for ever, and nothing outside goes", async () => {
  const outside = made("bystander", "echo precious > file");
  const tree = made("alive", "mkdir -p a/b/c d");
  const moves = `mkdir "a"; mkdir "a/b"; mkdir "a/b/c"; mkdir "d"; rename "a/b", "d/b"; symlink $outside, "a/b"; open F, ">", "d/b/c/f"; unlink "a/b"; rename "d/b", "a/b"`;
  await besideWriters(tree, [moves, moves], () => remove(tree));
  assert.equal(readFileSync(path.join(outside, "file"), "utf8"), "precious\n");
  await removesWhole(tree);
  await removesWhole(outside);
});

// Two processors for the twenty seconds that a writer is waited for.
test("somebody who makes files as fast as they are removed is told of, and keeps nobody busy for ever", {
  skip: onlyLong(),
}, async () => {
  const outside = made("bystander", "echo precious > file");
  const tree = made("flood", "true");
  const makes = (letter: string) => `open F, ">", "${letter}" . $i++`;
  await besideWriters(tree, ["f", "g"].map(makes), async () => {
    const line = await remove(tree);
    assert.ok(line.error === undefined, JSON.stringify(line));
    if (line.left !== 0) assert.deepEqual(line.first, [{ path: ".", errno: "ENOTEMPTY" }]);
  });
  await removesWhole(tree);
  await removesWhole(outside);
});

test("a request that names no tree of its own is refused", async () => {
  for (const tree of ["relative", "/", "/tmp/..", "/tmp/.", "/tmp/"])
    assert.equal((await remove(tree)).error?.errno, "EINVAL", tree);
  assert.equal((await spawner.ask("remove")).error?.errno, "EINVAL");
});

test(
  "subvolumes that a guest made are removed, with those in them and read-only snapshots of them",
  { skip: btrfs },
  () =>
    onBtrfs(async (folder) => {
      const script = `
      mkdir tree; cd tree
      btrfs -q subvolume create sub; mkdir -p sub/deep/er; btrfs -q subvolume create sub/deep/er/inner
      echo x > sub/deep/er/inner/file; btrfs -q subvolume create sub/deep/er/inner/most
      btrfs -q subvolume snapshot -r sub snap
      btrfs -q subvolume snapshot sub/deep/er/inner deepcopy; btrfs property set -t subvol deepcopy ro true
      btrfs property set -t subvol sub/deep/er/inner ro true; btrfs property set -t subvol sub ro true
      mkdir plain; btrfs -q subvolume create plain/x; chattr +i plain`;
      execFileSync("sh", ["-euc", script], { cwd: folder });
      const tree = path.join(folder, "tree");
      const line = await remove(tree);
      assert.equal(line.left, 0, JSON.stringify(line));
      assert.equal(existsSync(tree), false);
      const left = execFileSync("btrfs", ["subvolume", "list", folder], { encoding: "utf8" });
      assert.equal(left, "", "no subvolume is left");
    }),
);

test("what is mounted in a subvolume stays whole when the subvolume goes", { skip: btrfs }, () =>
  onBtrfs(async (folder) => {
    const outside = made("beside", "echo precious > file");
    const script = `
      btrfs -q subvolume create tree; cd tree; echo x > file
      btrfs -q subvolume create inner; mkdir inner/point inner/other; echo x > inner/other/file; mount --bind "$1" inner/point`;
    execFileSync("sh", ["-euc", script, "sh", outside], { cwd: folder });
    await removesWhole(path.join(folder, "tree"));
    assert.equal(readFileSync(path.join(outside, "file"), "utf8"), "precious\n");
    await removesWhole(outside);
  }),
);

test("a full btrfs gives back what a tree holds", { skip: btrfs }, () =>
  onBtrfs(async (folder) => {
    const script = `
      mkdir tree; btrfs -q subvolume create tree/sub
      dd if=/dev/zero of=tree/sub/big bs=1M 2>/dev/null || true
      perl -e 'for (1..200000) { open F, ">", "tree/small$_" or exit; print F "x" x 1500 or exit; close F or exit }'
      dd if=/dev/zero of=tree/other bs=4k 2>/dev/null || true
      sync`;
    execFileSync("sh", ["-euc", script], { cwd: folder });
    const tree = path.join(folder, "tree");
    const line = await remove(tree);
    assert.equal(line.left, 0, JSON.stringify(line));
    // The kernel cleans up what was in a subvolume a moment later.
    const isFree = () => {
      try {
        writeFileSync(path.join(folder, "new"), Buffer.alloc(64 << 20));
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
        return false;
      }
    };
    for (const deadline = Date.now() + 60_000; !isFree(); await delay(100)) assert.ok(Date.now() < deadline);
  }, "256M"),
);
