/** The distribution's own lxc client and projects: every form of `lxc project`, and two projects with the same names side by side. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { type Lxc, lxcOfFile, skip } from "../support/lxc";

const withLxc = lxcOfFile();

/** Takes away all that is in a project, and the project. */
function removeProject(lxc: Lxc, project: string): void {
  const names = (...args: string[]) =>
    lxc
      .run(...args, "--project", project)
      .split("\n")
      .filter(Boolean);
  for (const name of names("list", "-f", "csv", "-c", "n")) lxc.run("delete", "-f", name, "--project", project);
  for (const fingerprint of names("image", "list", "-f", "csv", "-c", "F"))
    lxc.run("image", "delete", fingerprint, "--project", project);
  for (const line of names("profile", "list", "-f", "csv")) {
    const [name = ""] = line.split(",");
    if (name !== "default") lxc.run("profile", "delete", name, "--project", project);
  }
  lxc.run("project", "delete", project);
}

const rows = (text: string): string[] => text.split("\n").filter(Boolean);

test("lxc project creates, lists, shows, sets, gets, unsets, edits, renames and deletes", { skip }, () =>
  withLxc((lxc) => {
    lxc.run("project", "create", "lab", "-c", "user.owner=me", "-c", "features.images=false");
    assert.match(lxc.run("project", "list", "-f", "csv"), /^default \(current\),YES,YES,YES,YES,.*$/m);
    assert.match(lxc.run("project", "list", "-f", "csv"), /^lab,NO,YES,YES,NO,.*$/m);
    assert.match(lxc.run("project", "show", "lab"), /user\.owner: me/);
    lxc.run("project", "set", "lab", "user.room", "1.23");
    assert.equal(lxc.run("project", "get", "lab", "user.room").trim(), "1.23");
    lxc.run("project", "unset", "lab", "user.room");
    assert.equal(lxc.run("project", "get", "lab", "user.room").trim(), "");
    const edited = lxc.try(
      ["project", "edit", "lab"],
      "description: The lab\nconfig:\n  features.profiles: 'true'\n  limits.instances: '3'\n",
    );
    assert.equal(edited.code, 0, edited.stderr);
    const shown = lxc.run("project", "show", "lab");
    assert.match(shown, /description: The lab/);
    assert.match(shown, /limits\.instances: "3"/);
    assert.doesNotMatch(shown, /user\.owner/);
    assert.match(lxc.run("project", "info", "lab"), /INSTANCES\s*\|\s*3\s*\|\s*0/);
    lxc.run("project", "rename", "lab", "hall");
    assert.doesNotMatch(lxc.run("project", "list", "-f", "csv"), /^lab,/m);
    lxc.run("project", "delete", "hall");
    for (const [args, message] of [
      [["project", "delete", "default"], /The 'default' project cannot be deleted/],
      [["project", "rename", "default", "x"], /The 'default' project cannot be renamed/],
      [["project", "create", "a_b"], /Project names may not contain underscores/],
      [["project", "show", "nope"], /Project not found/],
      [["list", "--project", "nope"], /Project not found/],
      [["project", "create", "x", "-c", "nope=1"], /nope/],
    ] as const) {
      const refused = lxc.try(args);
      assert.notEqual(refused.code, 0, args.join(" "));
      assert.match(refused.stderr, message);
    }
  }),
);

test("lxc project switch makes every later command work in the project", { skip }, () =>
  withLxc((lxc) => {
    lxc.run("project", "create", "lab", "-c", "features.images=false", "-c", "features.profiles=false");
    lxc.run("project", "switch", "lab");
    assert.match(lxc.run("project", "list", "-f", "csv"), /^lab \(current\),/m);
    lxc.run("launch", "bb", "web");
    assert.equal(lxc.run("exec", "web", "--", "hostname"), "web\n");
    lxc.run("project", "switch", "default");
    assert.equal(lxc.run("list", "-f", "csv", "-c", "n"), "");
    assert.deepEqual(rows(lxc.run("list", "--project", "lab", "-f", "csv", "-c", "n")), ["web"]);
    lxc.run("delete", "-f", "web", "--project", "lab");
    lxc.run("project", "delete", "lab");
    assert.notEqual(lxc.try(["project", "switch", "lab"]).code, 0);
  }),
);

test(
  "two projects hold containers, profiles and images of the same names, and nothing of one is seen in the other",
  { skip },
  () =>
    withLxc((lxc) => {
      lxc.run("project", "create", "lab");
      const lab = (...args: string[]) => lxc.run(...args, "--project", "lab");
      try {
        assert.deepEqual(rows(lab("image", "list", "-f", "csv")), []);
        const refused = lxc.try(["init", "bb", "web", "--project", "lab"]);
        assert.notEqual(refused.code, 0, "the alias is the default project's");
        lxc.run("image", "export", "bb", `${lxc.home}/mine`);
        const file = readdirSync(lxc.home).find((name) => name.startsWith("mine"));
        lab("image", "import", `${lxc.home}/${file}`, "--alias", "bb");
        lab("profile", "device", "add", "default", "root", "disk", "path=/", "pool=main");
        for (const [project, memory] of [
          ["default", "64MiB"],
          ["lab", "128MiB"],
        ] as const) {
          lxc.run("profile", "create", "small", "--project", project);
          lxc.run("profile", "set", "small", "limits.memory", memory, "--project", project);
          lxc.run("launch", "bb", "web", "-p", "default", "-p", "small", "--project", project);
          const said = lxc.try(["exec", "web", "--project", project, "--", "sh", "-c", `echo ${project} >/root/mark`]);
          assert.equal(said.code, 0, said.stderr);
        }
        assert.equal(lxc.run("exec", "web", "--", "cat", "/root/mark"), "default\n");
        assert.equal(lxc.run("exec", "web", "--project", "lab", "--", "cat", "/root/mark"), "lab\n");
        assert.deepEqual(rows(lxc.run("list", "-f", "csv", "-c", "n")), ["web"]);
        assert.deepEqual(rows(lab("list", "-f", "csv", "-c", "n")), ["web"]);
        assert.deepEqual(rows(lxc.run("list", "--all-projects", "-f", "csv", "-c", "en")).sort(), [
          "default,web",
          "lab,web",
        ]);
        assert.match(lab("profile", "show", "small"), /limits\.memory: 128MiB[\s\S]*web\?project=lab/);
        assert.match(lxc.run("profile", "show", "small"), /limits\.memory: 64MiB/);
        assert.match(lxc.run("project", "show", "lab"), /- \/1\.0\/instances\/web\?project=lab/);
        lab("snapshot", "web", "s1");
        assert.match(lab("info", "web"), /s1/);
        assert.doesNotMatch(lxc.run("info", "web"), /s1/);
        lxc.run("copy", "web", "copied", "--project", "default", "--target-project", "lab");
        assert.deepEqual(rows(lab("list", "-f", "csv", "-c", "n")), ["copied", "web"]);
        assert.match(lab("config", "show", "copied"), /- small/);
        lxc.run("stop", "-f", "web");
        lxc.run("move", "web", "moved", "--project", "default", "--target-project", "lab");
        assert.equal(lxc.run("list", "-f", "csv", "-c", "n"), "");
        assert.deepEqual(rows(lab("list", "-f", "csv", "-c", "n")), ["copied", "moved", "web"]);
        lab("start", "moved");
        assert.equal(lab("file", "pull", "moved/root/mark", "-"), "default\n");
        assert.equal(lxc.run("exec", "web", "--project", "lab", "--", "cat", "/root/mark"), "lab\n");
        assert.match(lxc.try(["project", "delete", "lab"]).stderr, /Only empty projects can be removed/);
        lxc.run("profile", "delete", "small");
      } finally {
        removeProject(lxc, "lab");
      }
    }),
);
