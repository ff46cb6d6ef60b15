/** Backups go from a real LXD to ours and back: each makes an instance of what the other one wrote, with snapshots and owners. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { type Lxc, withLxc } from "../support/lxc";
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
