/** Operations: background work that clients follow by id, event or websocket (docs/lxd-api.md, Operations and events). */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { ApiError, badRequest, notFound } from "../../sdk/api/errors";
import { type Operation, operationErrorKey, type StatusName, statusCodes } from "../../sdk/api/operation";
import { toApiError } from "./errors";
import type { Events } from "./events";
import { mostOpenFiles } from "./host/open-files";
import type { Log } from "./log";
import { type ShareBounds, Shares, sharesOf } from "./processes/shares";
import { nowText } from "./time";
import { traced } from "./trace";

/** Of those that are under way. Each may hold processes and descriptors, as a command does. */
const most = sharesOf(Math.min(4096, Math.floor(mostOpenFiles() / 8)));

/** Finished operations stay readable this long, for clients that look a moment later. */
const keepMs = 5000;

export const operationNotFound = (): ApiError => notFound("Operation not found");

export type Resources = Readonly<Record<string, readonly string[]>>;

export interface OperationWork {
  readonly description: string;
  /** Absent: it belongs to the whole server. */
  readonly project?: string;
  readonly class?: "task" | "websocket" | "token";
  /** Objects touched: kind in the plural to paths, such as { instances: ["/1.0/instances/web"] }. */
  readonly resources?: Resources;
  readonly metadata?: Record<string, unknown>;
  /** The work. Its result, when it is a record, is merged into the metadata. */
  readonly run: (operation: RunningOperation) => Promise<unknown>;
  /** Whether DELETE may cancel it; the signal of the running operation then aborts. */
  readonly mayCancel?: boolean;
  /** Takes a websocket of the operation, for class websocket. Throws ApiError to refuse. */
  readonly connect?: (secret: string, request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

export class RunningOperation {
  readonly id = randomUUID();
  readonly signal: AbortSignal;
  readonly #abort = new AbortController();
  readonly #createdAt = nowText();
  readonly #events: Events;
  readonly work: OperationWork;
  #updatedAt = this.#createdAt;
  #status: StatusName = "Pending";
  #metadata: Record<string, unknown> | null;
  #error: ApiError | undefined;
  #finish: () => void = () => undefined;
  /** Resolves when the operation is final; never rejects. */
  readonly finished = new Promise<void>((resolve) => {
    this.#finish = resolve;
  });

  constructor(work: OperationWork, events: Events) {
    this.work = work;
    this.#events = events;
    this.#metadata = work.metadata ?? null;
    this.signal = this.#abort.signal;
  }

  get url(): string {
    return `/1.0/operations/${this.id}`;
  }

  get isFinal(): boolean {
    return statusCodes[this.#status] >= 200;
  }

  get error(): ApiError | undefined {
    return this.#error;
  }

  get metadata(): Readonly<Record<string, unknown>> | null {
    return this.#metadata;
  }

  /** Merges into the metadata and tells the listeners. */
  update(metadata: Record<string, unknown>): void {
    if (this.isFinal) return;
    this.#metadata = { ...this.#metadata, ...metadata };
    this.#changed();
  }

  /**
   * Shows progress, in LXD's two forms.
   * @param stage such as "create_instance_from_image_unpack" @param percent 0 to 100 @param done bytes so far, and bytes a second
   */
  progress(stage: string, percent: number, text: string, done = { processed: 0, speed: 0 }): void {
    const { processed, speed } = done;
    this.update({
      progress: { stage, percent: String(percent), processed: String(processed), speed: String(speed) },
      [`${stage}_progress`]: text,
    });
  }

  /** Adds a warning that the client can read. */
  warn(message: string): void {
    const before = this.#metadata?.warnings;
    this.update({ warnings: [...(Array.isArray(before) ? before : []), message] });
  }

  /** From now on it runs; who listens hears so when its work begins. */
  begin(): void {
    this.#status = "Running";
  }

  /** Tells the listeners that it runs. Not in one turn with its creation: clients take each message by itself, in any order. */
  tellRunning(): void {
    if (this.#status === "Running") this.#changed();
  }

  succeed(metadata: Record<string, unknown> | undefined): void {
    if (metadata !== undefined) this.#metadata = { ...this.#metadata, ...metadata };
    this.#set("Success");
  }

  fail(error: ApiError): void {
    this.#error = error;
    this.#set(this.signal.aborted ? "Cancelled" : "Failure");
  }

  /** Asks the work to stop. @throws ApiError BAD_REQUEST when it cannot be cancelled */
  cancel(): void {
    if (this.isFinal || this.work.mayCancel !== true) throw badRequest("This operation can't be cancelled");
    this.#abort.abort(new ApiError("BAD_REQUEST", "Operation cancelled"));
    this.#set("Cancelling");
  }

  #set(status: StatusName): void {
    this.#status = status;
    this.#changed();
    if (this.isFinal) this.#finish();
  }

  #changed(): void {
    this.#updatedAt = nowText();
    this.#events.operation(this.render(), this.work.project);
  }

  render(): Operation {
    const resources = this.work.resources;
    return {
      id: this.id,
      class: this.work.class ?? "task",
      description: this.work.description,
      created_at: this.#createdAt,
      updated_at: this.#updatedAt,
      status: this.#status,
      status_code: statusCodes[this.#status],
      resources:
        resources === undefined ? null : Object.fromEntries(Object.entries(resources).map(([k, v]) => [k, [...v]])),
      metadata: this.#metadata,
      may_cancel: this.work.mayCancel ?? false,
      err: this.#error?.message ?? "",
      location: "none",
      ...(this.#error === undefined
        ? {}
        : { [operationErrorKey]: { status: this.#error.status, details: this.#error.details } }),
    };
  }
}

export class Operations {
  readonly #all = new Map<string, RunningOperation>();
  readonly #shares: Shares;

  constructor(
    private readonly events: Events,
    private readonly log: Log,
    bounds: ShareBounds = most,
  ) {
    this.#shares = new Shares(bounds);
  }

  /**
   * Starts work in the background. It begins in the next turn, so that the 202 goes out first; that says already that it runs, as LXD's does.
   * @throws ApiError UNAVAILABLE when the client, or all together, have too many under way
   */
  start(work: OperationWork): RunningOperation {
    const giveBack = this.#shares.take(`Cannot begin "${work.description}"`, "operations under way");
    const operation = new RunningOperation(work, this.events);
    void operation.finished.then(giveBack);
    this.#all.set(operation.id, operation);
    this.events.operation(operation.render(), work.project);
    operation.begin();
    setImmediate(() => traced({ operation: operation.id }, () => void this.#run(operation)));
    return operation;
  }

  async #run(operation: RunningOperation): Promise<void> {
    const { class: kind = "task", description, project = "" } = operation.work;
    const about = { class: kind, description, project };
    this.log.debug("Started operation", about);
    operation.tellRunning();
    try {
      const result = await operation.work.run(operation);
      operation.succeed(isRecord(result) ? result : undefined);
      this.log.debug("Success for operation", about);
    } catch (error) {
      const apiError = toApiError(error);
      if (apiError.code === "INTERNAL") this.log.error(`Operation failed: ${operation.work.description}`, { error });
      operation.fail(apiError);
      this.log.debug("Failure for operation", { ...about, err: apiError.message });
    }
    setTimeout(() => this.#all.delete(operation.id), keepMs).unref();
  }

  /** Waits until no work goes on, also such as begins meanwhile, or the time is over. Tokens are no work. */
  async settle(longestMs: number): Promise<void> {
    const isOver = delay(longestMs, true, { ref: false });
    for (;;) {
      const working = [...this.#all.values()].filter(({ isFinal, work }) => !isFinal && work.class !== "token");
      if (working.length === 0) return;
      this.log.info("Waits for operations before the shutdown", { operations: working.length });
      const settled = Promise.all(working.map(({ finished }) => finished)).then(() => false);
      if (await Promise.race([isOver, settled])) return;
    }
  }

  /** @throws ApiError NOT_FOUND */
  get(id: string): RunningOperation {
    const operation = this.#all.get(id);
    if (operation === undefined) throw operationNotFound();
    return operation;
  }

  /** @param project those of a project and those of the whole server; absent for all */
  list(project?: string): RunningOperation[] {
    const all = [...this.#all.values()];
    const isWanted = ({ work }: RunningOperation) => work.project === undefined || work.project === project;
    return project === undefined ? all : all.filter(isWanted);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
