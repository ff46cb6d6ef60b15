/** Each layer knows only what it may know: read from the imports, as CONTRIBUTING.md and docs/architecture.md tell them. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../../sdk/host/package";

/** What the files below a folder may import: folders of ours, and packages; Node's own modules are free to all. */
const layers: readonly { folder: string; ours: readonly string[]; packages: readonly string[] }[] = [
  { folder: "sdk/api", ours: ["sdk/api"], packages: ["zod"] },
  { folder: "sdk/host", ours: ["sdk/host"], packages: ["node-forge"] },
  { folder: "sdk", ours: ["sdk"], packages: ["node-forge", "undici", "ws", "zod"] },
  { folder: "provider/core", ours: ["provider/core", "sdk"], packages: ["zod"] },
  {
    folder: "provider",
    ours: ["provider", "sdk"],
    packages: ["@grpc/grpc-js", "@pulumi/pulumi", "google-protobuf", "zod"],
  },
  { folder: "testing", ours: ["testing", "sdk"], packages: [] },
  { folder: "cli", ours: ["cli", "sdk"], packages: ["commander", "yaml", "zod"] },
  {
    folder: "daemon",
    ours: ["daemon", "sdk/api", "sdk/host"],
    packages: ["@fastify/busboy", "dns-packet", "fastify", "undici", "ws", "yaml", "zod"],
  },
];

const sources = globSync("{cli,daemon,provider,sdk,testing}/**/*.ts", { cwd: packageRoot }).sort();

/** What a file imports: folders and files of ours from the root of the repository, packages by name. */
function importsOf(file: string): { ours: string[]; packages: string[] } {
  const text = readFileSync(path.join(packageRoot, file), "utf8");
  const names = [...text.matchAll(/^(?:import|export) (?:[^;]*? from )?"([^"]+)";/gm)].map(([, name = ""]) => name);
  const later = [...text.matchAll(/(?<![#.\w])(?:require|import)\("([^"]+)"\)/g)].map(([, name = ""]) => name);
  const all = [...names, ...later].filter((name) => !name.startsWith("node:") && name !== "bothy/dynamic-entry");
  return {
    ours: all.filter((name) => name.startsWith(".")).map((name) => path.join(path.dirname(file), name)),
    packages: all.filter((name) => !name.startsWith(".")).map(packageOf),
  };
}

/** The package of a module: "@pulumi/pulumi/proto/provider_pb" is of "@pulumi/pulumi". */
const packageOf = (name: string): string =>
  name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");

const isIn = (name: string, folder: string) => name === folder || name.startsWith(`${folder}/`);

test("every source file lies in a layer", () => {
  assert.ok(sources.length > 200, `${sources.length} files found`);
  assert.deepEqual(
    sources.filter((file) => !layers.some(({ folder }) => isIn(file, folder))),
    [],
  );
});

for (const { folder, ours, packages } of layers)
  test(`${folder} imports nothing but ${[...ours, ...packages].join(", ")}`, () => {
    const mine = sources.filter((file) => isIn(file, folder));
    const read = mine.map((file) => ({ file, ...importsOf(file) }));
    const strangers = read.flatMap(({ file, ours: imported, packages: used }) => [
      ...imported.filter((name) => !ours.some((allowed) => isIn(name, allowed))).map((name) => `${file}: ${name}`),
      ...used.filter((name) => !packages.includes(name)).map((name) => `${file}: ${name}`),
    ]);
    assert.deepEqual(strangers, []);
    const met = new Set(read.flatMap(({ packages: used }) => used));
    assert.deepEqual([...met].sort(), [...packages], "every package that the layer may use is used");
  });

/** Where what a file imports lies: the file, or its folder's index. */
const sourceOf = (name: string): string | undefined =>
  [`${name}.ts`, `${name}/index.ts`].find((file) => sources.includes(file));

test("no files import each other in a circle, types included", () => {
  const graph = new Map(sources.map((file) => [file, importsOf(file).ours.flatMap((name) => sourceOf(name) ?? [])]));
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(" -> "));
    if (done.has(file) || way.includes(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...way, file]);
    done.add(file);
  };
  for (const file of sources) visit(file, []);
  assert.deepEqual(circles, []);
});

/** Rooms of the daemon, from the ground up: each imports of the daemon only itself and what stands before it. */
const rooms = ["daemon/platform", "daemon/core", "daemon/http", "daemon/kinds"];

for (const [index, room] of rooms.entries())
  test(`${room} imports of the daemon nothing but ${rooms.slice(0, index + 1).join(", ")}`, () => {
    const allowed = rooms.slice(0, index + 1);
    const strangers = sources
      .filter((file) => isIn(file, room))
      .flatMap((file) =>
        importsOf(file)
          .ours.filter((name) => isIn(name, "daemon") && !allowed.some((folder) => isIn(name, folder)))
          .map((name) => `${file}: ${name}`),
      );
    assert.deepEqual(strangers, []);
  });

test("kinds do not need each other in a circle, and one file knows them all", () => {
  const kindOf = (file: string) => /^daemon\/kinds\/([a-z-]+)\//.exec(file)?.[1];
  const needs = new Map<string, Set<string>>();
  for (const file of sources) {
    const kind = kindOf(file);
    if (kind === undefined) continue;
    const others = importsOf(file).ours.flatMap((name) => kindOf(`${name}/`) ?? []);
    needs.set(kind, new Set([...(needs.get(kind) ?? []), ...others.filter((other) => other !== kind)]));
  }
  const reaches = (from: string, to: string, seen: Set<string> = new Set()): boolean =>
    [...(needs.get(from) ?? [])].some((next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))));
  assert.deepEqual(
    [...needs.keys()].filter((kind) => reaches(kind, kind)),
    [],
  );
  const kindsOf = (file: string) => new Set(importsOf(file).ours.flatMap((name) => kindOf(`${name}/`) ?? []));
  const many = sources.filter((file) => isIn(file, "daemon") && kindsOf(file).size > needs.size / 2);
  assert.deepEqual(many, ["daemon/composition.ts"]);
});

test("only bothy-cell's door opens connections to it, and only stores touch the database", () => {
  const spawning = sources.filter(
    (file) =>
      isIn(file, "daemon") &&
      /\b(new Spawner|CellConnection\.(open|request))\(/.test(readFileSync(path.join(packageRoot, file), "utf8")),
  );
  assert.deepEqual(spawning, ["daemon/platform/native/connection.ts", "daemon/platform/native/spawner.ts"]);
  const statements = sources.filter(
    (file) =>
      isIn(file, "daemon") && /database\.(run|get|all)\(/.test(readFileSync(path.join(packageRoot, file), "utf8")),
  );
  assert.deepEqual(
    statements.filter((file) => path.basename(file) !== "store.ts"),
    [],
  );
});

test("only the plugin's door to gRPC names its packages: others would load copies that do not fit Pulumi's messages", () => {
  const naming = sources.filter((file) =>
    importsOf(file).packages.some((name) => ["@grpc/grpc-js", "google-protobuf"].includes(name)),
  );
  assert.deepEqual(naming, ["provider/plugin/grpc.ts"]);
});

test("zod is imported as a namespace, so that the bundles leave out what nobody uses of it", () => {
  assert.deepEqual(
    sources.filter((file) =>
      /^import (type )?\{ z \} from "zod"/m.test(readFileSync(path.join(packageRoot, file), "utf8")),
    ),
    [],
  );
});
