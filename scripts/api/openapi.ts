/** OpenAPI: the API as programs read it, made of what its routes say and of the types in sdk/api. */

import type { Says } from "../../daemon/http/says";
import { packageVersion } from "../../sdk/host/package";
import type { ApiRoute } from "../../test/support/api-routes";
import { envelopes, type Json, json, linked, responsesOf, text } from "./answers";
import { groupsBy } from "./group";
import { ApiSchemas } from "./schemas";
import { sections } from "./sections";
import { schemaPath } from "./types";

/** A template of OpenAPI from a path of ours. */
export const templateOf = (path: string): string => path.replaceAll(/:(\w+)\*?/g, "{$1}");

const pascal = (word: string): string =>
  word.replace(/(?:^|[-.])([a-z])/g, (_all, letter: string) => letter.toUpperCase());

/** Paths that have no words of their own. */
const words: Readonly<Record<string, string>> = { "/": "versions", "/1.0": "server" };

/** Such as "putInstancesNameState". */
const operationIdOf = ({ method, path }: ApiRoute): string =>
  [method.toLowerCase(), ...(words[path] ?? path.replace("/1.0/", "")).split(/[/:*]+/).map(pascal)].join("");

function parametersOf({ method, path, says, anyProject }: ApiRoute): Json[] {
  const inPath = [...path.matchAll(/:(\w+)(\*?)/g)].map(([, name, star]) => ({
    name,
    in: "path",
    required: true,
    ...(star ? { description: "May hold slashes, which stay as they are." } : {}),
    schema: text,
  }));
  const inQuery = Object.entries(says.query ?? {}).map(([name, means]) => ({
    name,
    in: "query",
    ...(says.needs?.includes(name) ? { required: true } : {}),
    description: linked(means),
    schema: text,
  }));
  const inHeaders = Object.entries(says.headers ?? {}).map(([name, means]) => ({
    name: `X-LXD-${name}`,
    in: "header",
    description: linked(means),
    schema: text,
  }));
  const shared = [
    ...(anyProject || says.query?.project ? [] : ["project"]),
    ...(says.tagged && method !== "GET" ? ["ifMatch"] : []),
  ].map((name) => ({ $ref: `#/components/parameters/${name}` }));
  return [...inPath, ...inQuery, ...inHeaders, ...shared];
}

function requestBodyOf({ body, patch, upload }: Says, schemas: ApiSchemas): Json | undefined {
  const schema = patch === undefined ? body && schemas.body(body) : schemas.patch(patch);
  if (schema === undefined && upload === undefined) return undefined;
  const means = Object.entries(upload ?? {}).map(([media, text]) => `${media}: ${text}.`);
  return {
    ...(means.length === 0 ? {} : { description: means.join(" ") }),
    ...(schema === undefined ? {} : { required: true }),
    content: {
      ...Object.fromEntries(Object.keys(upload ?? {}).map((media) => [media, { schema: {} }])),
      ...(schema === undefined ? {} : json(schema)),
    },
  };
}

function callOf(title: string, route: ApiRoute, schemas: ApiSchemas): Json {
  const { method, says } = route;
  const parameters = parametersOf(route);
  const requestBody = requestBodyOf(says, schemas);
  return {
    operationId: operationIdOf(route),
    tags: [title],
    summary: says.summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(requestBody === undefined ? {} : { requestBody }),
    responses: responsesOf(says, method, schemas),
  };
}

const components = (schemas: ApiSchemas): Json => ({
  schemas: { ...envelopes(), ...schemas.named },
  parameters: {
    project: {
      name: "project",
      in: "query",
      description: "The project that the call is about; `default` when absent.",
      schema: text,
    },
    ifMatch: {
      name: "If-Match",
      in: "header",
      description: "ETag of the object as it was read; another one than it has now is 412.",
      schema: text,
    },
  },
  headers: {
    ETag: { description: "Digest of the parts that can be written.", schema: text },
    Location: { description: "Path of the new object, or of the operation.", schema: text },
  },
  responses: {
    Error: {
      description: "What cannot be done, and why; the code is one of docs/errors.md.",
      content: json({ $ref: `${schemaPath}ErrorAnswer` }),
    },
  },
});

/** The document; every route of the API is in it. */
export function openApi(): Json {
  const all = sections.flatMap(({ title, routes }) => routes.map((route) => ({ title, route })));
  const schemas = new ApiSchemas(all.map(({ route }) => route));
  const byPath = groupsBy(all, ({ route }) => templateOf(route.path));
  const paths = byPath.map(([path, calls]) => [
    path,
    Object.fromEntries(calls.map(({ title, route }) => [route.method.toLowerCase(), callOf(title, route, schemas)])),
  ]);
  return {
    openapi: "3.1.1",
    info: {
      title: "Bothy",
      summary: "LXD's REST API 1.0, as bothyd speaks it.",
      description: "The rules that hold for all calls are in docs/api.md and docs/lxd-api.md.",
      version: packageVersion(),
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "http://localhost", description: "The daemon's unix socket; the name of the host is not read." }],
    tags: sections.map(({ title }) => ({ name: title })),
    paths: Object.fromEntries(paths),
    components: components(schemas),
  };
}

/** The document as its file has it. */
export const openApiText = (): string => `${JSON.stringify(openApi(), undefined, 2)}\n`;
