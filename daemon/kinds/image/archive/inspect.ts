/** Inspect: everything that must hold before a file becomes an image. A confined process reads the files; the daemon reads its result. */
import path from "node:path";
import { badRequest } from "../../../../sdk/api/errors";
import type { ImageFiles } from "../store";
import type { CheckJob, CheckResult } from "./check-process";
import { checkedApart } from "./checked-apart";
import { detectCompression, knownCompression } from "./compression";
import { EarlyCheck } from "./early-check";
import type { ImageLimits } from "./limits";
import { checkTemplates, type ImageMetadata, parseMetadata } from "./metadata";
import { parseRuntime } from "./oci-runtime";
import { refuse } from "./refuse";

export interface Inspected {
  readonly files: ImageFiles;
  readonly metadata: ImageMetadata;
  readonly templates: Readonly<Record<string, string>>;
}

export interface UploadedFiles {
  /** The unified image, or the metadata of a split one. */
  readonly main: string;
  /** The root file system of a split image. */
  readonly rootfs?: string;
  /** Of a unified image, when its check began while it came. */
  readonly check?: EarlyCheck<CheckResult> | undefined;
}

/**
 * @param limits of the server's configuration
 * @returns nothing for a tarball that is a layout of OCI (oci/archive.ts)
 * @throws ApiError BAD_REQUEST "Cannot import image: <cause>. <what to do>"; the signal's reason when it aborts
 */
export async function inspect(
  image: UploadedFiles,
  limits: ImageLimits,
  signal?: AbortSignal,
): Promise<Inspected | undefined> {
  const main = image.check?.file ?? { path: image.main, compression: await detectCompression(image.main) };
  if (main.compression === "squashfs")
    throw refuse(
      "it is a squashfs alone",
      "Send it as the part rootfs, after a tarball with metadata.yaml as the part metadata.",
    );
  const rootfs =
    image.rootfs === undefined ? undefined : { path: image.rootfs, compression: await detectCompression(image.rootfs) };
  const job = { main, limits, ...(rootfs === undefined ? {} : { rootfs }) };
  const result = await (image.check?.result(signal) ?? checkApart(job, signal));
  if ("refused" in result) throw badRequest(result.refused);
  if ("isOciLayout" in result) return undefined;
  const { layout, templates, configJson } = result.checked;
  const metadata = parseMetadata(result.checked.metadata);
  checkTemplates(metadata, templates);
  const oci = configJson === undefined ? undefined : parseRuntime(configJson);
  const files = {
    main: main.compression,
    layout,
    ...(rootfs === undefined ? {} : { rootfs: rootfs.compression }),
    ...(oci === undefined ? {} : { oci }),
  };
  return { files, metadata, templates };
}

const program = path.join(__dirname, "check-process.js");

/** Begins the check of a unified image that is still coming. @returns nothing for a file that `inspect` is to tell about when it is whole */
export async function beginCheck(file: string, limits: ImageLimits): Promise<EarlyCheck<CheckResult> | undefined> {
  const compression = await knownCompression(file);
  if (compression === undefined || compression === "squashfs") return undefined;
  const main = { path: file, compression };
  const job: CheckJob = { main, limits };
  return EarlyCheck.begin<CheckResult>(program, job, main);
}

const checkApart = (job: CheckJob, signal: AbortSignal | undefined): Promise<CheckResult> =>
  checkedApart<CheckResult>(program, job, [job.main, ...(job.rootfs === undefined ? [] : [job.rootfs])], signal);
