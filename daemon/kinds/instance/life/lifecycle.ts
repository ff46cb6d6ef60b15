/** Lifecycle: start, stop, pause, limits and end of containers, for those who hold the instance's lock. */
import type { Config } from "../../../../sdk/api/common";
import type { Context } from "../../../context";
import type { Requestor } from "../../../platform/events";
import type { ParentGroups } from "../../../platform/host/cgroups";
import type { Exit } from "../../../platform/native/index";
import { applyLimits } from "../limits/live";
import type { InstanceRecord } from "../record";
import { adopt } from "./adopt";
import { Ends } from "./end";
import { endUnknown, requireEnded } from "./leftovers";
import { Life, type OnEnd, type Records } from "./life";
import { pause, whileStill } from "./pause";
import { whileRestarting } from "./restarting";
import type { Running, RunningInstance } from "./running";
import { Starter } from "./start";
import { kill, stop } from "./stop";

export class Lifecycle {
  readonly #life: Life;
  readonly #starter: Starter;
  readonly #ends: Ends;
  readonly #onEnd: OnEnd = (name, exit) => this.#ends.ended(name, exit);

  constructor(context: Context, records: Records, groups: ParentGroups, seccompDir: string) {
    this.#life = new Life(context, records, groups);
    this.#starter = new Starter(this.#life, seccompDir, this.#onEnd);
    this.#ends = new Ends(this.#life, (record) => this.start(record));
  }

  get running(): Running {
    return this.#life.running;
  }

  get groups(): ParentGroups {
    return this.#life.groups;
  }

  group(name: string): string {
    return this.#life.group(name);
  }

  isRunning(name: string): boolean {
    return this.#life.isRunning(name);
  }

  /** Whether it runs, or is about to by the configuration that it has now. */
  isActive(name: string): boolean {
    return this.isRunning(name) || this.#starter.isStarting(name);
  }

  /** @throws ApiError BAD_REQUEST "Instance is not running" */
  need(name: string): RunningInstance {
    return this.#life.need(name);
  }

  start(record: InstanceRecord, requestor?: Requestor): Promise<void> {
    return this.#starter.start(record, requestor);
  }

  /** Lets nothing start any more, and resolves when no start is under way. */
  async beginShutdown(): Promise<void> {
    this.#life.isShuttingDown = true;
    await this.#starter.noneStarts();
  }

  /** Takes a container over that an earlier daemon started. @returns whether it is running */
  adopt(record: InstanceRecord): Promise<boolean> {
    return adopt(this.#life, record, this.#onEnd);
  }

  /** Ends what lives on of an instance that does not run. @throws ApiError INTERNAL while a process that was killed does not die */
  requireEnded(name: string): Promise<void> {
    return requireEnded(this.#life, name);
  }

  /** Ends what is left of containers that no instance knows. @param known names of all instances @returns first host ids that are still in use */
  endUnknown(known: ReadonlySet<string>): Promise<number[]> {
    return endUnknown(this.#life, known);
  }

  /** Asks the init to power off and waits. Not under the instance's lock, so that a forced stop can overtake it. */
  stop(name: string, timeoutMs: number, requestor?: Requestor): Promise<void> {
    return stop(this.#life, name, timeoutMs, requestor);
  }

  /** Kills every process and waits until the container is gone. */
  kill(name: string, requestor?: Requestor): Promise<void> {
    return kill(this.#life, name, requestor);
  }

  setFrozen(name: string, wanted: boolean, requestor?: Requestor): Promise<void> {
    return pause(this.#life, name, wanted, requestor);
  }

  /** Runs work that stops the container and starts it again: an ephemeral one is not deleted meanwhile. */
  whileRestarting<T>(name: string, work: () => Promise<T>): Promise<T> {
    return whileRestarting(this.#life, name, work);
  }

  /** Runs the work while the container does not run; freezes a running one meanwhile. */
  whileStill<T>(name: string, work: () => Promise<T>): Promise<T> {
    return whileStill(this.#life, name, work);
  }

  /** Brings a running container's limits in line. @param config expanded */
  applyLimits(name: string, config: Config): void {
    applyLimits(this.#life, name, config);
  }

  /** The rules of an end, for a container that ended while no daemon watched. */
  noteEnd(name: string, exit: Exit): Promise<void> {
    return this.#ends.noteEnd(name, exit);
  }

  /** Waits for containers that are between their end and their next start, so that no daemon leaves them there. */
  settle(): Promise<void> {
    return this.#ends.settle();
  }
}
