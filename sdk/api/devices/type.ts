/** Device type: what each type of devices says of itself. */
import type { Device } from "../common";
import type { Row } from "../config/table";
import { anyText } from "../config/values";

export interface OptionIssue {
  readonly option: string;
  readonly message: string;
}

/** An object that a device uses, which cannot be deleted meanwhile. */
export type DeviceReference =
  | { readonly kind: "network" | "network-acl" | "storage-pool"; readonly name: string }
  /** A custom volume, of the project of what has the device, or of the one that this one shares volumes with. */
  | { readonly kind: "storage-volume"; readonly pool: string; readonly name: string };

export interface DeviceType {
  readonly doc: string;
  /** Options by name, `type` aside. */
  readonly options: Readonly<Record<string, Row>>;
  /** Rules about options that hold together. @param device one whose options are known */
  readonly rules: (device: Device) => OptionIssue[];
  /** Last parts of the volatile keys of an instance that a device has (`volatile.<device>.<part>`). */
  readonly volatile?: {
    /** Chosen once, by the daemon or by a client. */
    readonly chosen?: readonly string[];
    /** They say what a container has, for as long as it runs and has it. */
    readonly kept?: readonly string[];
  };
  /** What a device uses; nothing when absent. */
  readonly references?: (device: Device) => DeviceReference[];
}

/** Options of a device of any type. */
export const commonOptions = {
  "user.*": {
    type: anyText,
    secret: true,
    applies: "now",
    since: "0.1.0",
    example: "backup",
    doc: "Free for the user.",
  },
} as const satisfies Readonly<Record<string, Row>>;
