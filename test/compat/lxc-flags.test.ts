/** Flags of the distribution's own lxc client that work on what there is: copies, logs, lists, edits, files, images and networks. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { type Lxc, lxcOfFile, skip } from "../support/lxc";

const withLxc = lxcOfFile();

const snapshotsOf = (lxc: Lxc, name: string): string[] =>
  (JSON.parse(lxc.run("query", `/1.0/instances/${name}/snapshots`)) as string[]).map(
    (url) => url.split("/").at(-1) ?? "",
  );

const fileOf = (lxc: Lxc, name: string): string => lxc.run("file", "pull", `${name}/root/file`, "-");

function put(lxc: Lxc, name: string, text: string): void {
  assert.equal(lxc.try(["file", "push", "-", `${name}/root/file`], text).code, 0);
}

function refused(lxc: Lxc, why: RegExp, ...args: string[]): void {
  const told = lxc.try(args);
  assert.notEqual(told.code, 0, `lxc ${args.join(" ")}`);
  assert.match(told.stderr, why);
}

test("lxc copy takes its flags: without snapshots, with other settings, ephemeral, without profiles", { skip }, () =>
  withLxc((lxc) => {
    lxc.run("profile", "create", "small");
    lxc.run("init", "bb", "web", "--profile", "default", "--profile", "small");
    lxc.run("config", "set", "web", "user.a=1", "user.b=1");
    lxc.run("config", "device", "add", "web", "data", "disk", "source=/usr/share", "path=/mnt/data");
    lxc.run("snapshot", "web", "s0");
    lxc.run("copy", "web", "alone", "--instance-only");
    assert.deepEqual(snapshotsOf(lxc, "alone"), []);
    lxc.run(
      "copy",
      "web",
      "other",
      "--profile",
      "default",
      "--config",
      "user.a=2",
      "--device",
      "data,readonly=true",
      "--ephemeral",
      "--stateless",
    );
    const other = JSON.parse(lxc.run("query", "/1.0/instances/other"));
    assert.deepEqual(
      [other.profiles, other.ephemeral, other.config["user.a"], other.config["user.b"]],
      [["default"], true, "2", "1"],
    );
    assert.equal(other.devices.data.readonly, "true");
    assert.deepEqual(snapshotsOf(lxc, "other"), ["s0"]);
    refused(lxc, /No root device could be found/, "copy", "web", "bare", "--no-profiles");
    refused(lxc, /cluster/, "copy", "web", "away", "--target", "n1");
    refused(lxc, /Target only allowed when clustered/, "init", "bb", "away", "--target", "n1");
    refused(lxc, /project/i, "copy", "web", "away", "--target-project", "nosuch");
    refused(lxc, /[Ss]torage pool not found/, "copy", "web", "away", "--storage", "nosuch");
    assert.deepEqual(lxc.run("list", "-f", "csv", "-c", "n").trim().split("\n"), ["alone", "other", "web"]);
    lxc.run("delete", "alone", "other", "web");
    lxc.run("profile", "delete", "small");
  }),
);

test(
  "lxc copy --refresh makes the copy again, copies the snapshots that are missing and removes those that are gone",
  { skip },
  () =>
    withLxc((lxc) => {
      lxc.run("init", "bb", "web");
      lxc.run("config", "device", "add", "web", "eth0", "nic", "nictype=p2p");
      put(lxc, "web", "one");
      for (const name of ["s0", "s1"]) lxc.run("snapshot", "web", name);
      lxc.run("copy", "web", "twin", "--refresh");
      assert.deepEqual(snapshotsOf(lxc, "twin"), ["s0", "s1"]);
      const identity = () =>
        ["volatile.uuid", "volatile.idmap.base", "volatile.eth0.hwaddr"].map((key) =>
          lxc.run("config", "get", "twin", key),
        );
      const before = identity();
      lxc.run("config", "set", "web", "user.a=new");
      lxc.run("config", "set", "twin", "user.own=lost");
      put(lxc, "web", "two");
      put(lxc, "twin", "own");
      lxc.run("snapshot", "twin", "own");
      lxc.run("delete", "web/s0");
      lxc.run("delete", "web/s1");
      put(lxc, "web", "three");
      for (const name of ["s1", "s2"]) lxc.run("snapshot", "web", name);
      lxc.run("copy", "web", "twin", "--refresh");
      assert.deepEqual(snapshotsOf(lxc, "twin"), ["s1", "s2"]);
      assert.equal(fileOf(lxc, "twin"), "three");
      assert.deepEqual(
        [lxc.run("config", "get", "twin", "user.a"), lxc.run("config", "get", "twin", "user.own")],
        ["new\n", "\n"],
      );
      assert.deepEqual(identity(), before);
      // That of the same name is the new one, not the old one kept.
      lxc.run("restore", "twin", "s1");
      assert.equal(fileOf(lxc, "twin"), "three");
      lxc.run("snapshot", "web", "s3");
      put(lxc, "web", "four");
      lxc.run("copy", "web", "twin", "--refresh", "--instance-only");
      assert.deepEqual([snapshotsOf(lxc, "twin"), fileOf(lxc, "twin")], [["s1", "s2"], "four"]);
      lxc.run("start", "web");
      lxc.run("copy", "web", "twin", "--refresh", "--config", "user.a=mine");
      assert.equal(lxc.run("config", "get", "twin", "user.a"), "mine\n");
      lxc.run("start", "twin");
      refused(lxc, /Instance is running/, "copy", "web", "twin", "--refresh");
      refused(lxc, /already exists/, "copy", "web", "twin");
      assert.equal(lxc.run("exec", "twin", "--", "cat", "/root/file"), "four");
    }),
);

test("lxc copy --refresh reaches a copy in another pool, and leaves nothing on the way", { skip }, () =>
  withLxc((lxc, daemon) => {
    lxc.run("storage", "create", "plain", "dir");
    lxc.run("init", "bb", "web");
    put(lxc, "web", "one");
    lxc.run("copy", "web", "far", "--storage", "plain");
    put(lxc, "web", "two");
    lxc.run("snapshot", "web", "s0");
    lxc.run("copy", "web", "far", "--refresh", "--storage", "plain");
    assert.deepEqual([fileOf(lxc, "far"), snapshotsOf(lxc, "far")], ["two", ["s0"]]);
    assert.equal(daemon.log().includes("refresh-"), false);
    lxc.run("delete", "far");
    lxc.run("storage", "delete", "plain");
  }),
);

test("lxc info --show-log shows the log of a container in any state", { skip }, () =>
  withLxc((lxc) => {
    lxc.run("init", "bb", "web");
    for (const action of [["start"], ["stop", "-f"], ["start"]]) {
      assert.match(lxc.run("info", "web", "--show-log"), /Log:/);
      lxc.run(...action, "web");
    }
    assert.match(lxc.run("info", "web", "--show-log"), /Log:/);
  }),
);

test("lxc init and launch take sizes, settings on standard input, and refuse sizes that nobody knows", { skip }, () =>
  withLxc((lxc) => {
    const made = lxc.try(
      ["launch", "bb", "web", "--type", "c1-m0.5", "--config", "user.a=flag"],
      "config:\n  user.b: stdin\n",
    );
    assert.equal(made.code, 0, made.stderr);
    const get = (key: string) => lxc.run("config", "get", "web", key).trim();
    assert.deepEqual(["limits.cpu", "limits.memory", "user.a", "user.b"].map(get), ["1", "512MB", "flag", "stdin"]);
    lxc.run("init", "bb", "half", "--type", "c0.5-m1", "--config", "limits.memory=64MB");
    assert.equal(lxc.run("config", "get", "half", "limits.cpu.allowance"), "50%\n");
    assert.equal(lxc.run("config", "get", "half", "limits.memory"), "64MB\n");
    refused(lxc, /Provided instance type doesn't exist: t2\.micro/, "init", "bb", "no", "--type", "t2.micro");
  }),
);

test("lxc list shows columns, formats and filters; query, edit and assign do what they say", { skip }, () =>
  withLxc((lxc) => {
    lxc.run("launch", "bb", "web", "--config", "user.role=front");
    lxc.run("init", "bb", "db");
    lxc.run("snapshot", "db", "s0");
    assert.equal(lxc.run("list", "-f", "csv", "-c", "n,s,user.role,S"), "db,STOPPED,,1\nweb,RUNNING,front,0\n");
    for (const columns of ["46abdDeflmM", "nNpPsStu"]) lxc.run("list", "-c", columns);
    for (const format of ["table", "csv", "json", "yaml", "compact"])
      assert.match(lxc.run("list", "-f", format), /web/);
    assert.match(lxc.run("list", "--all-projects", "-f", "csv"), /default,web/);
    const found = (...filter: string[]) => lxc.run("list", "-f", "csv", "-c", "n", ...filter).trim();
    assert.deepEqual(
      [
        found("^w"),
        found("status=stopped"),
        found("user.role=front"),
        found("type=container", "name=db"),
        lxc.run("list", "-f", "csv", "--fast", "db").split(",")[0],
      ],
      ["web", "db", "web", "db", "db"],
    );
    assert.equal(
      lxc.try(["config", "edit", "db"], "config:\n  user.edited: yes\ndevices: {}\nprofiles: [default]\n").code,
      0,
    );
    assert.equal(lxc.run("config", "get", "db", "user.edited"), "yes\n");
    assert.equal(lxc.try(["config", "edit", "db/s0"], "expires_at: 2040-01-01T00:00:00Z\n").code, 0);
    lxc.run("profile", "create", "p1");
    lxc.run("profile", "create", "p2");
    lxc.run("profile", "assign", "db", "default,p1");
    lxc.run("profile", "add", "db", "p2");
    lxc.run("profile", "remove", "db", "p1");
    assert.match(lxc.run("config", "show", "db"), /profiles:\n- default\n- p2\n/);
    assert.equal(lxc.try(["profile", "edit", "p1"], "config:\n  user.x: y\n").code, 0);
    lxc.run("profile", "copy", "p1", "p3");
    assert.equal(lxc.run("profile", "get", "p3", "user.x"), "y\n");
    lxc.run("config", "device", "override", "db", "root", "user.note=mine");
    assert.equal(lxc.run("config", "device", "get", "db", "root", "user.note"), "mine\n");
    lxc.run("query", "--wait", "-X", "PUT", "-d", '{"action":"start","timeout":30}', "/1.0/instances/db/state");
    assert.match(lxc.run("query", "--raw", "/1.0/instances"), /"type": "sync"/);
    lxc.run("move", "db/s0", "db/s9");
    lxc.run("delete", "db/s9");
    lxc.run("delete", "--force", "db", "web");
    for (const name of ["p1", "p2", "p3"]) lxc.run("profile", "delete", name);
  }),
);

test("lxc file pushes and pulls trees, image exports, copies aliases and edits, network lists leases", { skip }, () =>
  withLxc((lxc) => {
    lxc.run("network", "create", "net1", "ipv4.address=10.123.9.1/24", "ipv6.address=none", "bridge.mtu=1400");
    lxc.run("launch", "bb", "web", "--network", "net1");
    mkdirSync(path.join(lxc.home, "tree/deep"), { recursive: true });
    writeFileSync(path.join(lxc.home, "tree/deep/file"), "leaf");
    lxc.run("file", "push", "-r", "-p", path.join(lxc.home, "tree"), "web/root/made/here/");
    assert.equal(lxc.run("exec", "web", "--", "cat", "/root/made/here/tree/deep/file"), "leaf");
    lxc.run("file", "pull", "-r", "web/root/made", path.join(lxc.home, "back"));
    assert.equal(readFileSync(path.join(lxc.home, "back/made/here/tree/deep/file"), "utf8"), "leaf");
    assert.equal(lxc.run("exec", "web", "--", "cat", "/sys/class/net/eth0/mtu"), "1400\n");
    assert.match(
      lxc.run(
        "exec",
        "web",
        "--",
        "sh",
        "-c",
        "udhcpc -i eth0 -q -n -f -s /usr/share/udhcpc/default.script 2>&1; ip -4 addr show eth0",
      ),
      /10\.123\.9\./,
    );
    assert.match(lxc.run("network", "list-leases", "net1", "-f", "csv"), /^WEB,|^web,/m);
    const fingerprint = lxc.run("image", "list", "-f", "csv", "-c", "F").trim();
    lxc.run("image", "alias", "create", "second", fingerprint);
    lxc.run("image", "alias", "rename", "second", "third");
    lxc.run("image", "set-property", "bb", "note", "kept");
    assert.equal(lxc.run("image", "get-property", "third", "note"), "kept\n");
    lxc.run("image", "alias", "delete", "third");
    lxc.run("delete", "--force", "web");
    lxc.run("network", "delete", "net1");
  }),
);

test("lxc moves between pools and projects, starts and stops all, and names what nobody named", { skip }, () =>
  withLxc((lxc) => {
    lxc.run("storage", "create", "plain", "dir");
    lxc.run("project", "create", "lab", "-c", "features.images=false", "-c", "features.profiles=false");
    lxc.run("init", "bb", "web");
    lxc.run("snapshot", "web", "s1");
    lxc.run("move", "web", "web", "--storage", "plain");
    assert.match(lxc.run("config", "show", "web"), /pool: plain/);
    lxc.run("move", "web", "moved", "--target-project", "lab");
    assert.match(lxc.run("info", "moved", "--project", "lab"), /s1/);
    lxc.run(
      "copy",
      "moved",
      "twin",
      "--project",
      "lab",
      "--target-project",
      "default",
      "--storage",
      "main",
      "--instance-only",
    );
    lxc.run("delete", "moved", "--project", "lab");
    lxc.run("init", "bb");
    lxc.run("start", "--all");
    const all = lxc.run("list", "-f", "csv", "-c", "ns").trim().split("\n");
    assert.equal(all.length, 2);
    assert.ok(
      all.every((line) => /^(twin|[a-z]+-[a-z]+),RUNNING$/.test(line)),
      all.join(),
    );
    lxc.run("stop", "--all", "--force");
    assert.equal(lxc.run("list", "-f", "csv", "-c", "s"), "STOPPED\nSTOPPED\n");
    for (const line of all) lxc.run("delete", line.split(",")[0] ?? "");
    lxc.run("project", "delete", "lab");
    lxc.run("storage", "delete", "plain");
  }),
);
