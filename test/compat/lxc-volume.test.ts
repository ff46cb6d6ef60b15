/** The distribution's own lxc client and custom volumes: every form of `lxc storage volume` that is here. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { type Lxc, lxcOfFile, skip } from "../support/lxc";

const withLxc = lxcOfFile();

const inside = (lxc: Lxc, command: string): string => lxc.run("exec", "box", "--", "sh", "-c", command).trim();

test("lxc storage volume makes, shows, changes, attaches, snapshots, copies, moves and deletes", { skip }, () =>
  withLxc((lxc) => {
    const volume = (...args: string[]) => lxc.run("storage", "volume", ...args);
    lxc.run("storage", "create", "second", "dir");
    volume("create", "main", "data", "size=10MiB", "user.owner=me");
    volume("create", "main", "raw", "--type=block", "size=4MiB");
    assert.match(volume("list", "main", "-f", "csv"), /^custom,data,,filesystem,0$/m);
    assert.match(volume("list", "main", "-f", "csv"), /^custom,raw,,block,0$/m);
    assert.match(volume("show", "main", "data"), /user\.owner: me/);
    assert.equal(volume("get", "main", "data", "size").trim(), "10MiB");
    volume("set", "main", "data", "user.owner=you");
    volume("unset", "main", "data", "size");
    assert.equal(volume("get", "main", "data", "user.owner").trim(), "you");
    assert.match(volume("info", "main", "raw"), /Total: 4\.00MiB/);
    const edited = lxc.try(["storage", "volume", "edit", "main", "data"], "description: edited\nconfig: {}\n");
    assert.equal(edited.code, 0, edited.stderr);
    assert.match(volume("show", "main", "data"), /description: edited/);

    lxc.run("launch", "bb", "box");
    volume("attach", "main", "data", "box", "/srv/data");
    inside(lxc, "echo one >/srv/data/file");
    assert.match(volume("list", "main", "-f", "csv"), /^custom,data,edited,filesystem,1$/m);
    volume("snapshot", "main", "data", "first");
    volume("snapshot", "main", "data");
    inside(lxc, "echo two >/srv/data/file");
    assert.match(volume("list", "main", "-f", "csv"), /^custom \(snapshot\),data\/first,/m);
    assert.match(volume("show", "main", "data/first"), /name: first/);
    const running = lxc.try(["storage", "volume", "restore", "main", "data", "first"]);
    assert.match(running.stderr, /Cannot restore custom volume used by running instances/);
    volume("detach", "main", "data", "box");
    assert.equal(inside(lxc, "ls /srv/data"), "");
    volume("restore", "main", "data", "first");
    volume("attach", "main", "data", "box", "again", "/srv/data");
    assert.equal(inside(lxc, "cat /srv/data/file"), "one");
    volume("detach", "main", "data", "box", "again");
    volume("rename", "main", "data/first", "data/uno");
    volume("delete", "main", "data/snap0");

    volume("copy", "main/data", "second/copy");
    assert.match(volume("list", "second", "-f", "csv"), /^custom \(snapshot\),copy\/uno,/m);
    volume("copy", "main/data", "second/copy", "--refresh");
    volume("copy", "main/data", "second/alone", "--volume-only");
    assert.doesNotMatch(volume("list", "second", "-f", "csv"), /alone\//);
    volume("move", "second/copy", "main/moved");
    volume("rename", "main", "moved", "renamed");
    assert.match(volume("list", "main", "-f", "csv"), /^custom,renamed,edited,filesystem,0$/m);
    lxc.run("project", "create", "lab");
    volume("move", "main/renamed", "main/renamed", "--target-project", "lab");
    assert.match(volume("list", "main", "-f", "csv", "--project", "lab"), /^custom,renamed,/m);
    volume("delete", "main", "renamed", "--project", "lab");
    lxc.run("project", "delete", "lab");

    const refused = lxc.try(["storage", "volume", "attach", "main", "raw", "box", "/srv/raw"]);
    assert.match(refused.stderr, /Custom block volumes cannot be used on containers/);
    for (const name of ["data", "raw"]) volume("delete", "main", name);
    volume("delete", "second", "alone");
    lxc.run("storage", "delete", "second");
    lxc.run("delete", "-f", "box");
  }),
);

test("lxc storage volume export and import carry a volume into another name and pool", { skip }, () =>
  withLxc((lxc) => {
    const volume = (...args: string[]) => lxc.run("storage", "volume", ...args);
    lxc.run("storage", "create", "second", "dir");
    volume("create", "main", "data", "size=10MiB");
    lxc.run("launch", "bb", "box");
    volume("attach", "main", "data", "box", "/srv/data");
    inside(lxc, "echo one >/srv/data/file; chown 5:6 /srv/data/file");
    volume("snapshot", "main", "data", "s1");
    inside(lxc, "echo two >/srv/data/file");
    const file = path.join(lxc.home, "data.tar");
    volume("export", "main", "data", file, "-q");
    volume(
      "export",
      "main",
      "data",
      `${file}.zst`,
      "--volume-only",
      "--optimized-storage",
      "--compression",
      "zstd -1",
      "-q",
    );
    const backups = lxc.run("query", "/1.0/storage-pools/main/volumes/custom/data/backups");
    assert.deepEqual(JSON.parse(backups), [], "the client takes it away");
    assert.match(lxc.try(["storage", "volume", "import", "main", file, "-q"]).stderr, /already exists/);
    volume("import", "second", file, "copy", "-q");
    volume("import", "second", `${file}.zst`, "-q");
    assert.match(
      volume("list", "second", "-f", "csv"),
      /^custom,copy,.*\ncustom \(snapshot\),copy\/s1,.*\ncustom,data,/s,
    );
    assert.doesNotMatch(volume("list", "second", "-f", "csv"), /data\//);
    assert.equal(volume("get", "second", "copy", "size").trim(), "10MiB");
    volume("restore", "second", "copy", "s1");
    volume("attach", "second", "copy", "box", "/srv/copy");
    volume("attach", "second", "data", "box", "other", "/srv/other");
    const seen = inside(lxc, "cat /srv/copy/file /srv/other/file; stat -c %u:%g /srv/copy/file /srv/other/file");
    assert.equal(seen, "one\ntwo\n5:6\n5:6");
    lxc.run("delete", "-f", "box");
    volume("delete", "main", "data");
    for (const name of ["copy", "data"]) volume("delete", "second", name);
    lxc.run("storage", "delete", "second");
  }),
);
