/** Life: what start, stop, pause and end share: the records, the running containers, their control groups, the events. */
import type { Call } from "../../../core/call";
import type { ParentGroups } from "../../../platform/host/cgroups";
import type { Exit } from "../../../platform/native/index";
import type { InstanceBook } from "../book";
import { DeviceWatch } from "../devices/device-watch";
import { lookAgain } from "../devices/look-again";
import type { InstanceHome } from "../home";
import { type InstanceId, instanceRef, keyOf } from "../record";
import type { Running } from "./running";

/** Takes note of a container that has ended. */
export type OnEnd = (instance: InstanceId, exit: Exit) => Promise<void>;

export interface AskedStop {
  readonly action: "instance-shutdown" | "instance-stopped";
  readonly call: Call;
}

export class Life {
  /** By key: those that somebody has asked to stop and that have not ended yet, with the event that tells of it. */
  readonly asked = new Map<string, AskedStop>();
  /** Keys of instances that are stopped only to start again, by whoever stops them (restarting.ts). */
  readonly restarting = new Set<string>();
  /** While the daemon shuts its containers down, they keep their power state, so that the next start brings them back. */
  isShuttingDown = false;

  /** Devices that come and go with the host's. */
  readonly deviceWatch: DeviceWatch;

  /** @param deleteStopped deletes an ephemeral instance that has ended */
  constructor(
    readonly home: InstanceHome,
    readonly deleteStopped: (instance: InstanceId) => Promise<void>,
  ) {
    this.deviceWatch = new DeviceWatch(home.log, (instance, isDoubtful) => lookAgain(home, instance, isDoubtful));
  }

  get book(): InstanceBook {
    return this.home.book;
  }

  get running(): Running {
    return this.home.book.running;
  }

  get groups(): ParentGroups {
    return this.home.groups;
  }

  group(instance: InstanceId): string {
    return this.groups.of(keyOf(instance));
  }

  /** Tells listeners what was done with an instance, and who did it. */
  tell(call: Call, action: string, instance: InstanceId): void {
    this.home.changes.tell(call, { action, of: instanceRef(instance) });
  }
}
