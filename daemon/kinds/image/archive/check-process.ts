/** Check process: reads uploaded files in a process of its own, confined and with bounded memory. Its argument is a job as JSON; it prints one result as JSON. */
import { stat } from "node:fs/promises";
import { ApiError } from "../../../../sdk/api/errors";
import { checkTar, type Part, type TarContent, type TarLayout } from "./check";
import { readTarball } from "./check-tarball";
import type { Compression } from "./compression";
import type { ImageLimits } from "./limits";
import { readYaml } from "./metadata-yaml";
import { checkSquashfs } from "./squashfs";

export interface CheckFile {
  readonly path: string;
  readonly compression: Compression;
}

export interface CheckJob {
  readonly main: CheckFile;
  /** The root file system of a split image. */
  readonly rootfs?: CheckFile;
  readonly limits: ImageLimits;
}

export interface Checked {
  readonly layout: TarLayout;
  /** metadata.yaml as maps, lists, texts and nulls. */
  readonly metadata: unknown;
  /** Text of config.json, of an image of OCI. */
  readonly configJson?: string | undefined;
  readonly templates: Readonly<Record<string, string>>;
}

export type CheckResult = { readonly checked: Checked } | { readonly isOciLayout: true } | { readonly refused: string };

async function check({ main, rootfs, limits }: CheckJob): Promise<CheckResult> {
  const content = await checkTarball(main, rootfs === undefined ? "unified" : "metadata", limits);
  if (content.isOciLayout) return { isOciLayout: true };
  return { checked: await checkedOf(content, rootfs, limits) };
}

async function checkedOf(content: TarContent, rootfs: CheckFile | undefined, limits: ImageLimits): Promise<Checked> {
  const metadata = readYaml(content.metadataYaml ?? "");
  const { templates, configJson } = content;
  if (rootfs === undefined) return { layout: content.layout, metadata, configJson, templates };
  const layout =
    rootfs.compression === "squashfs"
      ? await checkSquashfs(rootfs.path, limits, (await stat(rootfs.path)).size)
      : (await checkTarball(rootfs, "rootfs", limits)).layout;
  return { layout, metadata, configJson, templates };
}

const checkTarball = (file: CheckFile, part: Part, limits: ImageLimits): Promise<TarContent> =>
  readTarball(file, limits, (entries) => checkTar(entries, part, limits));

async function main(): Promise<void> {
  let result: CheckResult;
  try {
    result = await check(JSON.parse(process.argv[2] ?? "") as CheckJob);
  } catch (error) {
    if (!ApiError.is(error)) throw error;
    result = { refused: error.message };
  }
  process.stdout.write(JSON.stringify(result));
}

void main();
