/** Beside: the metadata and the templates that go along with a root, as files (docs/lxd-api.md, Migration). Those that come are anything. */
import { constants } from "node:fs";
import { lstat, mkdir, open, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { stringify } from "yaml";
import { ApiError } from "../../../sdk/api/errors";
import { ignoring } from "../../platform/folders/files";
import { parseMetadata } from "../image/archive/metadata";
import { readYaml } from "../image/archive/metadata-yaml";
import { parseTemplate } from "../image/file-templates/parser";
import { maxBytes } from "../instance/metadata/metadata";
import type { KeptMetadata } from "../instance/metadata/store";

const maxFiles = 1000;

/** */
export async function writeBeside(folder: string, { metadata, templates }: KeptMetadata): Promise<void> {
  await writeFile(path.join(folder, "metadata.yaml"), stringify(metadata, { version: "1.1", lineWidth: 0 }), {
    mode: 0o644,
  });
  if (Object.keys(templates).length === 0) return;
  await mkdir(path.join(folder, "templates"), { mode: 0o755 });
  for (const [name, text] of Object.entries(templates))
    await writeFile(path.join(folder, "templates", name), text, { mode: 0o644 });
}

/** @returns what there is, or nothing where it is none that counts: the instance is worth more than its templates */
export async function readBeside(folder: string, warn: (text: string) => void): Promise<KeptMetadata | undefined> {
  const text = await readPlain(path.join(folder, "metadata.yaml"));
  if (text === undefined) return undefined;
  try {
    const metadata = parseMetadata(readYaml(text));
    return { metadata, templates: await readTemplates(path.join(folder, "templates")) };
  } catch (error) {
    if (!ApiError.is(error)) throw error;
    warn(`The metadata of the instance is left out: ${error.message}`);
    return undefined;
  }
}

async function readTemplates(folder: string): Promise<Record<string, string>> {
  const about = await ignoring("ENOENT", lstat(folder));
  if (!about?.isDirectory()) return {};
  const templates: Record<string, string> = {};
  let total = 0;
  for (const name of (await readdir(folder)).sort().slice(0, maxFiles)) {
    const text = await readPlain(path.join(folder, name));
    total += text?.length ?? 0;
    if (text === undefined || total > maxBytes || !isTemplate(text)) continue;
    templates[name] = text;
  }
  return templates;
}

function isTemplate(text: string): boolean {
  try {
    parseTemplate(text);
    return true;
  } catch {
    return false;
  }
}

/** A plain file of a bounded size; nothing is followed and nothing waited for. */
async function readPlain(file: string): Promise<string | undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(file, flags).catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const about = await handle.stat();
    return about.isFile() && about.size <= maxBytes ? await handle.readFile("utf8") : undefined;
  } finally {
    await handle.close();
  }
}
