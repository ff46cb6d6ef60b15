/** The distribution's own lxc client copies and moves instances between two servers, in each of its modes. */
import assert from "node:assert/strict";
import { chownSync, closeSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { FarLxc } from "../support/far-lxc";
import { skip } from "../support/lxc";
import { withTwoServers } from "../support/servers";

const see = "cat /root/file; stat -c '%u:%g %a' /root/file; readlink /root/link";

test("instances are copied, refreshed and moved between two servers with their snapshots", { skip }, () =>
  withTwoServers(["overlay", "dir"], async (one, other) => {
    using lxc = new FarLxc(one.daemon.netns.pid, { LXD_DIR: one.daemon.dir });
    const { run } = lxc;
    await other.daemon.request("PATCH", "/1.0", { config: { "core.trust_password": "sesame" } });
    run("remote", "add", "b", `https://${other.address}`, "--accept-certificate", "--password", "sesame");
    await (await one.daemon.client.createImage({ source: { type: "template", template: "busybox" } })).wait();
    const [image] = await one.daemon.client.listImages();
    run("launch", image?.fingerprint ?? "", "web", "-q", "-c", "user.x=1");
    const inside = (...words: string[]) => run("exec", "web", "--", "sh", "-c", words.join("; "));
    inside("echo one > /root/file", "chown 5:6 /root/file", "chmod 640 /root/file", "ln -s /etc/passwd /root/link");
    run("snapshot", "web", "s1");
    inside("echo two > /root/file", "rm /root/link", "ln -s /etc/group /root/link");
    lxc.refuses(/CRIU isn't installed on the source server/, "copy", "web", "b:web", "-q");
    run("copy", "web", "b:running", "--stateless", "--instance-only", "-q");
    assert.doesNotMatch(run("info", "b:running"), /Snapshots/);
    run("stop", "-f", "web");

    for (const mode of ["pull", "push", "relay"]) {
      run("copy", "web", `b:${mode}`, "--mode", mode, "-q");
      run("start", `b:${mode}`);
      assert.equal(
        run("exec", `b:${mode}`, "--", "sh", "-c", `${see}; hostname`),
        `two\n5:6 640\n/etc/group\n${mode}\n`,
      );
      assert.equal(run("config", "get", `b:${mode}`, "user.x").trim(), "1");
      run("stop", "-f", `b:${mode}`);
    }
    run("copy", "web/s1", "b:old", "-q");
    run("start", "b:old");
    assert.equal(run("exec", "b:old", "--", "sh", "-c", see), "one\n5:6 640\n/etc/passwd\n");

    // The other way, with what has changed meanwhile.
    run("snapshot", "web", "s2");
    run("copy", "web", "b:pull", "--refresh", "-q");
    assert.match(run("info", "b:pull"), /s1[\s\S]*s2/);
    const uuid = run("config", "get", "web", "volatile.uuid");
    run("move", "web", "b:moved", "-q");
    assert.equal(run("list", "-f", "csv", "-c", "n"), "");
    assert.equal(run("config", "get", "b:moved", "volatile.uuid"), uuid, "it stays who it is");
    run("restore", "b:moved", "s1");
    run("move", "b:moved", "local:back", "-q");
    run("start", "back");
    assert.equal(run("exec", "back", "--", "sh", "-c", see), "one\n5:6 640\n/etc/passwd\n");
    assert.match(run("info", "back"), /s1[\s\S]*s2/);
  }),
);

test("custom volumes are copied and refreshed between two servers with their snapshots", { skip }, () =>
  withTwoServers(["dir", "overlay"], async (one, other) => {
    using lxc = new FarLxc(one.daemon.netns.pid, { LXD_DIR: one.daemon.dir });
    const { run } = lxc;
    await other.daemon.request("PATCH", "/1.0", { config: { "core.trust_password": "sesame" } });
    run("remote", "add", "b", `https://${other.address}`, "--accept-certificate", "--password", "sesame");
    run("storage", "volume", "create", "default", "data", "user.x=1");
    const content = (server: typeof one) => path.join(server.daemon.dir, "storage-pools", "default", "custom");
    const write = (text: string) => writeFileSync(path.join(content(one), "default_data", "rootfs", "file"), text);
    write("one");
    chownSync(path.join(content(one), "default_data", "rootfs", "file"), 5, 6);
    run("storage", "volume", "snapshot", "default", "data", "s1");
    write("two");
    const has = (name: string, text: string) => {
      const file = path.join(content(other), `default_${name}`, "rootfs", "file");
      assert.equal(readFileSync(file, "utf8"), text);
      assert.deepEqual([statSync(file).uid, statSync(file).gid], [5, 6]);
    };
    for (const mode of ["pull", "push", "relay"]) {
      run("storage", "volume", "copy", "default/data", `b:default/${mode}`, "--mode", mode);
      has(mode, "two");
      assert.equal(run("storage", "volume", "get", "b:default", mode, "user.x").trim(), "1");
      run("storage", "volume", "restore", "b:default", mode, "s1");
      has(mode, "one");
    }
    write("six");
    run("storage", "volume", "snapshot", "default", "data", "s2");
    run("storage", "volume", "copy", "default/data", "b:default/pull", "--refresh");
    has("pull", "six");
    run("storage", "volume", "restore", "b:default", "pull", "s1");
    has("pull", "one");
    run("storage", "volume", "copy", "default/data", "b:default/alone", "--volume-only");
    assert.equal(lxc.try(["storage", "volume", "restore", "b:default", "alone", "s1"]).code === 0, false);
    run("storage", "volume", "move", "default/data", "b:default/moved");
    has("moved", "six");
    assert.equal(lxc.try(["storage", "volume", "show", "default", "data"]).code === 0, false);
  }),
);

test("the bytes of block volumes are copied and refreshed between two servers with their snapshots", { skip }, () =>
  withTwoServers(["dir", "overlay"], async (one, other) => {
    using lxc = new FarLxc(one.daemon.netns.pid, { LXD_DIR: one.daemon.dir });
    const { run } = lxc;
    await other.daemon.request("PATCH", "/1.0", { config: { "core.trust_password": "sesame" } });
    run("remote", "add", "b", `https://${other.address}`, "--accept-certificate", "--password", "sesame");
    run("storage", "volume", "create", "default", "disk", "--type=block", "size=3MiB");
    const file = ({ daemon }: typeof one, name: string) =>
      path.join(daemon.dir, "storage-pools", "default", "custom", `default_${name}`, "rootfs", "root.img");
    const write = (text: string, at: number) => {
      const disk = openSync(file(one, "disk"), "r+");
      writeSync(disk, text, at);
      closeSync(disk);
    };
    const is = (name: string) => assert.ok(readFileSync(file(other, name)).equals(readFileSync(file(one, "disk"))));
    write("one", 1_000_000);
    run("storage", "volume", "snapshot", "default", "disk", "s1");
    write("two", 2_000_000);
    for (const mode of ["pull", "push", "relay"]) {
      run("storage", "volume", "copy", "default/disk", `b:default/${mode}`, "--mode", mode);
      is(mode);
      assert.ok(statSync(file(other, mode)).blocks * 512 < 1024 * 1024, "zeros take no room");
      assert.match(run("storage", "volume", "show", "b:default", mode), /content_type: block/);
    }
    write("six", 500_000);
    run("storage", "volume", "snapshot", "default", "disk", "s2");
    run("storage", "volume", "copy", "default/disk", "b:default/pull", "--refresh");
    is("pull");
    run("storage", "volume", "restore", "b:default", "pull", "s1");
    const old = readFileSync(file(other, "pull"));
    assert.deepEqual([old.length, old.toString("utf8", 1_000_000, 1_000_003)], [3 * 1024 * 1024, "one"]);
    assert.deepEqual([old.readUInt8(500_000), old.readUInt8(2_000_000)], [0, 0]);
    run("storage", "volume", "restore", "b:default", "pull", "s2");
    is("pull");
    // A volume stays what it is.
    run("storage", "volume", "create", "default", "files");
    lxc.refuses(
      /its content type is "block"/,
      "storage",
      "volume",
      "copy",
      "default/files",
      "b:default/pull",
      "--refresh",
    );
    is("pull");
  }),
);
