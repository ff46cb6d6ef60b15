import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { repository } from "../../setup/load";

/** A package with only its launchers and start files, main programs that tell how they were started, and the one tool that a launcher uses. */
async function withPackage(body: (folder: string) => Promise<void>) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "bothy-launcher-")));
  try {
    cpSync(join(repository, "bin"), join(folder, "bin"), { recursive: true });
    writeFileSync(join(folder, "package.json"), "{}");
    for (const program of ["bothy", "bothyd"]) {
      const place = join("dist/bundle", program);
      mkdirSync(join(folder, place), { recursive: true });
      cpSync(join(repository, place, "start.js"), join(folder, place, "start.js"));
      writeFileSync(
        join(folder, place, "main.js"),
        `console.log(JSON.stringify({ program: "${program}", via: process.env.VIA, pid: process.pid, args: process.argv.slice(2) }));`,
      );
    }
    mkdirSync(join(folder, "tools"));
    symlinkSync("/usr/bin/readlink", join(folder, "tools/readlink"));
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Puts a `node` into a folder that calls itself `version` and else is the Node of this test, leaving `via` behind. */
function fakeNode(folder: string, version: string, via: string) {
  mkdirSync(folder, { recursive: true });
  const claim = join(folder, "claim.js");
  writeFileSync(
    claim,
    `Object.defineProperty(process.versions, "node", { value: "${version.slice(1)}" });
    process.execPath = "${join(folder, "node")}";`,
  );
  const script = `#!/bin/sh\nVIA=${via} exec ${process.execPath} --require ${claim} "$@"\n`;
  writeFileSync(join(folder, "node"), script, { mode: 0o755 });
}

type Result = { code: number | null; pid: number | undefined; out: string; err: string };

function start(program: string, args: string[], folder: string): Promise<Result> {
  return new Promise((resolve, reject) => {
    // No code cache: it would keep what this folder held.
    const env = { PATH: `${join(folder, "path")}:${join(folder, "tools")}`, NODE_DISABLE_COMPILE_CACHE: "1" };
    const child = spawn(program, args, { env, cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stdout.on("data", (data) => (out += data));
    child.stderr.on("data", (data) => (err += data));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, pid: child.pid, out, err }));
  });
}

test("a launcher prefers the Node that set-up brought to the one on PATH", () =>
  withPackage(async (folder) => {
    fakeNode(join(folder, "path"), "v24.0.0", "path");
    fakeNode(join(folder, ".toolchain/bin"), "v24.21.0", "toolchain");
    const { out } = await start(join(folder, "bin/bothyd"), ["--dir", "a b"], folder);
    const told = JSON.parse(out) as { program: string; via: string; args: string[] };
    assert.deepEqual([told.program, told.via, told.args], ["bothyd", "toolchain", ["--dir", "a b"]]);
  }));

for (const version of ["v22.19.0", "v22.20.1", "v24.0.0"])
  test(`a launcher takes Node ${version} from PATH`, () =>
    withPackage(async (folder) => {
      fakeNode(join(folder, "path"), version, "path");
      const { out } = await start(join(folder, "bin/bothy"), [], folder);
      assert.equal((JSON.parse(out) as { via: string }).via, "path");
    }));

for (const version of ["v22.18.0", "v20.20.2", "v9.0.0"])
  test(`a launcher refuses Node ${version} and says what to do`, () =>
    withPackage(async (folder) => {
      fakeNode(join(folder, "path"), version, "path");
      const { code, err } = await start(join(folder, "bin/bothy"), [], folder);
      assert.equal(code, 1);
      assert.match(err, /^Cannot start "bothy": .*\/node is Node [0-9.]+\. Install Node 22\.19 or newer\.\n$/);
    }));

test("a launcher in a checkout with an old Node names the command that brings a new one", () =>
  withPackage(async (folder) => {
    fakeNode(join(folder, "path"), "v20.20.2", "path");
    mkdirSync(join(folder, "scripts"));
    writeFileSync(join(folder, "scripts/with-setup.js"), "");
    const { err } = await start(join(folder, "bin/bothy"), [], folder);
    assert.match(err, /or run "npm run build" in \//);
  }));

test("a launcher without any Node says so", () =>
  withPackage(async (folder) => {
    const { code, err } = await start(join(folder, "bin/bothyd"), [], folder);
    assert.equal(code, 1);
    assert.equal(err, 'Cannot start "bothyd": there is no Node on PATH. Install Node 22.19 or newer.\n');
  }));

test("a launcher works through a symbolic link, as npm makes it", () =>
  withPackage(async (folder) => {
    fakeNode(join(folder, "path"), "v24.0.0", "path");
    mkdirSync(join(folder, "elsewhere/bin"), { recursive: true });
    symlinkSync("../../bin/bothy", join(folder, "elsewhere/bin/bothy"));
    const { out } = await start(join(folder, "elsewhere/bin/bothy"), [], folder);
    assert.equal((JSON.parse(out) as { program: string }).program, "bothy");
  }));

test("a launcher works from a relative path, and through a folder that is a symbolic link", () =>
  withPackage(async (folder) => {
    fakeNode(join(folder, "path"), "v24.0.0", "path");
    symlinkSync("bin", join(folder, "programs"));
    for (const program of ["bin/bothy", "./bin/bothy", "./programs/bothy", join(folder, "programs/bothy")]) {
      const { out, err } = await start(program, [], folder);
      assert.equal((JSON.parse(out || "{}") as { program?: string }).program, "bothy", `${program}: ${err}`);
    }
  }));

test("the process id of a launcher is the one of its program", () =>
  withPackage(async (folder) => {
    fakeNode(join(folder, "path"), "v24.0.0", "path");
    const { out, pid } = await start(join(folder, "bin/bothyd"), [], folder);
    assert.equal((JSON.parse(out) as { pid: number }).pid, pid);
  }));

test("a launcher of a checkout that is not built names the command that builds it", () =>
  withPackage(async (folder) => {
    rmSync(join(folder, "dist/bundle/bothy"), { recursive: true });
    const { code, err } = await start(join(folder, "bin/bothy"), [], folder);
    assert.equal(code, 1);
    assert.match(
      err,
      /^Cannot start "bothy": \/.*\/dist\/bundle\/bothy\/start\.js is not there\. Run "npm run build" in \//,
    );
  }));
