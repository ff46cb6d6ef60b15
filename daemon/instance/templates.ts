/** Templates: files that an image wants written into its instances (docs/lxd-api.md, Images), while the root is at rest. */
import { Readable } from "node:stream";
import { isTrue } from "../../sdk/api/config/values";
import { ApiError } from "../../sdk/api/errors";
import type { Context } from "../context";
import type { Trigger } from "../image/metadata";
import { renderFiles } from "../image/render";
import type { FilePlace, PutFile } from "../native/index";
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
    const path = innerPath.startsWith("/") ? innerPath : `/${innerPath}`;
    try {
      if (!createOnly || !(await exists(context, place, path)))
        await write(context, place, { path, type: "file", append: false }, Buffer.from(content));
    } catch (error) {
      if (!ApiError.is(error)) throw error;
      throw new ApiError(error.code, `Cannot make "${path}" of the image's template: ${error.message}`, {
        cause: error,
      });
    }
  }
}

/** Writes a file, and makes the folders above it that are missing, as LXD does: of the container's root, mode 0755. */
async function write({ native }: Context, place: FilePlace, file: PutFile, content: Buffer): Promise<void> {
  const put = (one: PutFile) => native.putFile(place, one, Readable.from([content]));
  try {
    await put(file);
  } catch (error) {
    if (!isMissing(error)) throw error;
    const parts = file.path.split("/").slice(1, -1);
    for (const depth of parts.keys())
      await put({ path: `/${parts.slice(0, depth + 1).join("/")}`, type: "directory", append: false });
    await put(file);
  }
}

const isMissing = (error: unknown): boolean => ApiError.is(error) && error.code === "NOT_FOUND";

function templatesOf(context: Context, record: InstanceRecord) {
  const fingerprint = record.config["volatile.base_image"];
  if (fingerprint === undefined) return undefined;
  try {
    const image = context.images.readMetadata(fingerprint);
    return Object.keys(image.metadata.templates).length === 0 ? undefined : image;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function exists({ native }: Context, place: FilePlace, path: string): Promise<boolean> {
  try {
    const file = await native.getFile(place, path);
    file.content?.destroy();
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
