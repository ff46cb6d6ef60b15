/** Warning port: how any part of the daemon says that something went wrong and stays so. kinds/warning keeps what is said. */
import type { WarningKind } from "./types";

export interface WarningSeen {
  readonly message: string;
  /** Path of the object that it is about; absent for the server itself. */
  readonly entity?: string;
  /** Goes into the log line and, by its message, behind the warning's. */
  readonly error?: unknown;
}

/** Neither call ever throws. */
export interface WarningPort {
  /** Takes note of something that went wrong and stays so, and logs it. */
  record(kind: WarningKind, seen: WarningSeen): void;
  /** The cause is gone. Nothing to do when there is no such warning. */
  resolve(kind: WarningKind, entity?: string): void;
}
