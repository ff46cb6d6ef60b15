/** A release as `npm run release` makes it, seen by who unpacks it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { copyTree } from "../../scripts/release/checkout";
import { readElf } from "../../scripts/release/elf";
import { buildNative } from "../../scripts/release/native";
import { pack } from "../../scripts/release/package";
import { architectures, canBuildAll } from "../../scripts/release/setup";
import { hostArchitecture } from "../../sdk/host/architecture";
import { cellProgram } from "../../sdk/host/package";
import { isLong, onlyLong } from "../support/long";
import { requireFeature } from "../support/require";
import { repository } from "./load";

const cross = requireFeature("cross", canBuildAll());

test("a machine of another architecture gets a bothy-cell and filters of a copy of the tree, which is packed with them", {
  skip: cross || (isLong && "the whole release shows it"),
}, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-release-"));
  try {
    const tree = path.join(folder, "tree");
    mkdirSync(tree);
    await copyTree(tree);
    const foreign = [...architectures.keys()].filter((name) => name !== hostArchitecture);
    for (const name of foreign)
      assert.match(await buildNative(tree, name), new RegExp(`^${name}: bothy-cell and 10 filters`));
    const archive = await pack(tree, folder);
    const files = execFileSync("tar", ["-tzf", archive], { encoding: "utf8" }).split("\n");
    for (const name of foreign) assert.ok(files.includes(`package/native/build/${name}/bothy-cell`), files.join(" "));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe("a release", { skip: cross || onlyLong() }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-release-"));
  const at = (...names: string[]) => path.join(folder, ...names);
  const run = (command: string, args: string[], cwd: string) => execFileSync(command, args, { cwd, encoding: "utf8" });
  const { version } = JSON.parse(readFileSync(path.join(repository, "package.json"), "utf8")) as { version: string };
  const built = () => readdirSync(path.join(repository, "native/build"));

  before(() => {
    const builtBefore = built();
    run(
      process.execPath,
      ["dist/scripts/release.js", version, "--allow-dirty", "--allow-tag", "--output", at("out")],
      repository,
    );
    mkdirSync(at("unpacked"));
    run("tar", ["-xzf", at("out", `bothy-${version}.tgz`), "-C", at("unpacked")], folder);
    assert.deepEqual(built(), builtBefore, "the checkout builds for its own machine alone");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("is a package, a note and a page, with sums that are right", () => {
    const files = [`bothy-${version}.tgz`, "RELEASE.md", "sdk.md"];
    assert.deepEqual(readdirSync(at("out")).sort(), ["SHA256SUMS", ...files].sort());
    const checked = run("sha256sum", ["--check", "SHA256SUMS"], at("out"));
    assert.equal(checked, files.map((file) => `${file}: OK\n`).join(""));
    const note = readFileSync(at("out", "RELEASE.md"), "utf8");
    assert.match(note, new RegExp(`^# Bothy ${version.replaceAll(".", "\\.")}\n`));
    assert.match(note, /\n- /);
  });

  for (const [architecture, node] of architectures)
    test(`gives a machine of ${architecture} its own bothy-cell and filters`, () => {
      const script = "console.log(JSON.stringify(require('./dist/sdk/host/package.js').nativeFiles(process.argv[1])))";
      const files = JSON.parse(run(process.execPath, ["-e", script, node], at("unpacked", "package"))) as {
        cellProgram: string;
        seccompDir: string;
      };
      const about = readElf(readFileSync(files.cellProgram));
      assert.deepEqual(about, { architecture, isStatic: true, isStripped: true });
      const names = ["default", "nesting", "privileged", "strict", "strict-nesting"].flatMap((name) => [
        `${name}-native.bpf`,
        `${name}.bpf`,
      ]);
      assert.deepEqual(readdirSync(files.seccompDir), [...names, "names"].sort());
    });

  test("has the bytes that the checkout has built, wherever it was built", () => {
    const file = at("unpacked/package/native/build", hostArchitecture, "bothy-cell");
    assert.ok(
      readFileSync(file).equals(readFileSync(cellProgram)),
      "run make -C native clean all, if gcc is a new one",
    );
  });

  test("runs, and tells of the typed client", () => {
    const root = at("unpacked", "package");
    const env = { ...process.env, PATH: `${path.dirname(process.execPath)}:${process.env.PATH}` };
    const help = execFileSync("bin/bothyd", ["--help"], { cwd: root, env, encoding: "utf8" });
    assert.match(help, /^Usage: bothyd /);
    const page = readFileSync(path.join(root, "docs/sdk.md"), "utf8");
    assert.match(
      page,
      /^createInstance: \(post: z\.input<typeof InstancesPost>, options\?: CallOptions\) => Promise<PendingOperation>;$/m,
    );
    assert.ok(!existsSync(path.join(root, "scripts")));
  });
});
