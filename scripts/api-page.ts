/** API page: the API as people read it, made of what its routes say and of the types in sdk/api. */
import type { Answer } from "../daemon/http/says";
import { configTables } from "../sdk/api/config/tables";
import type { ApiRoute } from "../test/support/api-routes";
import { ApiSchemas, answersOf } from "./api/schemas";
import { sections } from "./api/sections";
import { fieldTable, linkTo, typeName } from "./api/type-tables";
import { anchorOf, bullet, wrapped } from "./markdown";

const typesTitle = "Types";

/** What stands in `metadata` of an answer, or in its place. */
function answerText(answer: Answer, schemas: ApiSchemas): string {
  switch (answer.form) {
    case "nothing":
      return "200, an empty object";
    case "one":
      return `200, ${typeName(schemas.answer(answer.type))}`;
    case "all":
      return `200, list of ${typeName(schemas.answer(answer.type))}`;
    case "list": {
      const full =
        answer.full === undefined ? "" : `, and of ${typeName(schemas.answer(answer.full))} with \`recursion=2\``;
      return `200, list of paths; of ${typeName(schemas.answer(answer.type))} with \`recursion=1\`${full}`;
    }
    case "created":
      return "201, with the path in `Location`";
    case "operation":
      return `202, ${linkTo("Operation")}${answer.metadata === undefined ? "" : `; its metadata: ${answer.metadata}`}`;
    case "raw":
      return `200, bytes: ${answer.means}`;
    case "upgrade":
      return `101, ${answer.means}`;
    case "websocket": {
      const names = answer.types.map((type) => typeName(schemas.answer(type)));
      return `a websocket. ${answer.means} Messages: ${names.join(", ")}`;
    }
  }
}

/** A line for each parameter. */
const bullets = (what: string, all: Readonly<Record<string, string>> = {}, needs: readonly string[] = []): string[] =>
  Object.entries(all).map(([name, means]) =>
    bullet(`${what.replace("*", name)}${needs.includes(name) ? ", needed" : ""}: ${means}`),
  );

/** Who may make a call, as docs/lxd-api.md (Trust) has it. */
const callers: Readonly<Record<ApiRoute["access"], string>> = {
  untrusted: "everybody; clients that are not trusted see what is public",
  authenticated: "every trusted client",
  list: "clients that have the project",
  view: "clients that have the project",
  edit: "clients that have the project",
  admin: "clients that have the whole server",
};

function callText({ method, path, says, access }: ApiRoute, schemas: ApiSchemas): string {
  const { query, needs, headers, body, patch, upload, tagged } = says;
  const bodies = [
    ...(body === undefined ? [] : [typeName(schemas.body(body))]),
    ...(patch === undefined ? [] : [`a part of ${typeName(schemas.body(patch))}, which is merged`]),
    ...Object.entries(upload ?? {}).map(([media, means]) => `\`${media}\`, ${means}`),
  ];
  const answers = answersOf(says).map(
    (answer) => `${answerText(answer, schemas)}${answer.when ? ` (${answer.when})` : ""}`,
  );
  const etag = method === "GET" ? "; it has an `ETag`" : "";
  return [
    `### \`${method} ${path}\``,
    "",
    wrapped(says.summary),
    "",
    ...bullets("Query `*`", query, needs),
    ...bullets("Header `X-LXD-*`", headers),
    ...(bodies.length === 0 ? [] : [bullet(`Body: ${bodies.join("; or ")}`)]),
    ...(tagged && method !== "GET" ? [bullet("Heeds `If-Match`")] : []),
    bullet(`For ${callers[access]}`),
    bullet(`Answer: ${answers.join("; or ")}${tagged ? etag : ""}`),
    "",
  ].join("\n");
}

/** Where the configuration keys of what a section is about are told. */
function keysOf(title: string): string[] {
  const tables = configTables.filter((table) => table.title.toLowerCase().includes(title.toLowerCase()));
  const links = tables.map((table) => `[${table.title}](config.md#${anchorOf(table.title)})`);
  return links.length === 0 ? [] : [wrapped(`Configuration keys: ${links.join(", ")}.`), ""];
}

/** Pages that have more of a type. */
const pages: Readonly<Record<string, string>> = {
  Config: "[config.md](config.md) has the keys.",
  Device: "[config.md](config.md#devices) has the types and their options.",
};

const intro = [
  "Made by `npm run gen` from the routes of the daemon (`daemon/kinds/*/routes.ts`) and the types in `sdk/api/`. The same for programs is [openapi.json](openapi.json), in OpenAPI 3.1. Rules that hold between calls are in [lxd-api.md](lxd-api.md), errors in [errors.md](errors.md).",
  "The daemon listens on a unix socket, in an installed Bothy `/var/lib/bothy/unix.socket`, and with `core.https_address` for HTTPS ([lxd-api.md](lxd-api.md#trust)). Answers but for bytes are JSON objects with the keys `type`, `status`, `status_code`, `operation`, `error_code`, `error` and `metadata`; below stands what `metadata` is. 202 stands for work in the background: `metadata` is an operation, and `Location` its path. A field of a body that is null is as one that is not there, and fields that no type has are passed over.",
  "Calls take `project` in their query, the project that they are about, `default` when absent; what is about the whole server takes any name. A call that heeds `If-Match` answers 412 when the object is another one than its `ETag` says. `/1.0/containers` is an older name of `/1.0/instances`. A `*` after a name in a path: it may hold slashes.",
];

/** @returns Markdown */
export function apiPage(): string {
  const schemas = new ApiSchemas(sections.flatMap(({ routes }) => routes));
  const titles = [...sections.map(({ title }) => title), typesTitle];
  return [
    "# API",
    "",
    ...intro.flatMap((text) => [wrapped(text), ""]),
    ...titles.map((title) => `- [${title}](#${anchorOf(title)})`),
    "",
    ...sections.flatMap(({ title, routes }) => [
      `## ${title}`,
      "",
      ...keysOf(title),
      ...routes.map((route) => callText(route, schemas)),
    ]),
    `## ${typesTitle}`,
    "",
    ...Object.entries(schemas.whole).map(([name, schema]) =>
      fieldTable(name, schema, schemas.isOfBodies(name), pages[name]),
    ),
  ]
    .join("\n")
    .replace(/\n+$/, "\n");
}
