/** Templates: files that an image wants written into its instances (api-1.0.md 1.7), while the root is at rest. */
import { Readable } from "node:stream";
import { isTrue } from "../../sdk/api/config/values";
import { ApiError } from "../../sdk/api/errors";
import type { Context } from "../context";
import { renderTemplate, templateVariables } from "../image/render";
import type { InstanceRecord } from "./record";

export type TemplateTrigger = "create" | "copy" | "rename" | "start";

/**
 * Writes the files whose time has come. An image that is gone meanwhile writes nothing.
 * @throws ApiError BAD_REQUEST for a template that cannot be rendered
 */
export async function applyTemplates(
  context: Context,
  record: InstanceRecord,
  trigger: TemplateTrigger,
): Promise<void> {
  const image = templatesOf(context, record);
  if (image === undefined) return;
  const { config, devices } = context.instances.expanded(record);
  const place = context.instances.filePlace(record);
  for (const [path, template] of Object.entries(image.metadata.templates)) {
    if (!template.when.includes(trigger)) continue;
    if (template.create_only && (await exists(context, record, path))) continue;
    const variables = templateVariables({
      trigger,
      path,
      instance: {
        name: record.name,
        architecture: record.architecture,
        privileged: isTrue(config["security.privileged"]),
        ephemeral: record.ephemeral,
      },
      config,
      devices,
      properties: template.properties,
    });
    const content = Readable.from([Buffer.from(renderTemplate(image.templates[template.template] ?? "", variables))]);
    await context.native.putFile(place, { path, type: "file", append: false }, content);
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
