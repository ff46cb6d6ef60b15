/** Templates: files that an image wants written into its instances (docs/lxd-api.md, Images), while the root is at rest. */
import { Readable } from "node:stream";
import { buffer as bufferOf } from "node:stream/consumers";
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { ApiError, badRequest } from "../../../../sdk/api/errors";
import type { FilePlace, PutFile } from "../../../platform/native/index";
import type { Trigger } from "../../image/archive/metadata";
import { type RenderedFile, renderFiles } from "../../image/file-templates/render";
import { maxText } from "../../image/file-templates/value";
import type { InstanceHome } from "../home";
import { metadataOf } from "../metadata/metadata";
import type { InstanceRecord } from "../record";
import { type Digests, digestOf, pendingKeys, pendingTemplates } from "./pending-file-templates";

/**
 * Leaves the files of a trigger to the instance's next start, and looks at once whether they can be made.
 * @returns keys that tell this start (pending-file-templates.ts)
 * @throws ApiError BAD_REQUEST for a template that cannot be rendered or has a folder in its place
 */
export async function leaveToStart(home: InstanceHome, record: InstanceRecord, trigger: Trigger): Promise<Config> {
  const digests: Record<string, string> = {};
  const place = home.book.filePlace(record);
  for (const { innerPath, createOnly } of filesOf(home, record, trigger)) {
    const found = await digestAt(home, place, pathOf(innerPath));
    if (found === folder && !createOnly) throw cannotMake(innerPath, badRequest("there is a folder in its place."));
    if (found === absent || !createOnly) digests[innerPath] = found;
  }
  return pendingKeys(trigger, digests);
}

/** Writes the files that a start makes: those that were left to it, where nobody changed what was there, then its own. */
export async function applyAtStart(home: InstanceHome, record: InstanceRecord): Promise<void> {
  const pending = pendingTemplates(record.config);
  if (pending !== undefined) await applyTemplates(home, record, pending.trigger, pending.digests);
  await applyTemplates(home, record, "start");
}

/**
 * Writes the files whose time has come. An image that is gone meanwhile writes nothing.
 * @param left what was at each file's place when it was left to this start; only those are written where that is still so
 * @throws ApiError BAD_REQUEST for a template that cannot be rendered
 */
async function applyTemplates(
  home: InstanceHome,
  record: InstanceRecord,
  trigger: Trigger,
  left?: Digests,
): Promise<void> {
  const place = home.book.filePlace(record);
  for (const { innerPath, content, createOnly } of filesOf(home, record, trigger)) {
    const path = pathOf(innerPath);
    try {
      const isWanted =
        left === undefined
          ? !createOnly || (await digestAt(home, place, path)) === absent
          : left[innerPath] !== undefined && (await digestAt(home, place, path)) === left[innerPath];
      if (isWanted) await write(home, place, { path, type: "file", append: false }, Buffer.from(content));
    } catch (error) {
      throw ApiError.is(error) ? cannotMake(innerPath, error) : error;
    }
  }
}

function filesOf(home: InstanceHome, record: InstanceRecord, trigger: Trigger): readonly RenderedFile[] {
  const image = templatesOf(home, record);
  if (image === undefined) return [];
  const { config, devices } = home.book.expanded(record);
  const { name, architecture, ephemeral } = record;
  const instance = { name, architecture, privileged: instanceConfig(config).get("security.privileged"), ephemeral };
  return renderFiles(image, trigger, { instance, config, devices });
}

const pathOf = (innerPath: string): string => (innerPath.startsWith("/") ? innerPath : `/${innerPath}`);

const cannotMake = (innerPath: string, error: ApiError): ApiError =>
  new ApiError(error.code, `Cannot make "${pathOf(innerPath)}" of the image's template: ${error.message}`, {
    cause: error,
  });

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

/** What stands in the place of a digest where there is no file that could have one. */
const absent = "absent";
const folder = "folder";

/** @returns the digest of a file's content; of what no template makes, which a guest may have left, what it is and how long */
async function digestAt({ native }: InstanceHome, place: FilePlace, path: string): Promise<string> {
  try {
    const { content, stat } = await native.getFile(place, path);
    if (stat.type === "directory") {
      content?.destroy();
      return folder;
    }
    if (stat.type === "file" && content !== undefined && stat.size <= maxText * bytesOfChar)
      return digestOf(await bufferOf(content));
    content?.destroy();
    return `${stat.type} ${stat.size}`;
  } catch (error) {
    if (isMissing(error)) return absent;
    throw error;
  }
}
