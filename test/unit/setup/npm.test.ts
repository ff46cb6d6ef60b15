import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadSetup, repository } from "../../setup/load";

type Locked = { version?: string; integrity?: string; optional?: boolean; optionalDependencies?: object };
type Packages = Record<string, Locked>;

const { isInStep } = loadSetup<{ isInStep(locked: Packages, installed?: Packages): boolean }>("npm");

const locked: Packages = {
  "": {},
  "node_modules/zod": { version: "4.6.7", integrity: "sha512-a" },
  "node_modules/cli-darwin": { version: "1.0.0", integrity: "sha512-b", optional: true },
};

test("an installation is in step when only packages of other platforms are absent", () => {
  assert.ok(isInStep(locked, { "node_modules/zod": { version: "4.6.7", integrity: "sha512-a" } }));
});

test("an installation is out of step when a package is absent, older or other than locked", () => {
  assert.ok(!isInStep(locked, {}));
  assert.ok(!isInStep(locked, { "node_modules/zod": { version: "4.6.6", integrity: "sha512-a" } }));
  assert.ok(!isInStep(locked, { "node_modules/zod": { version: "4.6.7", integrity: "sha512-c" } }));
});

test("an installation that was broken off is out of step", () => {
  assert.ok(!isInStep(locked, undefined));
});

// npm drops optional packages that it could not fetch from a lock file it writes, and then refuses that file in `npm ci`
for (const folder of [".", "scripts/toolchain"])
  test(`the lock file in ${folder} lists the optional packages of every platform`, () => {
    const { packages } = JSON.parse(readFileSync(join(repository, folder, "package-lock.json"), "utf8")) as {
      packages: Packages;
    };
    for (const [place, { optionalDependencies = {} }] of Object.entries(packages))
      for (const name of Object.keys(optionalDependencies))
        assert.ok(
          packages[`node_modules/${name}`] ?? packages[`${place}/node_modules/${name}`],
          `${name}, an optional dependency of ${place || "the package itself"}, is not in the lock file`,
        );
  });
