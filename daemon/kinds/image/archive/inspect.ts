/** Inspect: everything that must hold before a file becomes an image. A confined process reads the files; the daemon reads its result. */
import path from "node:path";
import { badRequest } from "../../../../sdk/api/errors";
import type { ImageFiles } from "../store";
import type { CheckJob, CheckResult } from "./check-process";
import { checkedApart } from "./checked-apart";
import { detectCompression } from "./compression";
import type { ImageLimits } from "./limits";
import { checkTemplates, type ImageMetadata, parseMetadata } from "./metadata";
import { parseRuntime } from "./oci-runtime";
import { refuse } from "./refuse";

export interface Inspected {
  readonly files: ImageFiles;
  readonly metadata: ImageMetadata;
  readonly templates: Readonly<Record<string, string>>;
}

/**
 * @param limits of the server's configuration
 * @returns nothing for a tarball that is a layout of OCI (oci/archive.ts)
 * @throws ApiError BAD_REQUEST "Cannot import image: <cause>. <what to do>"; the signal's reason when it aborts
 */
export async function inspect(
  image: { main: string; rootfs?: string },
  limits: ImageLimits,
  signal?: AbortSignal,
): Promise<Inspected | undefined> {
  const main = { path: image.main, compression: await detectCompression(image.main) };
  if (main.compression === "squashfs")
    throw refuse(
      "it is a squashfs alone",
      "Send it as the part rootfs, after a tarball with metadata.yaml as the part metadata.",
    );
  const rootfs =
    image.rootfs === undefined ? undefined : { path: image.rootfs, compression: await detectCompression(image.rootfs) };
  const job = { main, limits, ...(rootfs === undefined ? {} : { rootfs }) };
  const result = await checkApart(job, signal);
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

const checkApart = (job: CheckJob, signal: AbortSignal | undefined): Promise<CheckResult> =>
  checkedApart<CheckResult>(program, job, [job.main, ...(job.rootfs === undefined ? [] : [job.rootfs])], signal);
