/** Templates: files that an image wants written into its instances (docs/lxd-api.md, Images), while the root is at rest. */
import { Readable } from "node:stream";
import { buffer as bufferOf } from "node:stream/consumers";
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { ApiError } from "../../../../sdk/api/errors";
import type { FilePlace, PutFile } from "../../../platform/native/index";
import type { Trigger } from "../../image/archive/metadata";
import { renderFiles } from "../../image/file-templates/render";
import { maxText } from "../../image/file-templates/value";
import type { InstanceHome } from "../home";
import { metadataOf } from "../metadata/metadata";
import type { InstanceRecord } from "../record";
import { type Digests, digestOf, pendingKeys, pendingTemplates } from "./pending-file-templates";

/** Writes the files of a trigger before the instance's next start. @returns keys that let this start make them again (pending-templates.ts) */
export async function applyUntilStart(home: InstanceHome, record: InstanceRecord, trigger: Trigger): Promise<Config> {
  return pendingKeys(trigger, await applyTemplates(home, record, trigger));
}

/** Writes the files that a start makes: again those that nobody changed since they were made before it, then its own. */
export async function applyAtStart(home: InstanceHome, record: InstanceRecord): Promise<void> {
  const pending = pendingTemplates(record.config);
  if (pending !== undefined) await applyTemplates(home, record, pending.trigger, pending.digests);
  await applyTemplates(home, record, "start");
}

/**
 * Writes the files whose time has come. An image that is gone meanwhile writes nothing.
 * @param made what each file held when it was made before; only those that still hold it are written
 * @returns what each file holds that was written
 * @throws ApiError BAD_REQUEST for a template that cannot be rendered
 */
async function applyTemplates(
  home: InstanceHome,
  record: InstanceRecord,
  trigger: Trigger,
  made?: Digests,
): Promise<Digests> {
  const digests: Record<string, string> = {};
  const image = templatesOf(home, record);
  if (image === undefined) return digests;
  const { config, devices } = home.book.expanded(record);
  const { name, architecture, ephemeral } = record;
  const instance = { name, architecture, privileged: instanceConfig(config).get("security.privileged"), ephemeral };
  const place = home.book.filePlace(record);
  for (const { innerPath, content: text, createOnly } of renderFiles(image, trigger, { instance, config, devices })) {
    const path = innerPath.startsWith("/") ? innerPath : `/${innerPath}`;
    const content = Buffer.from(text);
    const digest = digestOf(content);
    try {
      const isOurs = async (was: string) => was !== digest && (await digestAt(home, place, path)) === was;
      const isWanted =
        made === undefined
          ? !createOnly || !(await exists(home, place, path))
          : made[innerPath] !== undefined && (await isOurs(made[innerPath]));
      if (!isWanted) continue;
      await write(home, place, { path, type: "file", append: false }, content);
      digests[innerPath] = digest;
    } catch (error) {
      if (!ApiError.is(error)) throw error;
      throw new ApiError(error.code, `Cannot make "${path}" of the image's template: ${error.message}`, {
        cause: error,
      });
    }
  }
  return digests;
}

/** Writes a file, and makes the folders above it that are missing, as LXD does: of the container's root, mode 0755. */
async function write({ native }: InstanceHome, place: FilePlace, file: PutFile, content: Buffer): Promise<void> {
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

/** UTF-8 has no more for a character of JavaScript's. */
const bytesOfChar = 3;

const isMissing = (error: unknown): boolean => ApiError.is(error) && error.code === "NOT_FOUND";

function templatesOf(home: InstanceHome, record: InstanceRecord) {
  const kept = metadataOf(home, record);
  return Object.keys(kept.metadata.templates).length === 0 ? undefined : kept;
}

/** @returns the digest of a file's content; nothing where there is no file, or one that no template makes: a guest may have left it */
async function digestAt({ native }: InstanceHome, place: FilePlace, path: string): Promise<string | undefined> {
  try {
    const { content, stat } = await native.getFile(place, path);
    if (content !== undefined && stat.size <= maxText * bytesOfChar) return digestOf(await bufferOf(content));
    content?.destroy();
    return undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function exists({ native }: InstanceHome, place: FilePlace, path: string): Promise<boolean> {
  try {
    const file = await native.getFile(place, path);
    file.content?.destroy();
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
