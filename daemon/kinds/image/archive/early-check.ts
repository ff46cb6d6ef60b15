/** Early check: it goes on while its file is still coming, so that little is left to do when the file is whole. */
import type { Writable } from "node:stream";
import { untilAborted } from "../../../../sdk/api/abort";
import { GatheredFile } from "../../../platform/folders/gathered-file";
import { giveBack } from "../../../platform/give-back";
import { Slots } from "../../../platform/processes/slots";
import { type CheckedJob, checkedComing, type PackedFile } from "./checked-apart";
import { headBytes } from "./compression";

/** Others than those of files that are whole: nobody keeps these from being checked by sending slowly. */
const atOnce = new Slots(2);

/** Dispose of it when its result is not wanted any more. */
export class EarlyCheck<Result> implements AsyncDisposable {
  readonly #stopped = new AbortController();
  readonly #result: Promise<Result>;
  #stdin: Writable | undefined;
  /** Tells that the file is whole. */
  whole: () => void = () => undefined;

  private constructor(
    program: string,
    job: CheckedJob,
    readonly file: PackedFile,
  ) {
    const whole = new Promise<void>((resolve) => {
      this.whole = () => {
        this.#stdin?.end();
        resolve();
      };
    });
    const stdin = (stream: Writable) => {
      // A check that has refused its file takes no more.
      stream.on("error", () => undefined);
      this.#stdin = stream;
    };
    this.#result = atOnce.run(() => checkedComing<Result>(program, job, file, { stdin, whole }, this.#stopped.signal));
    // Whoever asks for it gets the failure.
    this.#result.catch(() => undefined);
  }

  /** @returns nothing when too many go on already: the file is then to be checked when it is whole */
  static begin<Result>(program: string, job: CheckedJob, file: PackedFile): EarlyCheck<Result> | undefined {
    return atOnce.isFree ? new EarlyCheck<Result>(program, job, file) : undefined;
  }

  /** Tells that more of the file is there. */
  more(): void {
    // Of several that wait one is enough.
    if (this.#stdin?.writableLength === 0) this.#stdin.write("+");
  }

  /** @throws as checkedApart does */
  result(signal: AbortSignal | undefined): Promise<Result> {
    return untilAborted(this.#result, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort(new Error("The check is not wanted any more."));
    await this.#result.catch(() => undefined);
  }
}

/**
 * Writes a new file, which a check follows as it grows.
 * @param source gives chunks that nobody else has @param take sees each of them first, and may refuse it
 * @param begin the check, when enough of the file is there to tell what it is; nothing when it is to be checked when it is whole
 */
export async function storeChecked<Result>(
  source: AsyncIterable<Buffer>,
  filePath: string,
  take: (chunk: Buffer) => void,
  begin: () => Promise<EarlyCheck<Result> | undefined>,
): Promise<EarlyCheck<Result> | undefined> {
  let check: EarlyCheck<Result> | undefined;
  try {
    await using file = await GatheredFile.create(filePath);
    let gathered = 0;
    let told = 0;
    for await (const chunk of source) {
      take(chunk);
      gathered += chunk.length;
      await file.add(chunk);
      giveBack(chunk);
      if (told === 0 && gathered >= headBytes) {
        await file.written();
        check = await begin();
      } else if (file.writtenBytes > told) check?.more();
      told = file.writtenBytes;
    }
    await file.written();
  } catch (error) {
    await check?.[Symbol.asyncDispose]();
    throw error;
  }
  check?.whole();
  return check;
}
