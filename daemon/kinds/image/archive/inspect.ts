/** Inspect: everything that must hold before a file becomes an image. A confined process reads the files; the daemon reads its result. */
import path from "node:path";
import { badRequest, internal } from "../../../../sdk/api/errors";
import { packageFolder, packageRoot } from "../../../../sdk/host/package";
import { confined, toolbox } from "../../../platform/processes/confine";
import { run } from "../../../platform/processes/run";
import { Slots } from "../../../platform/processes/slots";
import type { ImageFiles } from "../store";
import type { CheckJob, CheckResult } from "./check-process";
import { compressionOf, detectCompression } from "./compression";
import { beyond, type ImageLimits } from "./limits";
import { checkTemplates, type ImageMetadata, parseMetadata } from "./metadata";
import { refuse } from "./refuse";

export interface Inspected {
  readonly files: ImageFiles;
  readonly metadata: ImageMetadata;
  readonly templates: Readonly<Record<string, string>>;
}

/** Each may take hundreds of megabytes. */
const atOnce = new Slots(2);

/** What of an image the daemon itself holds in memory: metadata, templates, names of device nodes. */
const maxResultBytes = 16 * 1024 * 1024;

/**
 * @param limits of the server's configuration
 * @throws ApiError BAD_REQUEST "Cannot import image: <cause>. <what to do>"; the signal's reason when it aborts
 */
export async function inspect(
  image: { main: string; rootfs?: string },
  limits: ImageLimits,
  signal?: AbortSignal,
): Promise<Inspected> {
  const main = { path: image.main, compression: await detectCompression(image.main) };
  if (main.compression === "squashfs")
    throw refuse(
      "it is a squashfs alone",
      "Send it as the part rootfs, after a tarball with metadata.yaml as the part metadata.",
    );
  const rootfs =
    image.rootfs === undefined ? undefined : { path: image.rootfs, compression: await detectCompression(image.rootfs) };
  const job = { main, limits, ...(rootfs === undefined ? {} : { rootfs }) };
  const result = await unlessAborted(
    atOnce.run(() => checkApart(job, signal)),
    signal,
  );
  if ("refused" in result) throw badRequest(result.refused);
  const { layout, templates } = result.checked;
  const metadata = parseMetadata(result.checked.metadata);
  checkTemplates(metadata, templates);
  const files = { main: main.compression, layout, ...(rootfs === undefined ? {} : { rootfs: rootfs.compression }) };
  return { files, metadata, templates };
}

/** Whoever waits for others to be done is not kept when it does not want to. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, aborted]);
}

const program = path.join(__dirname, "check-process.js");

/** Code of ours, and the one package that it needs beside it when it is not bundled. */
const ownCode = path.join(packageRoot, "dist");
const yamlCode = packageFolder("yaml");

async function checkApart(job: CheckJob, signal: AbortSignal | undefined): Promise<CheckResult> {
  const { limits } = job;
  const files = [job.main, ...(job.rootfs === undefined ? [] : [job.rootfs])];
  const unpackers = files.flatMap(({ compression }) => compressionOf(compression).command?.[0] ?? []);
  const tools = toolbox(["sh", "tar", "unsquashfs", ...unpackers]);
  const heap = heapMiB(limits);
  const args = [`--max-old-space-size=${heap}`, "--no-warnings", program, JSON.stringify(job)];
  const code = yamlCode === undefined ? [ownCode] : [ownCode, yamlCode];
  const read = [...code, ...tools.read, ...files.map((file) => file.path)];
  const inTime = AbortSignal.timeout(limits.time.value * 1000);
  try {
    const { stdout } = await run(...confined(process.execPath, args, { read }), {
      env: { PATH: tools.searchPath, ...(yamlCode === undefined ? {} : { NODE_PATH: path.dirname(yamlCode) }) },
      signal: signal === undefined ? inTime : AbortSignal.any([signal, inTime]),
      maxOutput: maxResultBytes,
    });
    return JSON.parse(stdout) as CheckResult;
  } catch (error) {
    if (signal?.aborted) throw error;
    if (inTime.aborted) throw beyond(limits, "time", "its check takes longer");
    const said = (error as { details?: { stderr?: string } }).details?.stderr ?? (error as Error).message;
    if (/heap limit|heap out of memory/.test(said))
      throw refuse(`its check takes more than ${heap} MiB of memory`, "Make it smaller.");
    throw internal(`Cannot import image: its check failed: ${said.slice(-1000)}`, { cause: error });
  }
}

const mib = 1024 * 1024;

/** Room for every name, once, and for what is known of every entry. */
const heapMiB = ({ names, entries }: ImageLimits): number =>
  Math.ceil(128 + (names.value * 1.25 + entries.value * 160) / mib);
