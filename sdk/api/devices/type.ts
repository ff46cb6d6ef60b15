/** Device type: what each type of devices says of itself. */
import type { Device } from "../common";
import type { Row } from "../config/table";
import { anyText } from "../config/values";

export interface OptionIssue {
  readonly option: string;
  readonly message: string;
}

export interface DeviceType {
  readonly doc: string;
  /** Options by name, `type` aside. */
  readonly options: Readonly<Record<string, Row>>;
  /** Rules about options that hold together. @param device one whose options are known */
  readonly rules: (device: Device) => OptionIssue[];
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
