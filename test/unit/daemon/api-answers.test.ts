/** What the daemon answers is what docs/openapi.json says of it, as far as a daemon without bothy-cell can answer. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import * as z from "zod";
import { makeParts, routesOf, schemas } from "../../../daemon/composition";
import { ParentGroups, readCgroupLayout } from "../../../daemon/platform/host/cgroups";
import { openApi } from "../../../scripts/api/openapi";
import { seccompDir } from "../../../sdk/host/package";
import { serverOf } from "../../support/http";
import { testPlatform } from "../../support/platform";

const state = mkdtempSync(path.join(tmpdir(), "bothy-answers-"));
const platform = testPlatform(state, schemas, { folderProject: async () => undefined });
const groups = new ParentGroups(readCgroupLayout(), "bothy-test-answers", platform.log);
const parts = makeParts({ ...platform, groups, seccompDir });
const shutdown = { operations: () => Promise.resolve(), containers: () => Promise.resolve(), daemon: () => undefined };
const ask = serverOf(routesOf(parts, shutdown), platform.log);

after(() => {
  platform.database.close();
  rmSync(state, { recursive: true });
});

const document = JSON.parse(JSON.stringify(openApi()).replaceAll("#/components/schemas/", "#/$defs/")) as {
  readonly paths: Record<
    string,
    { get: { responses: { 200: { content: { "application/json": { schema: Said } } } } } }
  >;
  readonly components: { readonly schemas: object };
};

interface Said {
  readonly allOf: readonly [unknown, { readonly properties: { readonly metadata: object } }];
}

/** What the document says of the metadata that a GET answers with. */
function said(at: string): z.ZodType {
  const [, own] = document.paths[at]?.get.responses[200].content["application/json"].schema.allOf ?? [];
  assert.ok(own, `${at} is in the document`);
  return z.fromJSONSchema({ ...own.properties.metadata, $defs: document.components.schemas } as never);
}

/** Asks a path, and holds the answer to the document. @param of the path in the document */
async function holds(url: string, of = url.replace(/\?.*/, "")): Promise<void> {
  const { metadata } = await ask("GET", url);
  const { error } = said(of).safeParse(metadata);
  assert.equal(error, undefined, `${url}: ${error && z.prettifyError(error)} in ${JSON.stringify(metadata)}`);
}

test("objects and lists have the fields that the document says are always there", async () => {
  await ask("POST", "/1.0/projects", { name: "lab" });
  await ask("POST", "/1.0/profiles", { name: "small", config: { "limits.cpu": "1" } });
  await ask("POST", "/1.0/storage-pools", { name: "pool", driver: "dir" });
  parts.warnings.record("imageMissing", { message: "gone", entity: "/1.0/images/abc" });
  const [warning] = (await ask("GET", "/1.0/warnings")).metadata as string[];
  for (const at of ["/", "/1.0", "/1.0/cluster", "/1.0/resources", "/1.0/operations", "/internal/ready"])
    await holds(at);
  for (const kind of ["warnings", "projects", "profiles", "storage-pools", "images", "images/aliases", "instances"])
    for (const recursion of [0, 1, 2]) await holds(`/1.0/${kind}?recursion=${recursion}`);
  await holds(warning ?? "", "/1.0/warnings/{uuid}");
  await holds("/1.0/projects/lab", "/1.0/projects/{name}");
  await holds("/1.0/projects/lab/state", "/1.0/projects/{name}/state");
  await holds("/1.0/profiles/small", "/1.0/profiles/{name}");
  await holds("/1.0/storage-pools/pool", "/1.0/storage-pools/{name}");
  await holds("/1.0/storage-pools/pool/resources", "/1.0/storage-pools/{name}/resources");
});

test("an operation in the background is as the document says", async () => {
  const { metadata } = await ask("POST", "/1.0/projects/lab", { name: "workshop" });
  const schema = z.fromJSONSchema({ $ref: "#/$defs/Operation", $defs: document.components.schemas } as never);
  assert.ok(schema.safeParse(metadata).success, JSON.stringify(metadata));
  await holds("/1.0/operations?recursion=1&all-projects=1");
});

test("an answer that lacks a field does not hold", () => {
  assert.equal(said("/1.0/profiles/{name}").safeParse({ name: "small", config: {} }).success, false);
});
