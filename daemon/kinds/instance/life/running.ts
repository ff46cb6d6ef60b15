/** Running: the containers that are up, by name. */
import type { Config } from "../../../../sdk/api/common";
import { parseCpuList } from "../../../../sdk/api/config/values";
import type { Exit, RunningCell } from "../../../platform/native/index";

export interface RunningInstance {
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

  /** @param untilEnded resolves when nothing of a container is alive any more */
  constructor(private readonly untilEnded: (name: string) => Promise<void>) {}

  /**
   * Keeps a started container until it has ended: its supervisor first, and then whatever that one left.
   * @param onExit takes note of the end; `gone` resolves after it
   */
  add(
    name: string,
    cell: RunningCell,
    made: Pick<RunningInstance, "cpus" | "madeBy">,
    onExit: (exit: Exit) => Promise<void>,
  ): void {
    const gone = cell.exited.then(async (exit) => {
      await this.untilEnded(name);
      this.#all.delete(name);
      await onExit(exit);
    });
    this.#all.set(name, { cell, ...made, isFrozen: false, gone });
  }

  get(name: string): RunningInstance | undefined {
    return this.#all.get(name);
  }

  names(): string[] {
    return [...this.#all.keys()];
  }

  update(name: string, change: Partial<Pick<RunningInstance, "isFrozen" | "cpus">>): void {
    const running = this.#all.get(name);
    if (running !== undefined) this.#all.set(name, { ...running, ...change });
  }

  /** How many containers are bound to each processor. @param except one that does not count */
  boundCpus(except?: string): ReadonlyMap<number, number> {
    const counts = new Map<number, number>();
    for (const [name, { cpus }] of this.#all)
      if (name !== except && cpus !== undefined)
        for (const cpu of parseCpuList(cpus)) counts.set(cpu, (counts.get(cpu) ?? 0) + 1);
    return counts;
  }

  /** Lets go of all watches; the containers go on. */
  forgetAll(): void {
    for (const { cell } of this.#all.values()) cell.forget();
  }
}
