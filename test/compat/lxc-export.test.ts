/** The distribution's own lxc client publishes, exports and imports containers, with each of its flags. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { lxcOfFile, skip } from "../support/lxc";

const withLxc = lxcOfFile();

test("lxc publish makes an image of a stopped container and of a snapshot, and containers start of it", { skip }, () =>
  withLxc((lxc) => {
    lxc.run("launch", "bb", "web");
    lxc.run("exec", "web", "--", "sh", "-c", "echo before > /root/file; chown 5:6 /root/file");
    lxc.run("snapshot", "web", "s0");
    lxc.run("exec", "web", "--", "sh", "-c", "echo after > /root/file");
    const running = lxc.try(["publish", "web"]);
    assert.notEqual(running.code, 0);
    assert.match(running.stderr, /The instance is currently running. Use --force|running/);
    assert.match(
      lxc.run("publish", "web/s0", "--alias", "old", "--public", "--compression", "zstd -1", "os=mine", "role=db"),
      /published with fingerprint: [0-9a-f]{64}/,
    );
    lxc.run("publish", "web", "--force", "--alias", "new", "--expire", "2031-01-01T00:00:00Z", "--compression", "none");
    assert.match(lxc.run("list", "-f", "csv", "-c", "ns"), /^web,RUNNING$/m, "--force starts it again");
    const shown = lxc.run("image", "show", "old");
    assert.match(shown, /os: mine\n {2}role: db\n/);
    assert.match(shown, /public: true/);
    assert.match(lxc.run("image", "show", "new"), /expires_at: 2031-01-01T00:00:00Z/);
    for (const [alias, content] of [
      ["old", "before"],
      ["new", "after"],
    ] as const) {
      lxc.run("launch", alias, alias);
      const see = 'echo "$(hostname) $(cat /root/file) $(stat -c %u:%g /root/file)"';
      assert.equal(lxc.run("exec", alias, "--", "sh", "-c", see), `${alias} ${content} 5:6\n`);
    }
    lxc.run("delete", "-f", "old", "new", "web");
    lxc.run("image", "delete", "old", "new");
  }),
);

test("lxc export and import carry a container with its snapshots into another name and pool", { skip }, () =>
  withLxc((lxc) => {
    lxc.run("launch", "bb", "web");
    lxc.run("exec", "web", "--", "sh", "-c", "echo before > /root/file");
    lxc.run("snapshot", "web", "s0");
    lxc.run("exec", "web", "--", "sh", "-c", "echo after > /root/file");
    lxc.run("storage", "create", "plain", "dir");
    const file = path.join(lxc.home, "web.tar");
    lxc.run("export", "web", file, "-q");
    lxc.run("export", "web", `${file}.zst`, "--instance-only", "--optimized-storage", "--compression", "zstd -1", "-q");
    assert.deepEqual(JSON.parse(lxc.run("query", "/1.0/instances/web/backups")), [], "the client takes it away");
    assert.match(lxc.try(["import", file, "-q"]).stderr, /already exists/);
    lxc.run("import", file, "twin", "--storage", "plain", "-q");
    lxc.run("import", `${file}.zst`, "lone", "-q");
    lxc.run("start", "twin", "lone");
    for (const name of ["twin", "lone"]) assert.equal(lxc.run("exec", name, "--", "cat", "/root/file"), "after\n");
    lxc.run("restore", "twin", "s0");
    assert.equal(lxc.run("exec", "twin", "--", "cat", "/root/file"), "before\n");
    assert.deepEqual(JSON.parse(lxc.run("query", "/1.0/instances/lone/snapshots")), []);
    lxc.run("delete", "-f", "web", "twin", "lone");
    lxc.run("storage", "delete", "plain");
  }),
);
