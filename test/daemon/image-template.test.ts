/** Templates: definitions, the busybox image, shared builds. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import test from "node:test";
import { readTemplate } from "../../daemon/kinds/image/templates/template";
import { asOperation, type Scene, withImages } from "./image-scene";

const busyboxMissing = existsSync("/bin/busybox") ? false : "this machine lacks busybox";

function define(scene: Scene, name: string, text: string): void {
  const file = path.join(scene.home.dirs.root, "templates", `${name}.yaml`);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

async function build(scene: Scene, name: string): Promise<string> {
  let fingerprint = "";
  const operation = await asOperation(scene.home, async (running) => {
    fingerprint = (await scene.images.fromTemplate("default", name, running)).fingerprint;
  });
  if (operation.error !== undefined) throw operation.error;
  return fingerprint;
}

test("the busybox template is a whole small system, built once", { skip: busyboxMissing }, () =>
  withImages(async (scene) => {
    const fingerprint = await build(scene, "busybox");
    assert.equal(await build(scene, "busybox"), fingerprint);
    assert.deepEqual(scene.leftovers(), [fingerprint]);
    assert.equal(scene.images.resolve("default", { properties: { template: "busybox" } }).fingerprint, fingerprint);
    const root = scene.folder();
    await scene.images.unpack(fingerprint, root, { deviceNodes: false, warn: assert.fail });
    assert.equal(readlinkSync(path.join(root, "sbin/init")), "/bin/busybox");
    assert.equal(statSync(path.join(root, "tmp")).mode & 0o7777, 0o1777);
    assert.equal(statSync(path.join(root, "etc")).mode & 0o7777, 0o755);
    assert.equal(statSync(path.join(root, "etc/passwd")).mode & 0o7777, 0o644);
    const said = execFileSync("chroot", [root, "/bin/sh", "-c", "id -un && httpd --help 2>&1 | grep -c foreground"]);
    assert.equal(said.toString(), "root\n1\n");
    const owners = execFileSync("find", [root, "(", "-not", "-uid", "0", "-o", "-not", "-gid", "0", ")"]).toString();
    assert.equal(owners, "");
    const { metadata, templates } = scene.images.readMetadata(fingerprint);
    assert.equal(metadata.templates["/etc/hostname"]?.template, "hostname.tpl");
    assert.equal(templates["hostname.tpl"], "{{ container.name }}\n");
  }),
);

test("a deleted template image is built again, to the same bytes", { skip: busyboxMissing }, () =>
  withImages(async (scene) => {
    const fingerprint = await build(scene, "busybox");
    await scene.images.delete("default", fingerprint);
    assert.equal(await build(scene, "busybox"), fingerprint);
  }),
);

test(
  "callers at the same time share one build, and one that is cancelled leaves the others theirs",
  { skip: busyboxMissing },
  () =>
    withImages(async (scene) => {
      const results = await Promise.all(
        [1, 2, 3].map((caller) =>
          asOperation(scene.home, async (operation) => {
            const image = scene.images.fromTemplate("default", "busybox", operation);
            if (caller === 2) setImmediate(() => operation.cancel());
            return { fingerprint: (await image).fingerprint };
          }),
        ),
      );
      assert.deepEqual(
        results.map((operation) => operation.render().status),
        ["Success", "Cancelled", "Success"],
      );
      assert.equal(results[0]!.metadata?.fingerprint, results[2]!.metadata?.fingerprint);
      assert.equal(scene.leftovers().length, 1);
    }),
);

test(
  "a template that extends another adds to it, and a changed definition is built anew",
  { skip: busyboxMissing },
  () =>
    withImages(async (scene) => {
      const mine = 'extends: busybox\nproperties: {os: Mine}\nfiles: [{path: /srv/a, content: "1", mode: "0600"}]\n';
      define(scene, "own/web", mine);
      const first = await build(scene, "own/web");
      define(scene, "own/web", `${mine}symlinks: {/srv/b: /srv/a}\nremove: [/etc/shadow]\n`);
      const second = await build(scene, "own/web");
      assert.notEqual(first, second);
      assert.equal(scene.images.get("default", second).properties.os, "Mine");
      const root = scene.folder();
      await scene.images.unpack(second, root, { deviceNodes: false, warn: assert.fail });
      assert.equal(readFileSync(path.join(root, "srv/a"), "utf8"), "1");
      assert.equal(statSync(path.join(root, "srv/a")).mode & 0o7777, 0o600);
      assert.equal(readlinkSync(path.join(root, "srv/b")), "/srv/a");
      assert.ok(existsSync(path.join(root, "etc/inittab")));
    }),
);

test("a file of a template is never written through a symlink", { skip: busyboxMissing }, () =>
  withImages(async (scene) => {
    const outside = path.join(scene.home.dirs.root, "outside");
    mkdirSync(outside);
    define(scene, "out", `extends: busybox\nsymlinks: {/out: "${outside}"}\n`);
    define(scene, "out2", "extends: out\nfiles: [{path: /out/x, content: x}]\n");
    define(scene, "bin", "extends: busybox\nfiles: [{path: /bin/sh/x, content: x}]\n");
    await assert.rejects(build(scene, "bin"), /"\/bin\/sh" is not a folder/);
    await assert.rejects(build(scene, "out2"), /a folder is there/);
    assert.equal(existsSync(path.join(outside, "x")), false);
    assert.deepEqual(scene.leftovers(), []);
  }),
);

test("a wrong definition is refused with the field, an unknown template with the names there are", () =>
  withImages(async (scene) => {
    const { home } = scene;
    define(scene, "typo", "kind: mmdebstrap\nsuite: bookworm\nincludes: [x]\n");
    define(scene, "value", 'kind: mmdebstrap\nsuite: "--hook=x"\n');
    define(scene, "path", "kind: host-busybox\nfiles: [{path: /a/../../b, content: x}]\n");
    define(scene, "kindless", "properties: {}\n");
    define(scene, "suiteless", "kind: mmdebstrap\n");
    define(scene, "loop", "extends: loop2\n");
    define(scene, "loop2", "extends: loop\n");
    const wrong: [name: string, message: RegExp][] = [
      ["typo", /includes/],
      ["value", /suite: must be a suite name/],
      ["path", /files\.0\.path: must not hold/],
      ["kindless", /no "kind"/],
      ["suiteless", /no "suite"/],
      ["loop", /extends itself/],
    ];
    for (const [name, message] of wrong) await assert.rejects(build(scene, name), message);
    for (const name of ["nope", "../../etc/passwd", "a//b", ""])
      await assert.rejects(build(scene, name), (error: Error & { code?: string }) => {
        assert.equal(error.code, "NOT_FOUND");
        assert.match(
          error.message,
          /^Image template ".*" not found\. These exist: busybox, debian\/12, debian\/12-nginx, debian\/13, /,
        );
        return true;
      });
    const { definition } = await readTemplate("debian/12-nginx", [path.join(home.dirs.root, "none"), "templates"]);
    assert.equal(definition.kind, "mmdebstrap");
    assert.ok(definition.include.includes("nginx-light") && definition.include.includes("systemd-sysv"));
    assert.ok(lstatSync("templates/debian/12.yaml").isFile());
    for (const name of ["debian/13", "ubuntu/24.04"]) {
      const { definition: other } = await readTemplate(name, ["templates"]);
      assert.ok(other.include.includes("systemd-sysv"), name);
    }
  }));

test("a host without zstd builds templates all the same", { skip: busyboxMissing }, () =>
  withImages(async (scene) => {
    const programs = scene.folder();
    for (const name of ["busybox", "tar", "gzip", "sh", "rm"])
      symlinkSync(execFileSync("which", [name]).toString().trim(), path.join(programs, name));
    const before = process.env.PATH;
    process.env.PATH = programs;
    try {
      const fingerprint = await build(scene, "busybox");
      await scene.images.unpack(fingerprint, scene.folder(), { deviceNodes: false, warn: assert.fail });
    } finally {
      process.env.PATH = before;
    }
  }),
);
