/** Requests made of the API's own routes and types, by a seed. */
import fc from "fast-check";
import { ApiSchemas } from "../../../scripts/api/schemas";
import { type ApiRoute, apiRoutes } from "../api-routes";
import { anyText, madeOf, namesBelow } from "./values";

export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Not asked: it is the last word of a daemon. */
const endings = ["/internal/shutdown"];
/** Commands of a fuzz would run for ever, or wait for websockets that nobody opens. */
const waits = { timeout: "1" };

const headerNames = ["uid", "gid", "mode", "type", "write", "public", "properties", "filename", "fingerprint", "name"];
const queries = ["project", "recursion", "filter", "all-projects", "path", "timeout", "force", "secret", "public"];
const filters = [
  "name eq c1",
  "not status ne Running and",
  "config.user.x eq .*",
  "eq",
  "name eq (",
  '"',
  "a.b.c eq '",
];

/** Half of a pair is no character; URLs have none. */
const wellFormed = (text: string): string => Buffer.from(text).toString();
const escaped = (part: string): string => encodeURIComponent(wellFormed(part));

/** A header's value, as bytes that HTTP takes. */
const valueOfQuery = (name: string): fc.Arbitrary<string> => {
  if (name === "project") return namesBelow("projects");
  return fc.oneof(anyText, fc.constantFrom(...filters, "0", "1", "2", "true", "etc", "etc/passwd", "root/new"));
};

const headerText = anyText.map((text) => text.replace(/[^\x20-\x7e]/g, "?"));

const queryOf = (asked: readonly (readonly [string, string])[]): string =>
  new URLSearchParams([
    ...Object.entries(waits),
    ...asked.map(([name, value]): [string, string] => [name, wellFormed(value)]),
  ]).toString();

function requestOf(route: ApiRoute, schemas: ApiSchemas): fc.Arbitrary<FuzzRequest> {
  const parts = route.path
    .split("/")
    .map((part, index, all) =>
      part.startsWith(":") ? namesBelow(all[index - 1] ?? "").map(escaped) : fc.constant(part),
    );
  const asked = fc.constantFrom(...queries).chain((name) => fc.tuple(fc.constant(name), valueOfQuery(name)));
  const query = fc.array(asked, { maxLength: 2 });
  const { body: whole, patch } = route.says;
  const type = whole === undefined ? (patch === undefined ? undefined : schemas.patch(patch)) : schemas.body(whole);
  const json = type === undefined ? fc.constant(undefined) : madeOf(type, schemas.named);
  const text = json.map((value) => (value === undefined ? undefined : JSON.stringify(value)));
  const broken = fc.constantFrom(undefined, "", "{", "[]", "null", "\u0000", "0", '{"a":1}{', "[".repeat(200), '"x"');
  const body = /PUT|POST|PATCH/.test(route.method)
    ? fc.oneof({ weight: 15, arbitrary: text }, { weight: 1, arbitrary: broken })
    : fc.constant(undefined);
  const headers = fc.array(fc.tuple(fc.constantFrom(...headerNames), headerText), { maxLength: 2 });
  const isJson = fc.integer({ min: 0, max: 19 });
  return fc.tuple(fc.tuple(...parts), query, body, headers, isJson).map(([found, pairs, content, given, chance]) => ({
    method: route.method,
    path: `${found.join("/")}?${queryOf(pairs)}`,
    headers: {
      ...(content === undefined
        ? {}
        : { "content-type": chance === 0 ? "application/octet-stream" : "application/json" }),
      ...Object.fromEntries(given.map(([name, value]) => [`x-lxd-${name}`, value])),
    },
    body: content,
  }));
}

/** @param seed the same one makes the same requests */
export function fuzzRequests(count: number, seed: number): FuzzRequest[] {
  const routes = apiRoutes.filter(({ path, upgrades }) => !upgrades && !endings.includes(path));
  const schemas = new ApiSchemas(apiRoutes);
  return fc.sample(fc.oneof(...routes.map((route) => requestOf(route, schemas))), { numRuns: count, seed });
}
