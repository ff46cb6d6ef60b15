/**
 * Device driver: what the daemon does for one type of devices, one file a type. What its options are and what holds together between them stands in
 * sdk/api/devices/<type>.ts.
 */
import type { Config, Device, Devices } from "../../../../sdk/api/common";
import type { IdRange, RunningCell } from "../../../platform/native/index";
import type { InstanceHome } from "../home";
import type { InstanceId, InstanceRecord } from "../record";
import type { DevicePlan } from "./step";

/** An instance whose devices are judged or planned. */
export interface Owner extends InstanceId {
  /** Its own configuration: what devices keep there are volatile keys. */
  readonly config: Config;
}

export type NamedDevice = readonly [name: string, options: Device];

export interface Facts {
  readonly home: InstanceHome;
  readonly owner: Owner;
  /** Those of the type, by name. */
  readonly devices: readonly NamedDevice[];
  /** All that the instance has. */
  readonly all: Devices;
}

export interface CheckFacts extends Facts {
  /** Whether the request brings the device as it is; what stands already is not judged. */
  readonly isNew: (device: string) => boolean;
}

export interface PlanFacts extends Facts {
  /** Host ids that the container has; nothing for a privileged one. */
  readonly ids: IdRange | undefined;
  /** Whether the container is about to get the device; of one that it has, or had to do without, its volatile keys say so. */
  readonly isAnew: (device: string) => boolean;
  /** Whether the container is about to get it because the host's nodes have changed: what it had may be gone, which refuses nothing. */
  readonly isFollowed: (device: string) => boolean;
}

export interface DeviceDriver {
  /** Where a device is seen inside, as it is written. Two cannot be at one place. */
  places?(options: Device): readonly string[];
  /** Refuses what is wrong with a request's devices, alone and beside the others of the type. @throws ApiError */
  check?(facts: CheckFacts): void;
  /** Refuses what another instance has already. A change of devices asks it; for a new instance or a copy it counts at the start. @throws ApiError */
  checkRivals?(facts: CheckFacts): void;
  /** Judges what is stored, before a start. @throws ApiError "Failed start validation ..." */
  checkStart?(facts: Facts): void | Promise<void>;
  /** Looks at the host for what bothy-cell would fail at: before a running container is stopped to start again, and after a start has failed. @throws ApiError */
  checkHost?(facts: Facts): Promise<void>;
  /** Volatile keys that the devices lack and need to be what they are, chosen once. */
  choose?(facts: Pick<Facts, "owner" | "devices">): Config;
  /** Options of which the container itself has nothing: a change of them takes no device away. */
  readonly outside?: readonly string[];
  /** What of the instance's other devices goes into one: where that changes, a change of devices gives it anew. */
  partOf?(home: InstanceHome, options: Device, all: Devices): string;
  /** Folders of the host in which nodes come and go that the device is about; none for one that stays as it is. Some may not be there yet. */
  watched?(options: Device): readonly string[];
  /** How a container gets its devices, or has got them. @throws ApiError for what cannot be */
  plan(facts: PlanFacts): DevicePlan[] | Promise<DevicePlan[]>;
  /** Devices that were planned anew are not to come after all: what planning made goes. Never rejects. */
  unplanned?(facts: Facts): Promise<void>;
  /** The container has some of its devices anew, under names that it knew. */
  replaced?(facts: {
    readonly home: InstanceHome;
    readonly record: InstanceRecord;
    readonly plans: readonly DevicePlan[];
  }): void;
  /** The container has ended, or could not start: what its devices have outside goes. Never rejects. */
  ended?(facts: Facts): Promise<void>;
  /** A daemon finds a running container of an earlier one: what its devices lack is made again. */
  adopted?(facts: PlanFacts, cell: RunningCell): Promise<void>;
  /** The instance is deleted, or has another name. */
  forgotten?(home: InstanceHome, instance: InstanceId): Promise<void>;
  /** The instance is deleted, with what its devices have kept. */
  deleted?(home: InstanceHome, record: InstanceRecord): Promise<void>;
}
