/** Life: what start, stop, pause and end share: the records, the running containers, their control groups, the events. */
import { badRequest } from "../../../../sdk/api/errors";
import type { Context } from "../../../context";
import type { Requestor } from "../../../platform/events";
import type { ParentGroups } from "../../../platform/host/cgroups";
import type { Exit } from "../../../platform/native/index";
import type { Expanded, InstanceRecord } from "../record";
import { untilEnded } from "./leftovers";
import { Running, type RunningInstance } from "./running";

/** What the lifecycle needs of the service that owns the records. */
export interface Records {
  find(name: string): InstanceRecord | undefined;
  expanded(record: InstanceRecord): Expanded;
  /** Reads, changes and writes a record in one step. */
  change(name: string, next: (record: InstanceRecord) => InstanceRecord): void;
  /** Deletes an ephemeral instance that has ended. */
  deleteStopped(name: string): Promise<void>;
}

/** Takes note of a container that has ended. */
export type OnEnd = (name: string, exit: Exit) => Promise<void>;

export interface AskedStop {
  readonly action: "instance-shutdown" | "instance-stopped";
  readonly requestor: Requestor | undefined;
}

export class Life {
  readonly running = new Running((name) => untilEnded(this, name));
  /** Those that somebody has asked to stop and that have not ended yet, with the event that tells of it. */
  readonly asked = new Map<string, AskedStop>();
  /** Instances that are stopped only to start again, by whoever stops them (restarting.ts). */
  readonly restarting = new Set<string>();
  /** While the daemon shuts its containers down, they keep their power state, so that the next start brings them back. */
  isShuttingDown = false;

  constructor(
    readonly context: Context,
    readonly records: Records,
    readonly groups: ParentGroups,
  ) {}

  group(name: string): string {
    return `${this.groups.name}/${name}`;
  }

  isRunning(name: string): boolean {
    return this.running.get(name) !== undefined;
  }

  /** @throws ApiError BAD_REQUEST "Instance is not running" */
  need(name: string): RunningInstance {
    const running = this.running.get(name);
    if (running === undefined) throw badRequest("Instance is not running");
    return running;
  }

  /** Sends the event of what was done with an instance. */
  tell(action: string, name: string, requestor?: Requestor): void {
    this.context.events.lifecycle({ action, source: `/1.0/instances/${name}`, ...(requestor ? { requestor } : {}) });
  }
}
