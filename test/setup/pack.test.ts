import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import { imageLimits } from "../../daemon/kinds/image/archive/limits";
import { engineEnv, useYamlHost } from "../../scripts/scene/engine";
import { linkPackages } from "../../scripts/scene/program";
import { cellProgram, seccompDir } from "../../sdk/host/package";
import { requireFeature } from "../support/require";
import { repository } from "./load";

interface Packed {
  files: { path: string; mode: number }[];
}

const [packed] = JSON.parse(
  execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: repository,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }),
) as [Packed];
const paths = packed.files.map((file) => file.path);

test("the package holds no test, benchmark, script or source map", () => {
  const unwanted = /^(dist\/)?(test|bench|scripts)\/|\.test\.|\.map$|tsbuildinfo|^native\/(check|build\/.*\.[od]$)|^\./;
  assert.deepEqual(
    // An example is a whole test suite.
    paths.filter((path) => unwanted.test(path) && !path.startsWith("examples/")),
    [],
  );
});

test("the package holds every file of the launchers, and those that are started are executable", () => {
  for (const path of ["bin/bothy", "bin/bothyd", "bin/pulumi-resource-bothy", "bin/launch.sh"])
    assert.ok(paths.includes(path), path);
  const { bin } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as { bin: Record<string, string> };
  for (const path of Object.values(bin))
    assert.ok((packed.files.find((file) => file.path === path)?.mode ?? 0) & 0o111);
});

test("the package holds every compiled module that another of its modules loads", () => {
  for (const path of paths.filter((path) => path.startsWith("dist/") && path.endsWith(".js")))
    for (const [, target] of readFileSync(join(repository, path), "utf8").matchAll(/\brequire\("(\.[^"]+)"\)/g)) {
      const file = join(path, "..", target ?? "");
      assert.ok(
        [file, `${file}.js`, `${file}/index.js`].some((name) => paths.includes(name)),
        `${path} loads ${target}, which is not in the package`,
      );
    }
});

/** Puts the packed files into a folder of their own, where no npm package is installed. */
function withPacked(body: (folder: string) => void) {
  const folder = mkdtempSync(join(tmpdir(), "bothy-packed-"));
  try {
    for (const path of paths) cpSync(join(repository, path), join(folder, path));
    body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the packed programs run where none of the packages in them is installed", () =>
  withPacked((folder) => {
    // No code cache: it would keep what this folder held.
    const env = {
      ...process.env,
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      NODE_DISABLE_COMPILE_CACHE: "1",
    };
    const run = (program: string, args: string[]) => {
      const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, env, encoding: "utf8" });
      return { status, stdout, stderr };
    };
    const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as { version: string };
    assert.deepEqual(run("bin/bothy", ["--version"]), { status: 0, stdout: `${version}\n`, stderr: "" });
    const help = run("bin/bothyd", ["--help"]);
    assert.deepEqual([help.status, help.stderr], [0, ""]);
    assert.match(help.stdout, /^Usage: bothyd /);
    const empty = join(folder, "empty.tar");
    writeFileSync(empty, Buffer.alloc(1024));
    const job = JSON.stringify({ main: { path: empty, compression: "none" }, limits: imageLimits({}) });
    const checked = run(process.execPath, ["dist/bundle/bothyd/check-process.js", job]);
    assert.match(checked.stdout, /^{"refused":"Cannot import image: /, checked.stderr);
    const backup = JSON.stringify({ file: { path: empty, compression: "none" }, limits: imageLimits({}) });
    const refused = run(process.execPath, ["dist/bundle/bothyd/check-backup-process.js", backup]);
    assert.match(refused.stdout, /^{"refused":".*missing index\.yaml/, refused.stderr);
  }));

test("the package holds the licences of the packages in its bundles", () => {
  assert.ok(paths.includes("dist/bundle/LICENSES.txt"));
  const text = readFileSync(join(repository, "dist/bundle/LICENSES.txt"), "utf8");
  for (const name of ["fastify", "ws", "yaml", "zod"]) assert.match(text, new RegExp(`^${name} [0-9.]+ \\(`, "m"));
});

test("the package holds a bothy-cell that needs no library of the machine, its filters and its sources", () => {
  const cell = relative(repository, cellProgram);
  for (const path of [cell, "native/Makefile", "native/main.c"]) assert.ok(paths.includes(path), path);
  assert.ok(paths.some((path) => path.startsWith(`${relative(repository, seccompDir)}/`)));
  const PT_INTERP = 3;
  const elf = readFileSync(join(repository, cell));
  const headersAt = Number(elf.readBigUInt64LE(32));
  for (let i = 0; i < elf.readUInt16LE(56); i++)
    assert.notEqual(
      elf.readUInt32LE(headersAt + i * elf.readUInt16LE(54)),
      PT_INTERP,
      "bothy-cell is linked dynamically",
    );
});

test("pulumi package add takes the plugin of the package without parameters, and a program then runs by it", {
  skip: requireFeature("pulumi-yaml", useYamlHost()),
}, () => {
  const folder = mkdtempSync(join(tmpdir(), "bothy-packed-"));
  try {
    linkPackages(folder, { withBothy: false });
    for (const path of paths) cpSync(join(repository, path), join(folder, "node_modules/bothy", path));
    const project = join(folder, "Pulumi.yaml");
    const resources = { base: { type: "bothy:Profile", properties: { config: { "limits.memory": "64MiB" } } } };
    const plugins = { providers: [{ name: "bothy", path: "node_modules/bothy/bin" }] };
    writeFileSync(project, stringify({ name: "app", runtime: "yaml", plugins, resources }));
    mkdirSync(join(folder, "home/state"), { recursive: true });
    const env = {
      ...process.env,
      ...engineEnv(join(folder, "home")),
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      NODE_DISABLE_COMPILE_CACHE: "1",
    };
    const pulumi = (...words: string[]) =>
      execFileSync("pulumi", [...words, "--non-interactive"], { cwd: folder, env, encoding: "utf8", stdio: "pipe" });
    pulumi("package", "add", "./node_modules/bothy/bin/pulumi-resource-bothy");
    const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as { version: string };
    assert.deepEqual(parse(readFileSync(project, "utf8")).packages, { bothy: `bothy@${version}` });
    pulumi("stack", "init", "dev");
    assert.match(pulumi("preview"), /bothy:index:Profile base create/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
