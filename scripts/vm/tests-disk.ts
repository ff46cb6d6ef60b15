/** Tests disk: this repository as it is built, for tests that run inside of a guest because only its kernel has what they are about. */
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { cached, keyOf, repository } from "./cache";
import { makeExt4 } from "./disks";
import { execute } from "./execute";

const keptDays = 1;

/** What tests run from. */
const parts = [
  "package.json",
  "bin",
  "dist",
  "native/build",
  "native/tools/strict.list",
  "scripts/setup",
  "selinux",
  "templates",
];

/** Programs that tests put into containers, compiled here: guests have no compiler (test/support/guest.ts, frames.ts). */
const programs = [
  ...["device-program", "refused", "tries"].map((name) => `test/isolation/guest/${name}`),
  "test/native/guest/narrow",
  ...["frames", "hear", "dhcp6", "talk"].map((name) => `test/support/${name}`),
];

/** Packages that no test in a guest needs: compilers and what makes pages. They are most of what is installed. */
const tools = /^(@biomejs|@esbuild|@shikijs|@types|@typescript|esbuild|typedoc|typescript)/;

/** @returns a disk with the label "tests", on which `node --test dist/test/...` works */
export async function testsDisk(): Promise<string> {
  const folder = await cached("tests", key(), keptDays, async (building) => {
    const copy = path.join(building, "copy");
    for (const part of parts) mkdirSync(path.dirname(path.join(copy, part)), { recursive: true });
    for (const part of parts) cpSync(path.join(repository, part), path.join(copy, part), { recursive: true });
    const packages = path.join(repository, "node_modules");
    const filter = (file: string) => !tools.test(path.relative(packages, file));
    cpSync(packages, path.join(copy, "node_modules"), { recursive: true, verbatimSymlinks: true, filter });
    for (const program of programs) {
      mkdirSync(path.dirname(path.join(copy, program)), { recursive: true });
      const source = path.join(repository, `${program}.c`);
      await execute("cc", [
        "-static",
        "-fno-pie",
        "-no-pie",
        "-pthread",
        "-O1",
        "-o",
        path.join(copy, program),
        source,
      ]);
    }
    const megabytes = Number((await execute("du", ["-sm", copy])).split("\t")[0]);
    await makeExt4(path.join(building, "tests.img"), copy, "tests", `${Math.ceil(megabytes * 1.3) + 40}M`);
    rmSync(copy, { recursive: true });
  });
  return path.join(folder, "tests.img");
}

function key(): string {
  const files = parts.flatMap((part) => {
    const file = path.join(repository, part);
    return statSync(file).isDirectory() ? globSync(`${file}/**/*`).filter((one) => statSync(one).isFile()) : [file];
  });
  const others = ["package-lock.json", ...programs.map((program) => `${program}.c`)];
  return keyOf(
    ...[...files.sort(), ...others.map((file) => path.join(repository, file))].flatMap((file) => [
      path.relative(repository, file),
      readFileSync(file),
    ]),
  );
}
