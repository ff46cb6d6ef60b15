/** Templates: files that an image wants written into its instances (docs/lxd-api.md, Images), while the root is at rest. */
import { Readable } from "node:stream";
import { isTrue } from "../../sdk/api/config/values";
import { ApiError } from "../../sdk/api/errors";
import type { Context } from "../context";
import { renderFiles, type Trigger } from "../image/render";
import type { InstanceRecord } from "./record";

/**
 * Writes the files whose time has come. An image that is gone meanwhile writes nothing.
 * @throws ApiError BAD_REQUEST for a template that cannot be rendered
 */
export async function applyTemplates(context: Context, record: InstanceRecord, trigger: Trigger): Promise<void> {
  const image = templatesOf(context, record);
  if (image === undefined) return;
  const { config, devices } = context.instances.expanded(record);
  const { name, architecture, ephemeral } = record;
  const instance = { name, architecture, privileged: isTrue(config["security.privileged"]), ephemeral };
  const place = context.instances.filePlace(record);
  for (const { innerPath, content, createOnly } of renderFiles(image, trigger, { instance, config, devices })) {
    if (createOnly && (await exists(context, record, innerPath))) continue;
    const file = { path: innerPath, type: "file", append: false } as const;
    await context.native.putFile(place, file, Readable.from([Buffer.from(content)]));
  }
}

function templatesOf(context: Context, record: InstanceRecord) {
  const fingerprint = record.config["volatile.base_image"];
  if (fingerprint === undefined) return undefined;
  try {
    const image = context.images.readMetadata(fingerprint);
    return Object.keys(image.metadata.templates).length === 0 ? undefined : image;
  } catch (error) {
    if (ApiError.is(error) && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

async function exists(context: Context, record: InstanceRecord, path: string): Promise<boolean> {
  try {
    const file = await context.native.getFile(context.instances.filePlace(record), path);
    file.content?.destroy();
    return true;
  } catch (error) {
    if (ApiError.is(error) && error.code === "NOT_FOUND") return false;
    throw error;
  }
}
