/** Checked apart: a check of what an image or a backup is made of runs apart, within the limits of images. */
import { Slots } from "../../../platform/processes/slots";
import { type Apart, apart, type Coming } from "./apart";
import { type Compression, compressionOf } from "./compression";
import { beyond, type ImageLimits } from "./limits";
import { refuse } from "./refuse";

const slots = new Slots(2);

export interface CheckedJob {
  readonly limits: ImageLimits;
}

export interface PackedFile {
  readonly path: string;
  readonly compression: Compression;
}

/**
 * Runs a check process.
 * @param program its file @param job its argument @param files that it reads @returns what it printed
 * @throws ApiError BAD_REQUEST when it takes too long or too much memory; the signal's reason when it aborts
 */
export const checkedApart = <Result>(
  program: string,
  job: CheckedJob,
  files: readonly PackedFile[],
  signal: AbortSignal | undefined,
): Promise<Result> => apart<Result>({ ...checkOf(program, job, files, signal), slots });

/** As checkedApart, at once, of a file that is still coming. */
export const checkedComing = <Result>(
  program: string,
  job: CheckedJob,
  file: PackedFile,
  coming: Coming,
  signal: AbortSignal,
): Promise<Result> => apart<Result>({ ...checkOf(program, job, [file], signal), coming });

function checkOf(
  program: string,
  job: CheckedJob,
  files: readonly PackedFile[],
  signal: AbortSignal | undefined,
): Apart {
  const { limits } = job;
  const unpackers = files.flatMap(({ compression }) => compressionOf(compression).command?.[0] ?? []);
  const heap = heapMiB(limits);
  return {
    program,
    job,
    read: files.map((file) => file.path),
    tools: ["sh", "tar", "unsquashfs", ...unpackers],
    packages: ["yaml"],
    heapMiB: heap,
    timeMs: limits.time.value * 1000,
    signal,
    beyond: {
      time: () => beyond(limits, "time", "its check takes longer"),
      memory: () => refuse(`its check takes more than ${heap} MiB of memory`, "Make it smaller."),
    },
    task: "Cannot import image: its check",
  };
}

const mib = 1024 * 1024;

/** Room for every name, once, and for what is known of every entry. */
const heapMiB = ({ names, entries }: ImageLimits): number =>
  Math.ceil(128 + (names.value * 1.25 + entries.value * 160) / mib);
