/** Beside: the files that lie beside an instance's root, in LXD's layout: backup.yaml, metadata.yaml and the folder templates. */
import { mkdir, open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { badRequest } from "../../../../sdk/api/errors";
import { entries, ignoring, readText } from "../../../platform/folders/files";
import { readYaml } from "../../image/archive/metadata-yaml";

const backupFile = "backup.yaml";
const metadataFile = "metadata.yaml";
const templatesFolder = "templates";

const maxBackupBytes = 4 << 20;
/** As for an image. */
const maxMetadataBytes = 1 << 20;
const maxTemplates = 1000;

export interface Beside {
  readonly backup: string;
  readonly metadata: string;
  /** Texts of the templates by their file name. */
  readonly templates: Readonly<Record<string, string>>;
}

/** Writes what is other than it was, each file whole. @param folder around the root */
export async function writeBeside(folder: string, { backup, metadata, templates }: Beside): Promise<void> {
  const partial = path.join(folder, ".beside.new");
  const at = path.join(folder, templatesFolder);
  await keep(path.join(folder, metadataFile), metadata, partial);
  const old = await entries(at);
  // Not with what is above it: a volume that is deleted meanwhile stays so.
  if (Object.keys(templates).length > 0 && old.length === 0) await ignoring("EEXIST", mkdir(at, { mode: 0o700 }));
  for (const name of old) if (!Object.hasOwn(templates, name)) await rm(path.join(at, name), { force: true });
  for (const [name, text] of Object.entries(templates)) await keep(path.join(at, name), text, partial);
  // Last: who reads it finds the others.
  await keep(path.join(folder, backupFile), backup, partial);
}

/** @returns backup.yaml as maps, lists, texts and nulls @throws ApiError BAD_REQUEST for a file that is missing, too long or no YAML */
export async function readBackupBeside(folder: string): Promise<unknown> {
  const text = await readText(path.join(folder, backupFile));
  if (text === undefined) throw badRequest(`Cannot read "${backupFile}": it is missing. Its volume stays as it is.`);
  if (text.length > maxBackupBytes) throw tooLong(backupFile);
  return readYaml(text, backupFile);
}

/** @returns metadata.yaml in the same form, null when there is none, and the templates @throws ApiError BAD_REQUEST */
export async function readMetadataBeside(
  folder: string,
): Promise<{ metadata: unknown; templates: Readonly<Record<string, string>> }> {
  const text = (await readText(path.join(folder, metadataFile))) ?? "";
  if (text.length > maxMetadataBytes) throw tooLong(metadataFile);
  const at = path.join(folder, templatesFolder);
  const names = (await entries(at)).slice(0, maxTemplates);
  const templates: Record<string, string> = Object.create(null);
  let total = 0;
  for (const name of names) {
    const template = await readText(path.join(at, name));
    if (template === undefined) continue;
    total += template.length;
    if (total > maxMetadataBytes) throw tooLong(templatesFolder);
    templates[name] = template;
  }
  return { metadata: readYaml(text), templates };
}

const tooLong = (name: string) =>
  badRequest(`Cannot read "${name}": it is longer than it may be. Its volume stays as it is.`);

/** @param partial where the new content is written before it takes the name */
async function keep(file: string, content: string, partial: string): Promise<void> {
  if ((await readText(file)) === content) return;
  try {
    await write(partial, content);
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Writes a file of root's alone, and sees that it is on the disk itself: a crash leaves the old content or the new. */
async function write(file: string, content: string): Promise<void> {
  await rm(file, { force: true });
  const handle = await open(file, "wx", 0o400);
  try {
    await handle.writeFile(content);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}
