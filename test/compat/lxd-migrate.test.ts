/** Instances go between a real LXD and ours, both ways, by pull, push and relay, with snapshots and owners. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import path from "node:path";
import { json } from "node:stream/consumers";
import { test } from "node:test";
import { preparePool, withDaemon } from "../support/daemon";
import { FarLxc } from "../support/far-lxc";
import { listenAt } from "../support/https";
import { requireFeature } from "../support/require";
import { firstAddress, joinNamespaces, partNamespaces, secondAddress } from "../support/servers";

/** State folder of an LXD that runs; the test makes a pool and containers of its own in it. */
const lxdDir = process.env.BOTHY_TEST_LXD_DIR ?? "";
const skip = requireFeature("lxd", existsSync(path.join(lxdDir, "unix.socket")));

const pool = "bothy-migrate-test";
const names = ["bothy-pull", "bothy-push", "bothy-relay"];

const see = "cat /root/file; stat -c '%u:%g %a' /root/file; readlink /root/link";

async function lxdPid(): Promise<number> {
  const socketPath = path.join(lxdDir, "unix.socket");
  const answer = await new Promise<unknown>((resolve, reject) =>
    request({ socketPath, path: "/1.0" }, (response) => json(response).then(resolve, reject))
      .on("error", reject)
      .end(),
  );
  return (answer as { metadata: { environment: { server_pid: number } } }).metadata.environment.server_pid;
}

test("instances go from ours to LXD and back, by pull, push and relay", { skip }, async () => {
  const pid = await lxdPid();
  await withDaemon({ bare: true }, async (daemon) => {
    joinNamespaces(daemon.netns.pid, pid);
    using lxc = new FarLxc(pid, { LXD_DIR: lxdDir });
    const { run } = lxc;
    const address = run("config", "get", "core.https_address").trim();
    try {
      await preparePool(daemon, "overlay");
      await listenAt(daemon, `${firstAddress}:8443`);
      await daemon.request("PATCH", "/1.0", { config: { "core.trust_password": "sesame" } });
      run("config", "set", "core.https_address", `${secondAddress}:8443`);
      run("remote", "add", "ours", `https://${firstAddress}:8443`, "--accept-certificate", "--password", "sesame");
      run("storage", "create", pool, "dir");
      await (await daemon.client.createImage({ source: { type: "template", template: "busybox" } })).wait();
      const [image] = await daemon.client.listImages();
      run("launch", `ours:${image?.fingerprint}`, "ours:web", "-s", "default", "-q");
      const inside = (...words: string[]) => run("exec", "ours:web", "--", "sh", "-c", words.join("; "));
      inside("echo one > /root/file", "chown 5:6 /root/file", "chmod 640 /root/file", "ln -s /etc/passwd /root/link");
      run("snapshot", "ours:web", "s1");
      inside("echo two2 > /root/file", "rm /root/link", "ln -s /etc/group /root/link");
      run("stop", "-f", "ours:web");
      const check = (name: string) => {
        run("start", name);
        assert.equal(run("exec", name, "--", "sh", "-c", see), "two2\n5:6 640\n/etc/group\n", name);
        run("stop", "-f", name);
        run("restore", name, "s1");
        run("start", name);
        assert.equal(run("exec", name, "--", "sh", "-c", see), "one\n5:6 640\n/etc/passwd\n", name);
        run("stop", "-f", name);
      };
      for (const [index, mode] of ["pull", "push", "relay"].entries()) {
        const name = names[index] ?? "";
        run("copy", "ours:web", `local:${name}`, "--no-profiles", "-s", pool, "--mode", mode, "-q");
        // As LXD's images have some.
        const node = path.join(lxdDir, "storage-pools", pool, "containers", name, "rootfs", "dev", "node");
        execFileSync("mknod", [node, "c", "1", "3"]);
        run("copy", `local:${name}`, `ours:${mode}`, "-s", "default", "--mode", mode, "-q");
        check(`local:${name}`);
        check(`ours:${mode}`);
      }
      run("start", `local:${names[0]}`);
      run("exec", `local:${names[0]}`, "--", "sh", "-c", "echo more > /root/file");
      // LXD sends the root of one that runs twice.
      run("copy", `local:${names[0]}`, "ours:running", "-s", "default", "--stateless", "-q");
      run("start", "ours:running");
      assert.equal(run("exec", "ours:running", "--", "cat", "/root/file"), "more\n");
      run("stop", "-f", `local:${names[0]}`);
      run("copy", `local:${names[0]}`, "ours:push", "-s", "default", "--refresh", "-q");
      run("start", "ours:push");
      assert.equal(run("exec", "ours:push", "--", "cat", "/root/file"), "more\n");
      // To LXD, whose last step is a change of the settings.
      const reached = (id: string) => run("config", "get", `local:${names[1]}`, id).trim();
      run("config", "set", "ours:web", "user.later", "yes");
      run("snapshot", "ours:web", "s2");
      run("copy", "ours:web", `local:${names[1]}`, "-s", pool, "--refresh", "-q");
      assert.equal(reached("user.later"), "yes");
      assert.equal(reached("volatile.last_state.idmap"), "[]", "its files have the ids that we sent");
      assert.match(run("info", `local:${names[1]}`), /s2/);
      check(`local:${names[1]}`);
      // Volumes as well.
      run("storage", "volume", "create", "ours:default", "data");
      const file = (volume: string) =>
        path.join(daemon.dir, "storage-pools", "default", "custom", `default_${volume}`, "rootfs", "file");
      writeFileSync(file("data"), "one");
      run("storage", "volume", "snapshot", "ours:default", "data", "s1");
      writeFileSync(file("data"), "two, longer");
      run("storage", "volume", "copy", "ours:default/data", `local:${pool}/data`);
      run("storage", "volume", "copy", `local:${pool}/data`, "ours:default/back", "--mode", "push");
      assert.equal(readFileSync(file("back"), "utf8"), "two, longer");
      run("storage", "volume", "restore", "ours:default", "back", "s1");
      assert.equal(readFileSync(file("back"), "utf8"), "one");
      // And the bytes of disks.
      const disk = (volume: string) => path.join(path.dirname(file(volume)), "root.img");
      run("storage", "volume", "create", "ours:default", "disk", "--type=block", "size=2MiB");
      const bytes = Buffer.alloc(2 * 1024 * 1024);
      bytes.write("first", 1_000_000);
      writeFileSync(disk("disk"), bytes);
      run("storage", "volume", "snapshot", "ours:default", "disk", "s1");
      bytes.write("second", 1_000_000);
      writeFileSync(disk("disk"), bytes);
      run("storage", "volume", "copy", "ours:default/disk", `local:${pool}/disk`);
      assert.ok(
        readFileSync(path.join(lxdDir, "storage-pools", pool, "custom", "default_disk", "root.img")).equals(bytes),
      );
      for (const mode of ["pull", "push"]) {
        run("storage", "volume", "copy", `local:${pool}/disk`, `ours:default/${mode}disk`, "--mode", mode);
        assert.ok(readFileSync(disk(`${mode}disk`)).equals(bytes));
        run("storage", "volume", "restore", "ours:default", `${mode}disk`, "s1");
        assert.equal(readFileSync(disk(`${mode}disk`)).toString("utf8", 1_000_000, 1_000_006), "first\0");
      }
    } finally {
      for (const name of ["data", "disk"]) lxc.try(["storage", "volume", "delete", `local:${pool}`, name]);
      for (const name of names) lxc.try(["delete", "-f", `local:${name}`]);
      lxc.try(["storage", "delete", `local:${pool}`]);
      lxc.try(["config", "set", "core.https_address", address]);
      partNamespaces(daemon.netns.pid);
    }
  });
});
