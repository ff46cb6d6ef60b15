/** The distribution's own lxc client against our daemon: what a user of LXD does on the first day. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { runCli } from "../cli/support/cli";
import { lxcOfFile, skip } from "../support/lxc";

const withLxc = lxcOfFile();

test("lxc launches, lists, describes and deletes a container", { skip }, () =>
  withLxc((lxc) => {
    lxc.run("launch", "bb", "web");
    assert.match(lxc.run("list", "-f", "csv", "-c", "ns"), /^web,RUNNING$/m);
    assert.match(lxc.run("info", "web"), /Status: RUNNING/);
    const running = lxc.try(["delete", "web"]);
    assert.notEqual(running.code, 0);
    lxc.run("stop", "web");
    assert.match(lxc.run("list", "-f", "csv", "-c", "ns"), /^web,STOPPED$/m);
    lxc.run("start", "web");
    lxc.run("restart", "--force", "web");
    lxc.run("restart", "web");
    assert.match(lxc.run("list", "-f", "csv", "-c", "ns"), /^web,RUNNING$/m);
    lxc.run("pause", "web");
    assert.match(lxc.run("list", "-f", "csv", "-c", "ns"), /^web,FROZEN$/m);
    lxc.run("start", "web");
    lxc.run("stop", "--force", "web");
    lxc.run("delete", "web");
    assert.equal(lxc.run("list", "-f", "csv", "-c", "n"), "");
  }),
);

test("lxc exec gives exit codes, standard input, environment, user and folder", { skip }, () =>
  withLxc((lxc) => {
    lxc.run("launch", "bb", "web");
    assert.equal(lxc.try(["exec", "web", "--", "sh", "-c", "exit 3"]).code, 3);
    assert.equal(lxc.try(["exec", "web", "--", "no-such-command"]).code, 127);
    assert.equal(lxc.try(["exec", "web", "--", "sh", "-c", "kill -9 $$"]).code, 137);
    const big = "x".repeat(1_000_000);
    const echoed = lxc.try(["exec", "web", "--", "cat"], big);
    assert.equal(echoed.stdout.length, big.length);
    const both = lxc.try(["exec", "web", "--", "sh", "-c", "echo out; echo err >&2"]);
    assert.equal(both.stdout, "out\n");
    assert.equal(both.stderr, "err\n");
    const args = ["exec", "web", "--user", "33", "--group", "33", "--cwd", "/tmp", "--env", "A=b c", "--"];
    assert.equal(lxc.run(...args, "sh", "-c", 'echo "$(id -u) $(id -g) $(pwd) $A"'), "33 33 /tmp b c\n");
  }),
);

test("lxc exec -t, and bothy exec -t, end with their piped input, and lose no output", { skip }, () =>
  withLxc(async (lxc, daemon) => {
    lxc.run("launch", "bb", "web");
    const env = { BOTHY_ENDPOINT: `unix://${daemon.socket}` };
    const many = Array.from({ length: 500 }, (_, index) => `${index}\n`).join("");
    for (const [input, script, code, expected] of [
      ["x\n", "stty -echo; cat", 0, "x\n"],
      ["", "cat; echo over", 0, "over\n"],
      ["exit 5\n", "stty -echo; PS1= sh", 5, ""],
      [many, "stty -echo; cat", 0, many],
    ] as const) {
      const args = ["exec", "-t", "web", "--", "sh", "-c", script];
      const stock = lxc.try(args, input);
      const own = await runCli(args, { env, input });
      for (const [client, { code: got, stdout }] of [
        ["lxc", stock],
        ["bothy", own],
      ] as const) {
        assert.equal(got, code, `${client}: ${script}`);
        // What was typed before the echo was switched off may be echoed.
        assert.ok(stdout.replaceAll("\r", "").endsWith(expected), `${client}: ${script}: ${stdout}`);
      }
    }
  }),
);

test("lxc pushes, pulls, edits and deletes files, in running and stopped containers", { skip }, () =>
  withLxc((lxc) => {
    lxc.run("launch", "bb", "web");
    const local = path.join(lxc.home, "local.txt");
    writeFileSync(local, "hello\n");
    for (const state of ["running", "stopped"]) {
      if (state === "stopped") lxc.run("stop", "-f", "web");
      lxc.run("file", "push", local, `web/root/${state}.txt`, "--uid", "33", "--gid", "34", "--mode", "0640");
      lxc.run("file", "pull", `web/root/${state}.txt`, path.join(lxc.home, "back.txt"));
      assert.equal(readFileSync(path.join(lxc.home, "back.txt"), "utf8"), "hello\n");
    }
    lxc.run("start", "web");
    assert.equal(lxc.run("exec", "web", "--", "stat", "-c", "%u %g %a", "/root/stopped.txt"), "33 34 640\n");
    lxc.run("file", "delete", "web/root/stopped.txt");
    assert.equal(lxc.try(["exec", "web", "--", "test", "-e", "/root/stopped.txt"]).code, 1);
    lxc.run("file", "push", "--recursive", "--create-dirs", lxc.home, "web/root/tree/");
    assert.match(lxc.run("exec", "web", "--", "find", "/root/tree", "-name", "local.txt"), /local\.txt/);
    assert.match(lxc.try(["file", "pull", "web/no/such", lxc.home]).stderr, /[Nn]ot [Ff]ound/);
  }),
);

test("lxc config set changes a memory limit that the container sees at once", { skip }, () =>
  withLxc((lxc) => {
    lxc.run("launch", "bb", "web");
    lxc.run("config", "set", "web", "limits.memory", "64MiB");
    const seen = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max";
    assert.equal(lxc.run("exec", "web", "--", "sh", "-c", seen), `${64 * 1024 * 1024}\n`);
    assert.equal(lxc.run("config", "get", "web", "limits.memory"), "64MiB\n");
    const wrong = lxc.try(["config", "set", "web", "limits.memory", "lots"]);
    assert.notEqual(wrong.code, 0);
    assert.match(wrong.stderr, /limits\.memory/);
    assert.equal(lxc.run("config", "get", "web", "limits.memory"), "64MiB\n");
  }),
);

test("lxc snapshots, restores and copies a container", { skip }, () =>
  withLxc((lxc) => {
    lxc.run("launch", "bb", "web");
    lxc.run("exec", "web", "--", "sh", "-c", "echo before > /root/state");
    lxc.run("snapshot", "web", "s1");
    lxc.run("exec", "web", "--", "sh", "-c", "echo after > /root/state; rm /etc/profile");
    lxc.run("restore", "web", "s1");
    assert.equal(lxc.run("exec", "web", "--", "cat", "/root/state"), "before\n");
    lxc.run("exec", "web", "--", "test", "-e", "/etc/profile");
    lxc.run("copy", "web", "twin");
    lxc.run("copy", "web/s1", "from-snapshot");
    for (const name of ["twin", "from-snapshot"]) {
      lxc.run("start", name);
      assert.equal(lxc.run("exec", name, "--", "cat", "/root/state"), "before\n");
      assert.equal(lxc.run("exec", name, "--", "hostname"), `${name}\n`);
    }
    assert.match(lxc.run("info", "twin"), /s1/);
    lxc.run("delete", "web/s1");
    lxc.run("stop", "-f", "twin");
    lxc.run("move", "twin", "brother");
    assert.match(lxc.run("list", "-f", "csv", "-c", "n"), /^brother$/m);
  }),
);

test("lxc creates profiles, networks and pools and uses them", { skip }, () =>
  withLxc((lxc) => {
    lxc.run("profile", "create", "small");
    lxc.run("profile", "set", "small", "limits.processes", "50");
    lxc.run("network", "create", "net1", "ipv4.address=10.123.7.1/24", "ipv4.nat=true", "ipv6.address=none");
    lxc.run("storage", "create", "plain", "dir");
    lxc.run("init", "bb", "web", "--storage", "plain", "--network", "net1");
    lxc.run("profile", "assign", "web", "default,small");
    lxc.run("start", "web");
    const pids = "cat /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids.max";
    assert.equal(lxc.run("exec", "web", "--", "sh", "-c", pids), "50\n");
    const address =
      "for i in $(seq 50); do ip -4 addr show eth0 | grep -o 'inet 10.123.7.[0-9]*' && exit 0; sleep 0.1; done; exit 1";
    assert.match(lxc.run("exec", "web", "--", "sh", "-c", address), /inet 10\.123\.7\./);
    assert.match(lxc.run("list", "-f", "csv", "-c", "n4"), /web,10\.123\.7\.\d+ \(eth0\)/);
    assert.match(lxc.run("network", "list-leases", "net1"), /web/i);
    assert.match(lxc.try(["network", "delete", "net1"]).stderr, /currently in use/);
    assert.match(lxc.try(["storage", "delete", "plain"]).stderr, /currently in use/);
    lxc.run("delete", "-f", "web");
    lxc.run("network", "delete", "net1");
    lxc.run("storage", "delete", "plain");
    lxc.run("profile", "delete", "small");
  }),
);

test("lxc attaches a network to a running container", { skip }, () =>
  withLxc((lxc) => {
    lxc.run("launch", "bb", "web");
    lxc.run("network", "create", "net2", "ipv4.address=10.123.8.1/24", "ipv6.address=none");
    lxc.run("network", "attach", "net2", "web", "extra", "eth1");
    lxc.run("exec", "web", "--", "ip", "link", "show", "eth1");
    lxc.run("network", "detach", "net2", "web", "extra");
    assert.notEqual(lxc.try(["exec", "web", "--", "ip", "link", "show", "eth1"]).code, 0);
    lxc.run("delete", "-f", "web");
    lxc.run("network", "delete", "net2");
  }),
);

test("lxc adds a host folder to a running container and takes it away", { skip }, () =>
  withLxc((lxc) => {
    // Any user of the container may look into it: its root is nobody outside.
    const folder = mkdtempSync(path.join(tmpdir(), "bothy-share-"));
    chmodSync(folder, 0o755);
    writeFileSync(path.join(folder, "shared.txt"), "shared\n");
    lxc.run("launch", "bb", "web");
    const options = [`source=${folder}`, "path=/mnt/share", "readonly=true"];
    lxc.run("config", "device", "add", "web", "share", "disk", ...options);
    assert.equal(lxc.run("exec", "web", "--", "cat", "/mnt/share/shared.txt"), "shared\n");
    assert.notEqual(lxc.try(["exec", "web", "--", "touch", "/mnt/share/new"]).code, 0);
    lxc.run("config", "device", "remove", "web", "share");
    assert.notEqual(lxc.try(["exec", "web", "--", "cat", "/mnt/share/shared.txt"]).code, 0);
    rmSync(folder, { recursive: true });
  }),
);

test("lxc lists, shows, acknowledges and deletes a warning of a pool whose folder is gone", { skip }, () =>
  withLxc(async (lxc, daemon) => {
    const source = path.join(lxc.home, "pool");
    mkdirSync(source);
    lxc.run("storage", "create", "gone", "dir", `source=${source}`);
    await daemon.stop();
    renameSync(source, `${source}.away`);
    await daemon.start();
    const listed = () =>
      lxc
        .run("warning", "list", "-f", "csv")
        .split("\n")
        .filter((line) => /Storage pool unavailable/.test(line));
    const [line = ""] = listed();
    assert.match(line, /^[0-9a-f-]{36},Storage pool unavailable,NEW,HIGH,\d+,default,/);
    const uuid = line.slice(0, 36);
    assert.match(lxc.run("warning", "show", uuid), /entity_url: \/1\.0\/storage-pools\/gone/);
    lxc.run("warning", "acknowledge", uuid);
    assert.deepEqual(listed(), [], "the client hides what is acknowledged");
    assert.match(lxc.run("warning", "list", "--all", "-f", "csv"), /,ACKNOWLEDGED,HIGH,/);
    lxc.run("warning", "delete", uuid);
    assert.match(lxc.try(["warning", "show", uuid]).stderr, /Warning not found/);
    renameSync(`${source}.away`, source);
    lxc.run("storage", "delete", "gone");
  }),
);

test("lxc shows, edits and lists metadata and templates of a container", { skip }, () =>
  withLxc((lxc) => {
    lxc.run("init", "bb", "web");
    const shown = lxc.run("config", "metadata", "show", "web");
    assert.match(shown, /^architecture: x86_64$/m);
    assert.equal(lxc.try(["config", "template", "create", "web", "motd.tpl"]).code, 0);
    assert.equal(
      lxc.try(["config", "template", "edit", "web", "motd.tpl"], "welcome to {{ instance.name }}\n").code,
      0,
    );
    assert.match(lxc.run("config", "template", "list", "web", "-f", "csv"), /^motd\.tpl$/m);
    assert.equal(lxc.run("config", "template", "show", "web", "motd.tpl"), "welcome to {{ instance.name }}\n");
    const template = "  /etc/motd:\n    when: [start]\n    template: motd.tpl\n";
    const edited = /^templates: \{\}$/m.test(shown)
      ? shown.replace(/^templates: \{\}$/m, `templates:\n${template}`)
      : shown.replace(/^templates:$/m, `templates:\n${template}`);
    assert.equal(lxc.try(["config", "metadata", "edit", "web"], edited).code, 0);
    lxc.run("start", "web");
    assert.equal(lxc.run("exec", "web", "--", "cat", "/etc/motd"), "welcome to web\n");
    assert.match(lxc.run("info", "web", "--show-log"), /Log:/);
    lxc.run("config", "template", "delete", "web", "motd.tpl");
    assert.doesNotMatch(lxc.run("config", "template", "list", "web", "-f", "csv"), /motd/);
  }),
);
