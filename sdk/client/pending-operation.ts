/** Pending operation: work that the daemon has begun, to wait for or to cancel. */
import { ApiError } from "../api/errors";
import { type Operation, OperationError, operationErrorKey } from "../api/operation";
import type { CallOptions } from "./call-options";
import type { Follower } from "./operation-events";
import { urlOf } from "./request";

export interface WaitOptions extends CallOptions {
  /** Called with the operation as it is now and on every change; its metadata may tell progress. */
  readonly onProgress?: (operation: Operation) => void;
}

export interface Progress {
  /** Such as "create_instance_from_image_unpack". */
  readonly stage: string;
  /** 0 to 100, or undefined when unknown. */
  readonly percent: number | undefined;
  /** For people. */
  readonly text: string;
}

/** Sends a request without a body. */
type Write = (method: "DELETE", path: string, options?: CallOptions) => Promise<void>;

export class PendingOperation {
  readonly #write: Write;
  readonly #follower: Follower;

  constructor(write: Write, follower: Follower) {
    this.#write = write;
    this.#follower = follower;
  }

  get id(): string {
    return this.#follower.latest.id;
  }

  /** The operation as last heard of. */
  get latest(): Operation {
    return this.#follower.latest;
  }

  /**
   * Waits for the end, by events and without asking again and again. An aborted signal ends the waiting, not the operation.
   * @returns the finished operation
   * @throws ApiError with the operation's own text when it failed or was cancelled
   */
  async wait({ signal, onProgress }: WaitOptions = {}): Promise<Operation> {
    const operation = await this.#follower.wait(onProgress, signal);
    if (operation.status_code !== 200) throw failureOf(operation);
    return operation;
  }

  /** Asks the daemon to stop the work. @throws ApiError BAD_REQUEST when it cannot be cancelled any more */
  async cancel(options: CallOptions = {}): Promise<void> {
    await this.#write("DELETE", urlOf`/1.0/operations/${this.id}`, options);
  }
}

/** The names of the objects of a kind that an operation touches. @param kind in the plural, such as "instances" */
export function resourceNames(operation: Operation, kind: string): string[] {
  const urls = operation.resources?.[kind] ?? [];
  return urls.map((url) => decodeURIComponent(url.replace(/\?.*$/, "").split("/").at(-1) ?? ""));
}

/** Reads the progress of an operation, or nothing when it tells none. */
export function progressOf(operation: Operation): Progress | undefined {
  const entry = Object.entries(operation.metadata ?? {}).find(([key]) => key.endsWith("_progress"));
  if (entry === undefined) return undefined;
  const told = operation.metadata?.progress;
  const percent = typeof told === "object" && told !== null && "percent" in told ? Number(told.percent) : Number.NaN;
  return {
    stage: entry[0].slice(0, -"_progress".length),
    percent: Number.isFinite(percent) ? percent : undefined,
    text: String(entry[1]),
  };
}

function failureOf(operation: Operation): ApiError {
  const text =
    operation.err === "" ? `Operation "${operation.description}" ended as ${operation.status}` : operation.err;
  const told = OperationError.safeParse(operation[operationErrorKey]);
  if (told.success) return ApiError.fromStatus(told.data.status, text, told.data.details);
  return new ApiError("INTERNAL", text);
}
