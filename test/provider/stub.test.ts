import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { cores } from "../../provider/core/kinds/cores";
import { stubOf } from "../../provider/dynamic/stub";
import { DynamicProcess } from "./support/dynamic-process";
import { programFolder } from "./support/program";

test("the stored text of a provider is small, and frozen to the byte", () => {
  const text = stubOf("container");
  assert.ok(Buffer.byteLength(text) <= 2100, `${Buffer.byteLength(text)} bytes`);
  // Another hash means that every resource in every stack shows as changed: make a stub of the next version instead.
  const hash = createHash("sha256").update(text).digest("hex");
  assert.equal(hash, "99e3f6f955686543111374e1e8ac2a9ba032743dac024668caf7b3e2dea43ec0");
});

test("the stored texts of two kinds differ in the kind only", () => {
  const texts = cores.map(({ kind }) => stubOf(kind).replace(JSON.stringify(kind), "KIND"));
  assert.equal(new Set(texts).size, 1);
  assert.equal(new Set(cores.map(({ kind }) => stubOf(kind))).size, cores.length);
});

test("a fresh process revives every kind from its stored text", async () => {
  await using provider = await DynamicProcess.start();
  for (const { kind } of cores) {
    const { failures } = await provider.check(kind, {}, { nonsense: 1 });
    assert.ok("nonsense" in failures, `${kind}: ${JSON.stringify(failures)}`);
  }
});

test("without the package installed, the error names the package, the folder and the remedy", async () => {
  const program = programFolder({ withBothy: false });
  await using provider = await DynamicProcess.start({ program });
  await assert.rejects(provider.delete("profile", "p", {}), (error: Error) => {
    assert.match(
      error.message,
      /Cannot manage resource of kind "profile": the npm package "bothy" is not installed in/,
    );
    assert.ok(error.message.includes(program.path));
    assert.match(error.message, /Run npm install there/);
    return true;
  });
});
