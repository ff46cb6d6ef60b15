/** docs/api.md and docs/openapi.json say all that the routes of the daemon do, and nothing else. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import * as z from "zod";
import { openApiText, templateOf } from "../../../scripts/api/openapi";
import { namedTypes } from "../../../scripts/api/types";
import { apiPage } from "../../../scripts/api-page";
import { packageRoot } from "../../../sdk/host/package";
import { apiRoutes } from "../../support/api-routes";

const read = (file: string) => readFileSync(path.join(packageRoot, file), "utf8");

interface Parameter {
  readonly $ref?: string;
  readonly name?: string;
  readonly in?: string;
}

interface Call {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: { readonly $ref?: string } }>>;
  };
  readonly responses: Readonly<Record<string, object>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Call>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const document = JSON.parse(read("docs/openapi.json")) as Document;
const page = read("docs/api.md");
const callOf = ({ method, path: at }: { readonly method: string; readonly path: string }) =>
  document.paths[templateOf(at)]?.[method.toLowerCase()];
const nameOf = ({ method, path: at }: { readonly method: string; readonly path: string }) => `${method} ${at}`;

/** Every value below some value, with the key that leads to it. */
const within = (value: unknown): [key: string, part: unknown][] =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, part]) => [[key, part] as [string, unknown], ...within(part)])
    : [];

const references = within(document).flatMap(([key, part]) => (key === "$ref" ? [String(part)] : []));

test("docs/api.md and docs/openapi.json are fresh", () => {
  assert.equal(page, apiPage(), 'run "npm run gen"');
  assert.equal(read("docs/openapi.json"), openApiText(), 'run "npm run gen"');
});

test("every route is on the page and in the document, and no others are", () => {
  assert.ok(apiRoutes.length > 70, `${apiRoutes.length} routes found`);
  const headings = page.split("\n").filter((line) => /^### `[A-Z]+ \//.test(line));
  assert.deepEqual(headings.toSorted(), apiRoutes.map((route) => `### \`${nameOf(route)}\``).toSorted());
  const calls = Object.entries(document.paths).flatMap(([at, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${at}`),
  );
  const all = apiRoutes.map(({ method, path: at }) => `${method} ${templateOf(at)}`);
  assert.deepEqual(calls.toSorted(), all.toSorted());
});

test("every call says in whole sentences what it does, and has a name of its own", () => {
  assert.deepEqual(apiRoutes.filter(({ says }) => !/^[A-Z].*[.]$/.test(says.summary)).map(nameOf), []);
  const names = apiRoutes.map((route) => callOf(route)?.operationId);
  assert.deepEqual(
    names.filter((name, index) => !/^[a-z][a-zA-Z]+$/.test(name ?? "") || names.indexOf(name) !== index),
    [],
  );
});

test("every body that is parsed is described by a type with a name", () => {
  const withBody = apiRoutes.filter(({ says }) => says.body !== undefined || says.patch !== undefined);
  assert.ok(withBody.length > 25, `${withBody.length} bodies found`);
  const isNamed = (route: (typeof apiRoutes)[number]) =>
    callOf(route)?.requestBody?.content["application/json"]?.schema.$ref?.startsWith("#/components/schemas/");
  assert.deepEqual(withBody.filter((route) => !isNamed(route)).map(nameOf), []);
});

test("a call that may bring a body says which", () => {
  const silent = apiRoutes.filter(
    ({ method, says: { body, patch, upload } }) => /^P/.test(method) && (body ?? patch ?? upload) === undefined,
  );
  const needNone = [
    "POST /1.0/images/:fingerprint/secret",
    // Refused whatever it brings.
    "POST /1.0/networks/:network/peers",
    "PUT /1.0/networks/:network/peers/:peer",
    "PATCH /1.0/networks/:network/peers/:peer",
    "POST /1.0/images/:fingerprint/refresh",
  ];
  assert.deepEqual(silent.map(nameOf).sort(), ["PUT /internal/shutdown", ...needNone].sort());
});

const sources = globSync("daemon/kinds/**/*.ts", { cwd: packageRoot }).map((file) => [file, read(file)] as const);

test("handlers have their body of the route, which describes it, and parse none themselves", () => {
  const parsing = sources.filter(([, text]) => /\brequest\.json\b|[{,] json\b[^:]*\}: ApiRequest|readJson/.test(text));
  assert.deepEqual(
    parsing.map(([file]) => file),
    [],
  );
});

test("every parameter of a query that the daemon reads is described", () => {
  const http = globSync("daemon/http/*.ts", { cwd: packageRoot }).map((file) => [file, read(file)] as const);
  const asked = [...sources, ...http].flatMap(([, text]) =>
    [...text.matchAll(/query\.get\("([\w-]+)"\)/g)].map(([, name = ""]) => name),
  );
  const told = new Set(apiRoutes.flatMap(({ says }) => Object.keys(says.query ?? {})));
  // "project" is of all routes, and "target" is refused on all of them.
  const unknown = new Set(asked.filter((name) => !told.has(name) && name !== "project" && name !== "target"));
  assert.deepEqual([...unknown], []);
});

test("no reference of the document leads nowhere, and nothing in it is referred to by nobody", () => {
  const there = Object.entries(document.components).flatMap(([kind, parts]) =>
    Object.keys(parts).map((name) => `#/components/${kind}/${name}`),
  );
  assert.deepEqual([...new Set(references)].toSorted(), there.toSorted());
});

test("every part of a path is a parameter of its calls", () => {
  const wrong = apiRoutes.filter((route) => {
    const parts = [...templateOf(route.path).matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const told =
      callOf(route)
        ?.parameters?.filter((one) => one.in === "path")
        .map(({ name }) => name) ?? [];
    return parts.join() !== told.join();
  });
  assert.deepEqual(wrong.map(nameOf), []);
});

test("what a field means is said of a type of its own, and of no other field that shares it", () => {
  const places = new Map<z.ZodType, Set<string>>();
  for (const [type] of namedTypes())
    if (type instanceof z.ZodObject)
      for (const [field, of] of Object.entries(type.shape as Record<string, z.ZodType>))
        if (of.description !== undefined) places.set(of, (places.get(of) ?? new Set()).add(field));
  assert.ok(places.size > 80, `${places.size} meanings found`);
  // Maps have theirs as types, wherever they stand.
  const shared = [...places].filter(([type, fields]) => fields.size > 1 && !(type instanceof z.ZodRecord));
  assert.deepEqual(
    shared.map(([, fields]) => [...fields].join()),
    [],
  );
});

test("every link within the page leads to a heading", () => {
  const anchors = new Set(
    [...page.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
      title
        .toLowerCase()
        .replaceAll(/[^\w -]/g, "")
        .replaceAll(" ", "-"),
    ),
  );
  const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = ""]) => anchor);
  assert.deepEqual(
    links.filter((anchor) => !anchors.has(anchor)),
    [],
  );
});
