/** Which bothy-cell and which filters an installed package takes, by the machine it finds itself on. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { Dirs } from "../../../daemon/platform/folders/dirs";
import { Spawner } from "../../../daemon/platform/native/spawner";
import { cellProgram, nativeFiles, packageRoot, seccompDir } from "../../../sdk/host/package";

const below = (file: string) => path.relative(path.join(packageRoot, "native/build"), file);

test("a package takes the files of the machine's architecture", () => {
  assert.equal(below(nativeFiles("x64").cellProgram), "x86_64/bothy-cell");
  assert.equal(below(nativeFiles("x64").seccompDir), "x86_64/seccomp");
  assert.equal(below(nativeFiles("arm64").cellProgram), "aarch64/bothy-cell");
  assert.equal(below(nativeFiles("arm64").seccompDir), "aarch64/seccomp");
  assert.deepEqual({ cellProgram, seccompDir }, nativeFiles(process.arch));
});

test("a machine that the package has nothing for is told how to build it", async () => {
  const { cellProgram: none } = nativeFiles("riscv64");
  assert.equal(below(none), "riscv64/bothy-cell");
  const log = { warning() {}, error() {} } as never;
  await assert.rejects(
    Spawner.start(none, new Dirs("/"), log),
    /^ApiError: Cannot start bothy-cell: there is none for this .+ machine at .*riscv64\/bothy-cell\. Build it with "make -C native"/,
  );
});
