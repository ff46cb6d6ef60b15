/** Lifecycle: start, stop, pause, limits and end of containers. */
import type { Config, Devices } from "../../../../sdk/api/common";
import { type Call, ownCall } from "../../../core/call";
import type { Exit } from "../../../platform/native/index";
import type { InstanceHome } from "../home";
import { applyLimits, rebalance } from "../limits/live";
import type { InstanceId, InstanceRecord } from "../record";
import { adopt } from "./adopt";
import { Ends } from "./end";
import { endUnknown } from "./leftovers";
import { Life, type OnEnd } from "./life";
import { pause, whileStill } from "./pause";
import { whileRestarting } from "./restarting";
import { Starter } from "./start";
import { kill, stop } from "./stop";

export class Lifecycle {
  readonly #life: Life;
  readonly #starter: Starter;
  readonly #ends: Ends;
  readonly #onEnd: OnEnd = (instance, exit) => this.#ends.ended(instance, exit);

  /** @param deleteStopped deletes an ephemeral instance that has ended */
  constructor(home: InstanceHome, deleteStopped: (instance: InstanceId) => Promise<void>) {
    this.#life = new Life(home, deleteStopped);
    this.#starter = new Starter(this.#life, this.#onEnd);
    this.#ends = new Ends(this.#life, (record) => this.start(record));
  }

  start(record: InstanceRecord, call: Call = ownCall()): Promise<void> {
    return this.#starter.start(record, call);
  }

  /** Lets nothing start any more, and resolves when no start is under way. */
  async beginShutdown(): Promise<void> {
    this.#life.isShuttingDown = true;
    await this.#life.running.noneStarts();
  }

  /** Takes a container over that an earlier daemon started. @returns whether it is running */
  adopt(record: InstanceRecord): Promise<boolean> {
    return adopt(this.#life, record, this.#onEnd);
  }

  /** Ends what is left of containers that no instance knows. @param known names of all instances @returns first host ids that are still in use */
  endUnknown(known: ReadonlySet<string>): Promise<number[]> {
    return endUnknown(this.#life, known);
  }

  /** Asks the init to power off and waits. Not under the instance's lock, so that a forced stop can overtake it. */
  stop(instance: InstanceId, timeoutMs: number, call: Call = ownCall()): Promise<void> {
    return stop(this.#life, instance, timeoutMs, call);
  }

  /** Kills every process and waits until the container is gone. */
  kill(instance: InstanceId, call: Call = ownCall()): Promise<void> {
    return kill(this.#life, instance, call);
  }

  setFrozen(instance: InstanceId, wanted: boolean, call: Call = ownCall()): Promise<void> {
    return pause(this.#life, instance, wanted, call);
  }

  /** Runs work that stops the container and starts it again: an ephemeral one is not deleted meanwhile. */
  whileRestarting<T>(instance: InstanceId, work: () => Promise<T>): Promise<T> {
    return whileRestarting(this.#life, instance, work);
  }

  /** Runs the work while the container does not run; freezes a running one meanwhile. */
  whileStill<T>(instance: InstanceId, work: () => Promise<T>): Promise<T> {
    return whileStill(this.#life, instance, work);
  }

  /** Brings a running container's limits in line. @param config expanded */
  applyLimits(instance: InstanceId, config: Config): void {
    applyLimits(this.#life, instance, config);
    rebalance(this.#life);
  }

  /** Lets devices of a running container come and go with the host's. @param devices with those of its profiles */
  watchDevices(instance: InstanceId, devices: Devices): void {
    void this.#life.deviceWatch.follow(instance, devices);
  }

  /** Looks at nothing any more; the containers go on. */
  release(): void {
    this.#life.deviceWatch.close();
    this.#life.running.forgetAll();
  }

  /** The rules of an end, for a container that ended while no daemon watched. */
  noteEnd(instance: InstanceId, exit: Exit): Promise<void> {
    return this.#ends.noteEnd(instance, exit);
  }

  /** Waits for containers that are between their end and their next start, so that no daemon leaves them there. */
  settle(): Promise<void> {
    return this.#ends.settle();
  }
}
