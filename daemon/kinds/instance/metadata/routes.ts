/** Routes of an instance's metadata and its file templates (docs/lxd-api.md, Metadata). */
import type { Readable } from "node:stream";
import { Text } from "../../../../sdk/api/common";
import { badRequest } from "../../../../sdk/api/errors";
import { InstanceMetadata, InstanceMetadataPut } from "../../../../sdk/api/instance-metadata";
import { dispositionOf } from "../../../http/disposition";
import { type ApiRequest, ifMatchOf, type Route, raw, route, sync } from "../../../http/route";
import { answers } from "../../../http/says";
import type { InstanceHome } from "../home";
import { instanceRef } from "../record";
import { idOf } from "../request";
import { deleteTemplate, maxBytes, metadataOf, setMetadata, setTemplate, templateOf } from "./metadata";

const base = "/1.0/instances/:name/metadata";

export function metadataRoutes(home: InstanceHome): Route[] {
  const { book, changes } = home;
  const recordOf = (request: ApiRequest) => book.record(idOf(request));
  const read = (request: ApiRequest) => metadataOf(home, recordOf(request)).metadata;

  const change = (request: ApiRequest, action: string, work: () => void, context?: Record<string, unknown>) => {
    const of = instanceRef(recordOf(request));
    return changes.run(request.call, { of: [of], told: { action, of, context }, work });
  };

  async function write(request: ApiRequest, next: (have: InstanceMetadataPut) => InstanceMetadataPut) {
    const of = instanceRef(recordOf(request));
    await changes.run(request.call, {
      of: [of],
      etag: { ifMatch: ifMatchOf(request), parts: () => read(request) },
      told: { action: "instance-metadata-updated", of },
      work: () => setMetadata(home, recordOf(request), next(read(request))),
    });
    return sync();
  }

  function getTemplates(request: ApiRequest) {
    const record = recordOf(request);
    const name = request.query.get("path") ?? "";
    if (name === "") return sync(Object.keys(metadataOf(home, record).templates).sort());
    return raw(templateOf(home, record, name), {
      "content-disposition": dispositionOf(name),
    });
  }

  async function postTemplate(request: ApiRequest) {
    const path = pathOf(request);
    recordOf(request);
    const content = await contentOf(request.body);
    const work = () => setTemplate(home, recordOf(request), path, content);
    await change(request, "instance-metadata-template-created", work, { path });
    return sync();
  }

  async function removeTemplate(request: ApiRequest) {
    const path = pathOf(request);
    const work = () => deleteTemplate(home, recordOf(request), path);
    await change(request, "instance-metadata-template-deleted", work, { path });
    return sync();
  }

  const where = { query: { path: "file name of the template" }, needs: ["path"] } as const;

  return [
    route(
      "GET",
      base,
      {
        summary: "Shows what an instance keeps of its image's `metadata.yaml`.",
        tagged: true,
        answer: answers.one(InstanceMetadata),
      },
      (request) => sync(read(request), read(request)),
    ),
    route(
      "PUT",
      base,
      { summary: "Replaces that metadata.", body: InstanceMetadataPut, tagged: true, answer: answers.nothing },
      (request, put) => write(request, () => put),
    ),
    route(
      "PATCH",
      base,
      {
        summary: "Changes some of that metadata; properties and templates are merged by their names.",
        patch: InstanceMetadataPut,
        tagged: true,
        answer: answers.nothing,
      },
      (request, patch) => write(request, (have) => merged(have, patch)),
    ),
    route(
      "GET",
      `${base}/templates`,
      {
        summary: "Lists an instance's templates, or reads one.",
        query: where.query,
        answer: [
          { ...answers.all(Text), when: "without `path`: their file names" },
          { ...answers.raw("the template"), when: "with `path`" },
        ],
      },
      getTemplates,
    ),
    route(
      "POST",
      `${base}/templates`,
      {
        ...where,
        summary: "Writes a template, anew when it is there.",
        upload: { "application/octet-stream": "the template" },
        answer: answers.nothing,
      },
      postTemplate,
    ),
    route(
      "DELETE",
      `${base}/templates`,
      { ...where, summary: "Deletes a template.", answer: answers.nothing },
      removeTemplate,
    ),
  ];
}

function merged(have: InstanceMetadataPut, patch: Partial<InstanceMetadataPut>): InstanceMetadataPut {
  const said = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
  return {
    ...have,
    ...said,
    properties: { ...have.properties, ...patch.properties },
    templates: { ...have.templates, ...patch.templates },
  };
}

function pathOf(request: ApiRequest): string {
  const path = request.query.get("path") ?? "";
  if (path === "") throw badRequest("missing path argument");
  return path;
}

async function contentOf(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxBytes) throw badRequest("Cannot keep the template: it is larger than 1 MiB. Make it smaller.");
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
