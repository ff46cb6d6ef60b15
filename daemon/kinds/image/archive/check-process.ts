/** Check process: reads uploaded files in a process of its own, confined and with bounded memory. */
import { stat } from "node:fs/promises";
import { answerJob, type Refused } from "./answer-job";
import { checkTar, type Part, type TarContent, type TarLayout } from "./check";
import { readTarball } from "./check-tarball";
import type { Compression } from "./compression";
import type { Growth } from "./growing-file";
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

export type CheckResult = { readonly checked: Checked } | { readonly isOciLayout: true } | Refused;

async function check({ main, rootfs, limits }: CheckJob, growth: Growth): Promise<CheckResult> {
  const read = (file: CheckFile, part: Part): Promise<TarContent> =>
    readTarball(file, growth, limits, (entries) => checkTar(entries, part, limits));
  const content = await read(main, rootfs === undefined ? "unified" : "metadata");
  if (content.isOciLayout) return { isOciLayout: true };
  const metadata = readYaml(content.metadataYaml ?? "");
  const { templates, configJson } = content;
  if (rootfs === undefined) return { checked: { layout: content.layout, metadata, configJson, templates } };
  const layout =
    rootfs.compression === "squashfs"
      ? await checkSquashfs(rootfs.path, limits, (await stat(rootfs.path)).size)
      : (await read(rootfs, "rootfs")).layout;
  return { checked: { layout, metadata, configJson, templates } };
}

void answerJob(check);
