/** Instances: the rules of their life. */
import type { Config, Devices } from "../../sdk/api/common";

export interface InstanceUse {
  readonly name: string;
  readonly profiles: readonly string[];
  readonly devices: Devices;
  readonly expandedDevices: Devices;
  readonly config: Config;
}

export interface InstanceService {
  /** What other kinds need to say who uses them. */
  uses(): InstanceUse[];
  /** Applies a changed profile to the instances that have it; running ones at once. */
  profileChanged(name: string, before: { config: Config; devices: Devices }): Promise<void>;
  /** Follows a renamed profile, within the caller's transaction. */
  profileRenamed(from: string, to: string): void;
}
