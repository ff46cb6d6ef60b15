/** Images by the distribution's own lxc client: every verb of `lxc image`, copies between two servers in all modes, and an image server. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { cellProgram } from "../../sdk/host/package";
import { TestDaemon } from "../support/daemon";
import { FarLxc } from "../support/far-lxc";
import { listenAt } from "../support/https";
import { writeImage, writeSplitImage } from "../support/image";
import { sha256OfFiles as fingerprintOf, ImageServer, makeServerIdentity } from "../support/image-server";
import { skip, withLxc } from "../support/lxc";

/** Adds a daemon that trusts whoever knows the password. */
function addRemote(there: FarLxc, name: string, daemon: TestDaemon, port: number): void {
  execFileSync("curl", [
    ...["-sSf", "--unix-socket", daemon.socket, "-X", "PATCH", "http://b/1.0"],
    ...["-d", JSON.stringify({ config: { "core.trust_password": "sesame" } })],
  ]);
  there.run("remote", "add", name, `https://127.0.0.1:${port}`, "--accept-certificate", "--password", "sesame");
}

const rows = (text: string) => text.split("\n").filter(Boolean);

test("lxc image copy takes images from one server to another by pull, push and relay", { skip }, () =>
  withLxc(async (lxc, daemon) => {
    const base = mkdtempSync(path.join(tmpdir(), "bothy-test-"));
    const other = new TestDaemon(path.join(base, "state"), daemon.netns, {});
    await other.start();
    try {
      await listenAt(daemon, "127.0.0.1:8443");
      await listenAt(other, "127.0.0.1:8444");
      using there = new FarLxc(daemon.netns.pid);
      addRemote(there, "a", daemon, 8443);
      addRemote(there, "b", other, 8444);
      // Before there is another one: the word is looked for in fingerprints as well.
      const whole = rows(lxc.run("image", "list", "bb", "-f", "csv", "-c", "F"))[0] ?? "";
      writeSplitImage(there.home, "split", { files: 2, bytesPerFile: 1000 });
      const at = (name: string) => path.join(there.home, name);
      there.run("image", "import", at("lxd.tar.xz"), at("root.squashfs"), "a:", "--alias", "os/split", "note=kept");
      const split = fingerprintOf(at("lxd.tar.xz"), at("root.squashfs"));
      for (const mode of ["pull", "push", "relay"])
        for (const [alias, fingerprint] of [
          ["bb", whole],
          ["os/split", split],
        ] as const) {
          there.run(
            "image",
            "copy",
            `a:${alias}`,
            "b:",
            "--mode",
            mode,
            "--copy-aliases",
            "--alias",
            "more",
            "--public",
          );
          const shown = there.run("image", "show", `b:${fingerprint}`);
          assert.match(shown, /^public: true$/m, `${mode} ${alias}`);
          if (alias === "os/split" && mode !== "relay") assert.match(shown, /^ {2}note: kept$/m, mode);
          assert.match(there.run("image", "list", "b:", "-f", "csv", "-c", "lF"), new RegExp(fingerprint));
          there.run("image", "info", "b:more");
          there.run("image", "delete", `b:${fingerprint}`);
        }
      // A public one needs no secret, and may be followed.
      const show = there.run("image", "show", "a:bb").replace("public: false", "public: true");
      assert.equal(there.try(["image", "edit", "a:bb"], show).code, 0);
      there.run("image", "copy", "a:bb", "b:", "--auto-update", "--alias", "followed");
      assert.match(there.run("image", "info", "b:followed"), /Auto update: enabled/);
      assert.match(there.run("image", "info", "b:followed"), /Alias: bb/);
      assert.match(there.run("image", "refresh", "b:followed"), /up to date/);
      there.run("image", "delete", "b:followed");
      // Between projects, of one server too.
      there.run("project", "create", "a:lab", "-c", "features.profiles=false");
      there.run("project", "create", "b:lab", "-c", "features.profiles=false");
      there.run("image", "copy", "a:bb", "b:", "--target-project", "lab", "--alias", "x");
      assert.match(there.run("image", "list", "b:", "--project", "lab", "-f", "csv", "-c", "l"), /^x$/m);
      there.run("image", "copy", "a:os/split", "a:", "--target-project", "lab", "--alias", "mine");
      assert.match(there.run("image", "list", "a:", "--project", "lab", "-f", "csv", "-c", "l"), /^mine$/m);
      for (const remote of ["a", "b"]) {
        for (const fingerprint of rows(
          there.run("image", "list", `${remote}:`, "--project", "lab", "-f", "csv", "-c", "F"),
        ))
          there.run("image", "delete", `${remote}:${fingerprint}`, "--project", "lab");
        there.run("project", "delete", `${remote}:lab`);
      }
      // An instance of another server's image, which that gives by a secret.
      there.run("storage", "create", "b:main", "overlay");
      there.run("profile", "device", "add", "b:default", "root", "disk", "path=/", "pool=main");
      there.run("launch", "a:os/split", "b:web");
      assert.equal(there.run("exec", "b:web", "--", "hostname"), "web\n");
      there.run("delete", "-f", "b:web");
    } finally {
      await other.shutDown();
      await other.client.close();
      execFileSync(cellProgram, ["remove", base]);
    }
  }),
);

test("lxc lists, launches, copies and refreshes images of a simplestreams server", { skip }, async () => {
  const identity = makeServerIdentity(["127.0.0.1"]);
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-lxc-streams-"));
  const [first, second] = ["first", "second"].map((name) => {
    const file = path.join(folder, name);
    writeImage(file, name, { files: 1, bytesPerFile: 100 });
    return file;
  }) as [string, string];
  const product = (versions: Record<string, string>) => ({
    os: "Tiny",
    release: "1",
    aliases: "tiny/1,tiny",
    versions: Object.fromEntries(
      Object.entries(versions).map(([serial, file]) => [serial, { files: { "lxd_combined.tar.gz": file } }]),
    ),
  });
  await withLxc(
    async (_lxc, daemon) => {
      await using server = await ImageServer.start(daemon.netns.pid, { port: 8500, identity });
      server.offer([product({ "20260101": first })]);
      await listenAt(daemon);
      using there = new FarLxc(daemon.netns.pid, { SSL_CERT_FILE: identity.cert });
      addRemote(there, "a", daemon, 8443);
      there.run("remote", "add", "tiny", server.url, "--protocol", "simplestreams");
      assert.match(there.run("image", "list", "tiny:", "-f", "csv"), /^tiny \(3 more\),/m);
      there.run("remote", "switch", "a");
      there.run("launch", "tiny:tiny/1", "web");
      assert.equal(there.run("exec", "web", "--", "hostname"), "web\n");
      assert.match(there.run("image", "info", fingerprintOf(first)), /^Cached: yes$/m);
      there.run("delete", "-f", "web");
      there.run("image", "delete", fingerprintOf(first));
      there.run("image", "copy", "tiny:tiny", "a:", "--auto-update", "--copy-aliases", "--alias", "mine");
      server.offer([product({ "20260101": first, "20260202": second })]);
      assert.match(there.run("image", "refresh", "mine"), /refreshed/i);
      const info = there.run("image", "info", "mine");
      assert.match(info, new RegExp(`Fingerprint: ${fingerprintOf(second)}`));
      assert.match(info, /Protocol: simplestreams/);
      assert.match(there.run("image", "refresh", "mine"), /up to date/);
      there.run("image", "delete", "mine");
    },
    { NODE_EXTRA_CA_CERTS: identity.cert },
  );
  for (const each of [folder, identity.folder]) rmSync(each, { recursive: true });
});

test("lxc imports, exports, edits and describes images and their aliases", { skip }, () =>
  withLxc((lxc) => {
    writeSplitImage(lxc.home, "split", { files: 2, bytesPerFile: 1000 });
    const at = (name: string) => path.join(lxc.home, name);
    lxc.run(
      "image",
      "import",
      at("lxd.tar.xz"),
      at("root.tar.xz"),
      "--alias",
      "os/split/1",
      "--public",
      "note=kept",
      "os=Mine",
    );
    const fingerprint = fingerprintOf(at("lxd.tar.xz"), at("root.tar.xz"));
    lxc.run("image", "export", "os/split/1", at("out"));
    assert.deepEqual(readFileSync(at("out.root")), readFileSync(at("root.tar.xz")));
    assert.deepEqual(readFileSync(at("out")), readFileSync(at("lxd.tar.xz")));
    assert.match(
      lxc.try(["image", "import", at("lxd.tar.xz"), at("root.tar.xz")]).stderr,
      /same fingerprint already exists/,
    );
    assert.equal(lxc.run("image", "get-property", "os/split/1", "os"), "Mine\n");
    lxc.run("image", "set-property", "os/split/1", "release", "7");
    lxc.run("image", "unset-property", "os/split/1", "note");
    const shown = lxc.run("image", "show", "os/split/1");
    assert.match(shown, /^ {2}release: "7"$/m);
    assert.doesNotMatch(shown, /note:/);
    const edited = shown
      .replace(/^expires_at: .*$/m, "expires_at: 2040-01-31T12:00:00Z")
      .replace("public: true", "public: false");
    assert.equal(lxc.try(["image", "edit", "os/split/1"], edited).code, 0);
    const info = lxc.run("image", "info", fingerprint.slice(0, 12));
    assert.match(info, /Expires: 2040\/01\/31/);
    assert.match(info, /^Public: no$/m);
    lxc.run("image", "alias", "create", "deep/er/name", fingerprint);
    assert.match(
      lxc.run("image", "alias", "list", "-f", "csv"),
      new RegExp(`^deep/er/name,${fingerprint.slice(0, 12)},CONTAINER,$`, "m"),
    );
    assert.match(lxc.try(["image", "alias", "create", "deep/er/name", fingerprint]).stderr, /already exists/);
    lxc.run("image", "alias", "rename", "deep/er/name", "flat");
    lxc.run("image", "alias", "delete", "flat");
    assert.match(lxc.run("image", "list", "os=Mine", "-f", "csv", "-c", "lFpsu"), new RegExp(fingerprint));
    assert.notEqual(lxc.try(["image", "refresh", "os/split/1"]).code, 0, "it came from no alias");
    lxc.run("image", "delete", "os/split/1");
    assert.match(lxc.try(["image", "info", "os/split/1"]).stderr, /not found/i);
    writeFileSync(at("junk"), "junk");
    assert.match(lxc.try(["image", "import", at("junk")]).stderr, /neither a tarball nor a squashfs/);
  }),
);
