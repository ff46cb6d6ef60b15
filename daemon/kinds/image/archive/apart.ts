/** Apart: a program of ours runs in a confined process with bounded memory, so that what it reads costs the daemon nothing; the daemon reads its result. */
import path from "node:path";
import type { Writable } from "node:stream";
import { untilAborted } from "../../../../sdk/api/abort";
import { type ApiError, internal } from "../../../../sdk/api/errors";
import { packageFolder, packageRoot } from "../../../../sdk/host/package";
import { confined, toolbox } from "../../../platform/processes/confine";
import { run } from "../../../platform/processes/run";
import type { Slots } from "../../../platform/processes/slots";

/** What the daemon itself holds in memory of a result: metadata, templates, names of device nodes. */
const maxResultBytes = 16 * 1024 * 1024;

const ownCode = path.join(packageRoot, "dist");

/** A file that is still coming. */
export interface Coming {
  /** Gets the standard input of the program. */
  readonly stdin: (stream: Writable) => void;
  readonly whole: Promise<void>;
}

export interface Apart {
  /** File of the program. Its one argument is the job as JSON; it prints one result as JSON. */
  readonly program: string;
  readonly job: unknown;
  /** How many of its kind run at once: each may take hundreds of megabytes. Whoever gives none has taken one already. */
  readonly slots?: Slots;
  /** Files that it reads. */
  readonly read: readonly string[];
  /** Programs of the host that it starts. */
  readonly tools?: readonly string[];
  /** npm packages that it needs beside it when it is not bundled. */
  readonly packages: readonly string[];
  readonly heapMiB: number;
  readonly timeMs: number;
  /** What it reads is still coming: its time counts from when that is whole. */
  readonly coming?: Coming | undefined;
  readonly signal: AbortSignal | undefined;
  /** What went wrong, for who asked. */
  readonly beyond: { readonly time: () => ApiError; readonly memory: () => ApiError };
  /** What it was to do, for an error that says it failed: "Cannot import image: its check". */
  readonly task: string;
}

/**
 * Runs a program of ours when it is its turn.
 * @returns what it printed
 * @throws ApiError of `beyond` when it takes too long or too much memory, INTERNAL when it fails; the signal's reason when it aborts
 */
export const apart = <Result>(asked: Apart): Promise<Result> =>
  // Whoever waits for others to be done is not kept when it does not want to.
  untilAborted(
    asked.slots === undefined ? runApart<Result>(asked) : asked.slots.run(() => runApart<Result>(asked)),
    asked.signal,
  );

/** Aborts so long after something. */
function timeoutAfter(begin: Promise<void>, milliseconds: number): AbortSignal {
  const late = new AbortController();
  void begin.then(() => {
    AbortSignal.timeout(milliseconds).addEventListener("abort", () => late.abort(), { once: true });
  });
  return late.signal;
}

async function runApart<Result>(asked: Apart): Promise<Result> {
  const { program, job, heapMiB, timeMs, coming, signal, beyond } = asked;
  const tools = toolbox(asked.tools ?? []);
  const packages = asked.packages.flatMap((name) => packageFolder(name) ?? []);
  const args = [`--max-old-space-size=${heapMiB}`, "--no-warnings", program, JSON.stringify(job)];
  const inTime = coming === undefined ? AbortSignal.timeout(timeMs) : timeoutAfter(coming.whole, timeMs);
  try {
    const { stdout } = await run(
      ...confined(process.execPath, args, { read: [ownCode, ...packages, ...tools.read, ...asked.read] }),
      {
        env: {
          PATH: tools.searchPath,
          ...(packages.length === 0 ? {} : { NODE_PATH: packages.map((folder) => path.dirname(folder)).join(":") }),
        },
        signal: signal === undefined ? inTime : AbortSignal.any([signal, inTime]),
        maxOutput: maxResultBytes,
        stdin: coming?.stdin,
      },
    );
    return JSON.parse(stdout) as Result;
  } catch (error) {
    if (signal?.aborted) throw error;
    if (inTime.aborted) throw beyond.time();
    const said = (error as { details?: { stderr?: string } }).details?.stderr ?? (error as Error).message;
    if (/heap limit|heap out of memory/.test(said)) throw beyond.memory();
    throw internal(`${asked.task} failed: ${said.slice(-1000)}`, { cause: error });
  }
}
