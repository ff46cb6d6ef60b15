/** Running: the containers that are up, by name. */
import type { Config } from "../../../../sdk/api/common";
import { parseCpuList } from "../../../../sdk/api/config/values";
import { badRequest } from "../../../../sdk/api/errors";
import type { Exit, RunningCell } from "../../../platform/native/index";
import { type InstanceId, keyOf } from "../record";

export interface RunningInstance {
  readonly instance: InstanceId;
  readonly cell: RunningCell;
  /** Processors that limits.cpu bound it to, such as "0-1,3"; undefined for all. */
  readonly cpus: string | undefined;
  readonly isFrozen: boolean;
  /** What it was made by, whatever its configuration says by now (made-by.ts). */
  readonly madeBy: Config | undefined;
  /** Resolves when the container has ended and the daemon has taken note. */
  readonly gone: Promise<void>;
}

export class Running {
  readonly #all = new Map<string, RunningInstance>();
  /** Starts under way, by name. */
  readonly #starting = new Map<string, Promise<void>>();

  /**
   * Keeps a started container until it has ended: its supervisor first, and then whatever that one left.
   * @param untilEnded resolves when nothing of the container is alive any more
   * @param onExit takes note of the end; `gone` resolves after it
   */
  add(
    instance: InstanceId,
    cell: RunningCell,
    made: Pick<RunningInstance, "cpus" | "madeBy">,
    untilEnded: () => Promise<void>,
    onExit: (exit: Exit) => Promise<void>,
  ): void {
    const gone = cell.exited.then(async (exit) => {
      await untilEnded();
      this.#all.delete(keyOf(instance));
      await onExit(exit);
    });
    this.#all.set(keyOf(instance), { instance, cell, ...made, isFrozen: false, gone });
  }

  get(instance: InstanceId): RunningInstance | undefined {
    return this.#all.get(keyOf(instance));
  }

  has(instance: InstanceId): boolean {
    return this.#all.has(keyOf(instance));
  }

  /** @throws ApiError BAD_REQUEST "Instance is not running" */
  need(instance: InstanceId): RunningInstance {
    const running = this.#all.get(keyOf(instance));
    if (running === undefined) throw badRequest("Instance is not running");
    return running;
  }

  /** Whether it runs, or is about to by the configuration that it has now. */
  isActive(instance: InstanceId): boolean {
    return this.has(instance) || this.#starting.has(keyOf(instance));
  }

  /** Runs a start; the instance is active meanwhile. */
  async whileStarting(instance: InstanceId, start: Promise<void>): Promise<void> {
    this.#starting.set(keyOf(instance), start);
    try {
      await start;
    } finally {
      this.#starting.delete(keyOf(instance));
    }
  }

  /** Resolves when no start is under way. */
  async noneStarts(): Promise<void> {
    await Promise.allSettled(this.#starting.values());
  }

  list(): InstanceId[] {
    return [...this.#all.values()].map(({ instance }) => instance);
  }

  /** Those that limits.cpu bound to processors, with these. */
  bound(): { readonly instance: InstanceId; readonly cpus: string }[] {
    const all = [...this.#all.values()];
    return all.flatMap(({ instance, cpus }) => (cpus === undefined ? [] : [{ instance, cpus }]));
  }

  update(instance: InstanceId, change: Partial<Pick<RunningInstance, "isFrozen" | "cpus">>): void {
    const running = this.#all.get(keyOf(instance));
    if (running !== undefined) this.#all.set(keyOf(instance), { ...running, ...change });
  }

  /** How many containers are bound to each processor. @param except one that does not count */
  boundCpus(except?: InstanceId): ReadonlyMap<number, number> {
    const counts = new Map<number, number>();
    const other = except === undefined ? undefined : keyOf(except);
    for (const [key, { cpus }] of this.#all)
      if (key !== other && cpus !== undefined)
        for (const cpu of parseCpuList(cpus)) counts.set(cpu, (counts.get(cpu) ?? 0) + 1);
    return counts;
  }

  /** Lets go of all watches; the containers go on. */
  forgetAll(): void {
    for (const { cell } of this.#all.values()) cell.forget();
  }
}
