/** Backups go from a real LXD to ours and back: each makes an instance, or a volume, of what the other one wrote, with snapshots and owners. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chownSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { type Lxc, withLxc } from "../support/lxc";
import { hasProgram } from "../support/netns";
import { requireFeature } from "../support/require";

/** State folder of an LXD that runs; tests make a pool and a container of their own in it. */
const lxdDir = process.env.BOTHY_TEST_LXD_DIR ?? "";
const skip = requireFeature("lxd", existsSync(path.join(lxdDir, "unix.socket")));

const pool = "bothy-backup-test";

function lxd(home: string, ...args: string[]): string {
  const env = { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", HOME: home, LXD_DIR: lxdDir };
  const done = spawnSync("/usr/bin/lxc", args, { env, encoding: "utf8", timeout: 120_000 });
  assert.equal(done.status, 0, `lxc ${args.join(" ")}: ${done.stderr}`);
  return done.stdout;
}

const see = "cat /root/file; stat -c '%u:%g %a' /root/file; ls -ln /root | wc -l";
const seen = "two\n5:6 640\n";

function fill(run: (...args: string[]) => string, name: string): void {
  run("exec", name, "--", "sh", "-c", "echo one > /root/file; chown 5:6 /root/file; chmod 640 /root/file");
  run("snapshot", name, "s1");
  run("exec", name, "--", "sh", "-c", "echo two > /root/file");
}

function check(run: (...args: string[]) => string, name: string): void {
  run("start", name);
  assert.ok(run("exec", name, "--", "sh", "-c", see).startsWith(seen));
  assert.equal(run("exec", name, "--", "sh", "-c", "hostname"), `${name}\n`);
  run("stop", "-f", name);
  run("restore", name, "s1");
  run("start", name);
  assert.equal(run("exec", name, "--", "cat", "/root/file"), "one\n");
  run("delete", "-f", name);
}

const inLxd = (lxc: Lxc, work: (run: (...args: string[]) => string) => void): void => {
  const run = (...args: string[]) => lxd(lxc.home, ...args);
  run("storage", "create", pool, "dir");
  try {
    run("image", "import", path.join(lxc.home, "image.tar.gz"), "--alias", pool);
    work(run);
  } finally {
    for (const name of ["bothy-here", "bothy-there"])
      spawnSync("/usr/bin/lxc", ["delete", "-f", name], { env: { PATH: "/usr/bin", HOME: lxc.home, LXD_DIR: lxdDir } });
    run("image", "delete", pool);
    run("storage", "delete", pool);
  }
};

/** LXD's own client tells which server it is at, so that both are asked alike. */
test("a backup of LXD becomes a container of ours, and one of ours a container of LXD's", { skip }, () =>
  withLxc((lxc) => {
    lxc.run("init", "bb", "seed", "-q");
    lxc.run("publish", "seed", "--alias", "seed", "-q");
    lxc.run("image", "export", "seed", path.join(lxc.home, "image"));
    lxc.run("delete", "seed");
    lxc.run("image", "delete", "seed");
    inLxd(lxc, (theirs) => {
      const ours = (...args: string[]) => lxc.run(...args);
      const halt = ["-c", "raw.lxc=lxc.signal.halt=SIGUSR1"];
      theirs("init", pool, "bothy-there", "--storage", pool, "--no-profiles", ...halt, "-q");
      theirs("start", "bothy-there");
      fill(theirs, "bothy-there");
      const file = path.join(lxc.home, "there.tar.gz");
      theirs("export", "bothy-there", file, "-q");
      ours("import", file, "-q");
      assert.match(ours("config", "template", "list", "bothy-there", "-f", "csv"), /hostname\.tpl/);
      check(ours, "bothy-there");

      ours("init", "bb", "bothy-here", "-q");
      ours("start", "bothy-here");
      fill(ours, "bothy-here");
      const back = path.join(lxc.home, "here.tar.gz");
      ours("export", "bothy-here", back, "-q");
      theirs("import", back, "--storage", pool, "-q");
      check(theirs, "bothy-here");
      theirs("delete", "-f", "bothy-there");
      ours("delete", "-f", "bothy-here");
    });
  }),
);

/** Both make a volume with a snapshot, and each makes another of what the other one wrote. */
test("volumes of files and of bytes go from LXD to us and back, with their snapshots", { skip }, () =>
  withLxc((lxc) => {
    const ours = (...args: string[]) => lxc.run(...args);
    const theirs = (...args: string[]) => lxd(lxc.home, ...args);
    const folder = (of: string, at: string, volume: string) => {
      const whole = path.join(of, "storage-pools", at, volume);
      // A volume that has a size lies in a file system of its own here.
      const places = [path.join(whole, "disk", "rootfs"), path.join(whole, "rootfs"), whole];
      return places.find((place) => existsSync(place)) ?? whole;
    };
    theirs("storage", "create", pool, "dir");
    ours("storage", "create", pool, "dir");
    const sides = [
      { run: theirs, dir: lxdDir, name: "bothy-there" },
      { run: ours, dir: lxc.env.LXD_DIR!, name: "bothy-here" },
    ];
    try {
      for (const { run, dir, name } of sides) {
        run("storage", "volume", "create", pool, name, "size=8MiB", "user.note=yes");
        run("storage", "volume", "create", pool, `${name}-raw`, "--type=block", "size=1MiB");
        const at = (volume: string) => folder(dir, pool, `custom/default_${volume}`);
        for (const text of ["one", "two"]) {
          writeFileSync(path.join(at(name), "file"), text);
          chownSync(path.join(at(name), "file"), 5, 6);
          writeFileSync(path.join(at(`${name}-raw`), "root.img"), text, { flag: "r+" });
          if (text === "one")
            for (const each of [name, `${name}-raw`]) run("storage", "volume", "snapshot", pool, each, "s1");
        }
      }
      for (const [from, to] of [sides, sides.toReversed()])
        for (const [name, file] of [
          [from!.name, "file"],
          [`${from!.name}-raw`, "root.img"],
        ] as const) {
          const packed = path.join(lxc.home, `${name}.tar.gz`);
          from!.run("storage", "volume", "export", pool, name, packed, "-q");
          to!.run("storage", "volume", "import", pool, packed, name, "-q");
          const read = (volume: string) => path.join(folder(to!.dir, pool, volume), file);
          assert.equal(
            readFileSync(read(`custom/default_${name}`))
              .subarray(0, 3)
              .toString(),
            "two",
          );
          const snapshot = read(`custom-snapshots/default_${name}/s1`);
          assert.equal(readFileSync(snapshot).subarray(0, 3).toString(), "one");
          const { uid, gid, size } = statSync(snapshot);
          assert.deepEqual([uid, gid, size], file === "file" ? [5, 6, 3] : [0, 0, 1 << 20]);
          assert.equal(
            to!.run("storage", "volume", "get", pool, name, "size").trim(),
            file === "file" ? "8MiB" : "1MiB",
          );
          assert.match(to!.run("storage", "volume", "show", pool, name), /content_type: (filesystem|block)/);
        }
    } finally {
      for (const { run } of sides) {
        for (const name of ["bothy-there", "bothy-there-raw", "bothy-here", "bothy-here-raw"])
          try {
            run("storage", "volume", "delete", pool, name);
          } catch {
            // It was not made.
          }
        run("storage", "delete", pool);
      }
    }
  }),
);

/** Streams of btrfs, which nobody may receive here, against plain files. */
test(
  "a file of LXD's with streams of btrfs is refused and says so; ours by --optimized-storage is one that LXD imports into btrfs",
  {
    skip: skip || requireFeature("btrfs", hasProgram("mkfs.btrfs")),
  },
  () =>
    withLxc((lxc) => {
      const ours = (...args: string[]) => lxc.run(...args);
      const theirs = (...args: string[]) => lxd(lxc.home, ...args);
      const refused = (...args: string[]) => {
        const { code, stderr } = lxc.try(args);
        assert.notEqual(code, 0, args.join(" "));
        return stderr;
      };
      for (const run of [ours, theirs]) run("storage", "create", pool, "btrfs", "size=512MiB");
      try {
        theirs("init", "--empty", "bothy-there", "--storage", pool, "--no-profiles", "-q");
        theirs("snapshot", "bothy-there", "s1");
        theirs("storage", "volume", "create", pool, "bothy-there");
        const streams = path.join(lxc.home, "streams.tar.gz");
        theirs("export", "bothy-there", streams, "--optimized-storage", "-q");
        assert.match(refused("import", streams, "-s", pool), /without optimized storage/);
        theirs("storage", "volume", "export", pool, "bothy-there", `${streams}.volume`, "--optimized-storage", "-q");
        assert.match(
          refused("storage", "volume", "import", pool, `${streams}.volume`, "bothy-there"),
          /without optimized storage/,
        );

        ours("init", "bb", "bothy-here", "--storage", pool, "-q");
        ours("start", "bothy-here");
        fill(ours, "bothy-here");
        const plain = path.join(lxc.home, "plain.tar.gz");
        ours("export", "bothy-here", plain, "--optimized-storage", "-q");
        theirs("import", plain, "--storage", pool, "-q");
        assert.match(theirs("info", "bothy-here"), /s1/);
        assert.equal(theirs("file", "pull", "bothy-here/root/file", "-"), "two\n");
        ours("delete", "-f", "bothy-here");
        ours("import", plain, "-q");
        check(ours, "bothy-here");
      } finally {
        const env = { PATH: "/usr/bin", HOME: lxc.home, LXD_DIR: lxdDir };
        for (const args of [
          ["delete", "-f", "bothy-here"],
          ["delete", "-f", "bothy-there"],
          ["storage", "volume", "delete", pool, "bothy-there"],
          ["storage", "delete", pool],
        ])
          spawnSync("/usr/bin/lxc", args, { env });
      }
    }),
);
