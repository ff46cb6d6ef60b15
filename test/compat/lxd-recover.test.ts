/** The distribution's own `lxd recover` brings instances back that our daemon has forgotten. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { skip as noClient, withLxc } from "../support/lxc";
import { requireFeature } from "../support/require";
import { until } from "../support/until";

const skip = noClient || requireFeature("lxd", existsSync("/usr/bin/lxd"));

test("lxd recover finds a pool that is not known, and the container in it", { skip }, () =>
  withLxc(async (lxc, daemon) => {
    lxc.run("launch", "bb", "web");
    lxc.run("exec", "web", "--", "sh", "-c", "echo kept > /root/file");
    lxc.run("snapshot", "web", "s0");
    lxc.run("config", "set", "web", "user.note", "here");
    lxc.run("stop", "-f", "web");
    const pool = path.join(daemon.dir, "storage-pools", "main");
    const told = path.join(pool, "containers", "web", "backup.yaml");
    await until(async () => spawnSync("grep", ["-q", "user.note: here", told]).status === 0);
    await daemon.kill();
    rmSync(path.join(daemon.dir, "database"), { recursive: true });
    await daemon.start();
    const answers = ["yes", "main", "overlay", pool, "", "no", "yes", "yes", ""].join("\n");
    const env = { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", HOME: lxc.home, LXD_DIR: daemon.dir };
    const done = spawnSync("/usr/bin/lxd", ["recover"], { env, input: answers, encoding: "utf8", timeout: 60_000 });
    assert.match(done.stdout, /Container "web" on pool "main" in project "default" \(includes 1 snapshots\)/);
    assert.equal(done.status, 0, done.stdout + done.stderr);
    assert.equal(lxc.run("config", "get", "web", "user.note"), "here\n");
    lxc.run("start", "web");
    assert.equal(lxc.run("exec", "web", "--", "cat", "/root/file"), "kept\n");
    assert.match(lxc.run("info", "web"), /s0/);
    lxc.run("delete", "-f", "web");
  }),
);
