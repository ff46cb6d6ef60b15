/** Checked apart: a check runs in a confined process with bounded memory; the daemon reads its result. */
import path from "node:path";
import { internal } from "../../../../sdk/api/errors";
import { packageFolder, packageRoot } from "../../../../sdk/host/package";
import { confined, toolbox } from "../../../platform/processes/confine";
import { run } from "../../../platform/processes/run";
import { Slots } from "../../../platform/processes/slots";
import { type Compression, compressionOf } from "./compression";
import { beyond, type ImageLimits } from "./limits";
import { refuse } from "./refuse";

/** Each may take hundreds of megabytes. */
const atOnce = new Slots(2);

/** What the daemon itself holds in memory of what was checked: metadata, templates, names of device nodes. */
const maxResultBytes = 16 * 1024 * 1024;

/** Code of ours, and the one package that it needs beside it when it is not bundled. */
const ownCode = path.join(packageRoot, "dist");
const yamlCode = packageFolder("yaml");

interface Job {
  readonly limits: ImageLimits;
}

type PackedFiles = readonly { readonly path: string; readonly compression: Compression }[];

/**
 * Runs a check process.
 * @param program its file @param job its argument @param files that it reads @returns what it printed
 * @throws ApiError BAD_REQUEST when it takes too long or too much memory; the signal's reason when it aborts
 */
export function checkedApart<Result>(
  program: string,
  job: Job,
  files: PackedFiles,
  signal: AbortSignal | undefined,
): Promise<Result> {
  return unlessAborted(
    atOnce.run(() => check<Result>(program, job, files, signal)),
    signal,
  );
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

async function check<Result>(
  program: string,
  job: Job,
  files: PackedFiles,
  signal: AbortSignal | undefined,
): Promise<Result> {
  const { limits } = job;
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
    return JSON.parse(stdout) as Result;
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
