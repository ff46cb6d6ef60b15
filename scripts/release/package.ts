/** Package: the npm package of a copy of the tree, and a look into it. */
import { createHash } from "node:crypto";
import { globSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { execute } from "../vm/execute";

/** Compiles and bundles in a copy of the tree, as set-up does in a checkout. */
export async function buildPrograms(tree: string): Promise<void> {
  const node = process.execPath;
  await execute(node, ["node_modules/typescript-7/bin/tsc", "-p", "tsconfig.json"], { cwd: tree });
  await execute(node, ["scripts/setup/bundle.js"], { cwd: tree });
}

/** Packs a copy of the tree. @returns the file */
export async function pack(tree: string, folder: string): Promise<string> {
  const words = ["pack", "--ignore-scripts", "--json", "--loglevel=error", "--pack-destination", folder];
  const [packed] = JSON.parse(await execute("npm", words, { cwd: tree })) as [{ filename: string }];
  return path.join(folder, packed.filename);
}

/** What every release holds, as paths in the package. */
export const wantedFiles = (architectures: Iterable<string>): string[] => [
  ...[...architectures].flatMap((architecture) =>
    ["bothy-cell", "musl-copyright", ...filterNames.map((name) => `seccomp/${name}.bpf`), "seccomp/names"].map(
      (name) => `native/build/${architecture}/${name}`,
    ),
  ),
  "bin/bothy",
  "bin/bothyd",
  "bin/pulumi-resource-bothy",
  "dist/bundle/bothy/start.js",
  "dist/bundle/bothyd/start.js",
  "dist/bundle/dynamic-entry/entry.js",
  "dist/bundle/pulumi-resource-bothy/start.js",
  "dist/provider/index.js",
  "dist/sdk/index.d.ts",
  "docs/sdk.md",
  "LICENSE",
];

const filterNames = ["default", "nesting", "privileged", "strict", "strict-nesting"].flatMap((name) => [
  name,
  `${name}-native`,
]);

/**
 * Unpacks a package and looks through it.
 * @param folder is made for it and taken away
 * @param wanted paths that must be in it
 * @param secret paths of this machine that must not be named in it
 * @throws Error that names what is missing, or the file that names a path of this machine
 */
export async function checkPackage(
  archive: string,
  folder: string,
  wanted: readonly string[],
  secret: readonly string[],
): Promise<void> {
  mkdirSync(folder);
  try {
    await execute("tar", ["-xzf", archive, "-C", folder]);
    const root = path.join(folder, "package");
    const files = globSync("**/*", { cwd: root }).filter((name) => statSync(path.join(root, name)).isFile());
    const missing = wanted.filter((name) => !files.includes(name));
    if (missing.length > 0) throw new Error(`Cannot release ${archive}: it lacks ${missing.join(", ")}.`);
    for (const name of files) {
      const content = readFileSync(path.join(root, name));
      const told = secret.find((place) => content.includes(place));
      if (told !== undefined)
        throw new Error(`Cannot release ${archive}: ${name} names ${told}, a path of this machine.`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Lines that `sha256sum --check` reads. @param files all in the folder that the lines will lie in */
export const sumsOf = (files: readonly string[]): string =>
  files
    .map((file) => `${createHash("sha256").update(readFileSync(file)).digest("hex")}  ${path.basename(file)}\n`)
    .join("");
