/** API answers: what a route may answer, as OpenAPI has it. */

import type { Answer, Says } from "../../daemon/http/says";
import { groupsBy } from "./group";
import { type ApiSchemas, answersOf } from "./schemas";
import { type JsonSchema, schemaPath } from "./types";

export type Json = Readonly<Record<string, unknown>>;

/** Markdown of the page in words that need no links. */
export const linked = (text: string): string => text.replaceAll(/ ?\(?\[[^\]]*\]\([^)]*\)\)?/g, "");

export const text: JsonSchema = { type: "string" };
/** Content of the type JSON. */
export const json = (schema: Json | JsonSchema): Json => ({ "application/json": { schema } });
const either = (schemas: readonly (Json | JsonSchema)[]): Json | JsonSchema =>
  schemas.length === 1 ? (schemas[0] ?? {}) : { anyOf: schemas };

/** What `metadata` of an answer may be. */
function metadataOf(answer: Answer, schemas: ApiSchemas): readonly (Json | JsonSchema)[] {
  switch (answer.form) {
    case "nothing":
      return [{ type: "object" }];
    case "one":
      return [schemas.answer(answer.type)];
    case "all":
      return [{ type: "array", items: schemas.answer(answer.type) }];
    case "list": {
      const items = [text, schemas.answer(answer.type), ...(answer.full ? [schemas.answer(answer.full)] : [])];
      return items.map((one) => ({ type: "array", items: one }));
    }
    default:
      return [];
  }
}

/** An answer in words, for the document. */
function meaningOf(answer: Answer): string {
  switch (answer.form) {
    case "nothing":
      return "Done.";
    case "one":
      return "The object.";
    case "all":
      return "All of them.";
    case "list":
      return answer.full === undefined
        ? "Paths, or objects with `recursion=1`."
        : "Paths, or objects with `recursion`.";
    case "created":
      return "Made; `Location` is its path.";
    case "operation":
      return `Work in the background.${answer.metadata === undefined ? "" : ` Metadata of the operation: ${answer.metadata}.`}`;
    case "raw":
      return `Bytes: ${answer.means}.`;
    case "upgrade":
      return `The connection becomes another: ${answer.means}.`;
    case "websocket":
      return `A websocket. ${answer.means}`;
  }
}

const codes: Readonly<Record<Answer["form"], string>> = {
  nothing: "200",
  one: "200",
  all: "200",
  list: "200",
  raw: "200",
  created: "201",
  operation: "202",
  upgrade: "101",
  websocket: "101",
};

/** The answer of a code: of several that have it in common, either. */
function responseOf(code: string, answers: readonly Answer[], says: Says, method: string, schemas: ApiSchemas): Json {
  const metadata = answers.flatMap((answer) => metadataOf(answer, schemas));
  const raws = answers.filter((answer) => answer.form === "raw");
  const headers = {
    ...(says.tagged && method === "GET" ? { ETag: { $ref: "#/components/headers/ETag" } } : {}),
    ...(code === "201" || code === "202" ? { Location: { $ref: "#/components/headers/Location" } } : {}),
  };
  const envelope = { 201: "CreatedAnswer", 202: "AsyncAnswer" }[code] ?? "SyncAnswer";
  const whole = { $ref: `${schemaPath}${envelope}` };
  const content = {
    ...(raws.length === 0 ? {} : { "application/octet-stream": { schema: {} } }),
    ...(code === "200" && metadata.length > 0
      ? json({ allOf: [whole, { type: "object", properties: { metadata: either(metadata) } }] })
      : {}),
    ...(code === "201" || code === "202" ? json(whole) : {}),
  };
  const descriptions = answers.map((answer) => `${meaningOf(answer)}${answer.when ? ` (${answer.when})` : ""}`);
  return {
    description: linked(descriptions.join("; or ")),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...(Object.keys(content).length === 0 ? {} : { content }),
    ...(code === "101"
      ? {
          "x-messages": answers.flatMap((answer) =>
            "types" in answer ? answer.types.map((type) => schemas.answer(type)) : [],
          ),
        }
      : {}),
  };
}

/** The answers of a route by their codes. */
export function responsesOf(says: Says, method: string, schemas: ApiSchemas): Json {
  const byCode = groupsBy(answersOf(says), ({ form }) => codes[form]);
  const responses = byCode.map(([code, answers]) => [code, responseOf(code, answers, says, method, schemas)]);
  return { ...Object.fromEntries(responses), default: { $ref: "#/components/responses/Error" } };
}

/** The envelopes of answers (docs/lxd-api.md, Answers). */
export const envelopes = (): Json => {
  const of = (fixed: Json, metadata: Json | JsonSchema | undefined): Json => ({
    type: "object",
    properties: {
      ...Object.fromEntries(Object.entries(fixed).map(([name, value]) => [name, { const: value }])),
      ...("operation" in fixed ? {} : { operation: { type: "string", description: "Path of the operation." } }),
      ...("error" in fixed
        ? {}
        : {
            error_code: { type: "integer", description: "The HTTP status." },
            error: { type: "string", description: "What cannot be done, why, and what to do." },
            bothy_details: { description: "The same for programs." },
          }),
      ...(metadata === undefined ? {} : { metadata }),
    },
    required: ["type", "status", "status_code", "operation", "error_code", "error", "metadata"],
  });
  const fine = { error_code: 0, error: "" };
  const done = { type: "sync", status: "Success", status_code: 200, operation: "", ...fine };
  return {
    SyncAnswer: of(done, {}),
    CreatedAnswer: of(done, { type: "null" }),
    AsyncAnswer: of(
      { type: "async", status: "Operation created", status_code: 100, ...fine },
      { $ref: `${schemaPath}Operation` },
    ),
    ErrorAnswer: of({ type: "error", status: "", status_code: 0, operation: "" }, { type: "null" }),
  };
};
