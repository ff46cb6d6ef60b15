/** Metadata: which files an instance gets of templates, as its image says, or as a client has changed it since (docs/lxd-api.md, Metadata). */
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { ApiError, badRequest, notFound } from "../../../../sdk/api/errors";
import type { InstanceMetadataPut } from "../../../../sdk/api/instance-metadata";
import { isInnerPath } from "../../image/archive/metadata";
import { parseTemplate } from "../../image/file-templates/parser";
import type { InstanceHome } from "../home";
import type { InstanceRecord } from "../record";
import type { KeptMetadata } from "./store";

/** Of all templates together, and of the metadata, as for an image. */
export const maxBytes = 1024 * 1024;
const maxFiles = 1000;

/** What counts for an instance now. One whose image is gone has the properties that it kept of it. */
export function metadataOf({ book, images }: InstanceHome, record: InstanceRecord): KeptMetadata {
  const kept = book.store.metadata.find(record);
  if (kept !== undefined) return kept;
  const config = instanceConfig(record.config);
  const fingerprint = config.get("volatile.base_image");
  try {
    if (fingerprint !== undefined) return images.readMetadata(fingerprint);
  } catch (error) {
    if (!ApiError.is(error) || error.code !== "NOT_FOUND") throw error;
  }
  const { architecture } = record;
  const metadata = {
    architecture,
    creation_date: 0,
    expiry_date: 0,
    properties: config.family("image.*"),
    templates: {},
  };
  return { metadata, templates: {} };
}

/** Replaces the metadata of an instance; its templates stay. @throws ApiError BAD_REQUEST for what no start could write */
export function setMetadata(home: InstanceHome, record: InstanceRecord, metadata: InstanceMetadataPut): void {
  if (JSON.stringify(metadata).length > maxBytes)
    throw badRequest("Cannot change the metadata: it is larger than 1 MiB. Make it smaller.");
  const targets = Object.entries(metadata.templates);
  if (targets.length > maxFiles)
    throw badRequest(`Cannot change the metadata: it makes more than ${maxFiles} files of templates. Leave out some.`);
  for (const [target, { template }] of targets) {
    if (!isInnerPath(target))
      throw badRequest(`Cannot change the metadata: ${JSON.stringify(target)} is not a path inside a container.`);
    requireTemplateName(template);
  }
  home.book.store.metadata.set(record, { ...metadataOf(home, record), metadata });
}

/** @throws ApiError NOT_FOUND */
export function templateOf(home: InstanceHome, record: InstanceRecord, name: string): string {
  requireTemplateName(name);
  const { templates } = metadataOf(home, record);
  if (!Object.hasOwn(templates, name)) throw notFound(`Template "${name}" not found`);
  return templates[name]!;
}

/** Writes a template anew. @throws ApiError BAD_REQUEST for one that cannot be rendered, or too large with the others */
export function setTemplate(home: InstanceHome, record: InstanceRecord, name: string, content: Buffer): void {
  requireTemplateName(name);
  const text = textOf(name, content);
  try {
    parseTemplate(text);
  } catch (error) {
    const cause = (error as Error).message.replace(/\.$/, "");
    throw badRequest(`Cannot use template "${name}": ${cause}. Correct it.`, { cause: error });
  }
  const { metadata, templates } = metadataOf(home, record);
  const next = { ...templates, [name]: text };
  if (Object.keys(next).length > maxFiles || JSON.stringify(next).length > maxBytes)
    throw badRequest(`Cannot keep template "${name}": all templates together are more than 1 MiB, or ${maxFiles}.`);
  home.book.store.metadata.set(record, { metadata, templates: next });
}

/** @throws ApiError NOT_FOUND */
export function deleteTemplate(home: InstanceHome, record: InstanceRecord, name: string): void {
  templateOf(home, record, name);
  const { metadata, templates } = metadataOf(home, record);
  const { [name]: _gone, ...rest } = templates;
  home.book.store.metadata.set(record, { metadata, templates: rest });
}

/** A file of the folder templates itself. */
function requireTemplateName(name: string): void {
  if (name === "" || name === "." || name === ".." || name.length > 255 || /[/\p{Cc}]/u.test(name))
    throw badRequest(`Invalid template filename ${JSON.stringify(name)}. Use the name of a file, without slashes.`);
}

function textOf(name: string, content: Buffer): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
    if (!text.includes("\0")) return text;
  } catch {
    // Said below.
  }
  throw badRequest(`Cannot use template "${name}": it is no text in UTF-8.`);
}
