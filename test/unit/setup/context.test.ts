import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { loadSetup, repository, silentProgress } from "../../setup/load";

interface Context {
  root: string;
  addBin(folder: string): void;
  env(): { PATH: string };
}
const { buildingFolder, cacheFolder, makeContext, moveIntoPlace, which } = loadSetup<{
  buildingFolder(folder: string, name: string): string;
  cacheFolder(env: Record<string, string>): string;
  makeContext(purpose: string): Context;
  moveIntoPlace(building: string, place: string): void;
  which(program: string, searchPath: string): string | undefined;
}>("context");
const { buildEngine } = loadSetup<{
  buildEngine(context: Context, folder: string, version: string, progress: object): Promise<void>;
}>("engine-build");

async function withFolder(body: (folder: string) => void | Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), "bothy-context-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the cache is BOTHY_CACHE, else in XDG_CACHE_HOME, else in the home folder", () => {
  assert.equal(cacheFolder({ BOTHY_CACHE: "/x", XDG_CACHE_HOME: "/y" }), "/x");
  assert.equal(cacheFolder({ XDG_CACHE_HOME: "/y" }), "/y/bothy");
  assert.equal(cacheFolder({}), join(homedir(), ".cache/bothy"));
});

test("a program is found on PATH as a shell finds it: executable files only, the first folder wins", () =>
  withFolder((folder) => {
    for (const name of ["a", "b", "c"]) mkdirSync(join(folder, name));
    mkdirSync(join(folder, "a/tool"));
    for (const name of ["b", "c"]) writeFileSync(join(folder, name, "tool"), "");
    const searchPath = ["a", "b", "c"].map((name) => join(folder, name)).join(delimiter);
    assert.equal(which("tool", searchPath), undefined);
    chmodSync(join(folder, "c/tool"), 0o755);
    assert.equal(which("tool", searchPath), join(folder, "c/tool"));
  }));

test("the Node that set-up chose comes before the engine on PATH, and both before the rest", () => {
  const context = makeContext("run");
  context.addBin("/node");
  context.addBin("/engine");
  const folders = context.env().PATH.split(delimiter);
  assert.deepEqual(folders.slice(0, 3), ["/node", "/engine", join(repository, "node_modules/.bin")]);
});

test("what a killed set-up left is removed, what a running one builds is not", () =>
  withFolder((folder) => {
    // process ids end below 2^22
    for (const pid of [4_194_305, 1]) mkdirSync(join(folder, `1.0.building-${pid}`));
    const building = buildingFolder(folder, "1.0");
    assert.deepEqual(readdirSync(folder).sort(), ["1.0.building-1", `1.0.building-${process.pid}`].sort());
    assert.equal(building, join(folder, `1.0.building-${process.pid}`));
  }));

test("of two set-ups that build the same, the first to finish wins and the other cleans up", () =>
  withFolder((folder) => {
    mkdirSync(join(folder, "1.0"));
    writeFileSync(join(folder, "1.0/program"), "first");
    const building = buildingFolder(folder, "1.0");
    writeFileSync(join(building, "program"), "second");
    moveIntoPlace(building, join(folder, "1.0"));
    assert.equal(readFileSync(join(folder, "1.0/program"), "utf8"), "first");
    assert.ok(!existsSync(building));
  }));

for (const [name, script] of [
  ["without Go", undefined],
  ["with a Go that is too old", "#!/bin/sh\necho go1.19.8\n"],
] as const)
  test(`a machine ${name} is told how to get an engine`, () =>
    withFolder(async (folder) => {
      if (script) writeFileSync(join(folder, "go"), script, { mode: 0o755 });
      const { PATH } = process.env;
      process.env.PATH = folder;
      try {
        await assert.rejects(
          buildEngine(makeContext("run"), folder, "3.250.0", silentProgress()),
          /^Error: Cannot get Pulumi 3\.250\.0: .* needs Go [0-9.]+ or newer\. Put Pulumi or Go on PATH, then try again\.$/,
        );
      } finally {
        process.env.PATH = PATH;
      }
    }));
