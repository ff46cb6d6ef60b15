/** Native: the one place that talks to bothy-cell (docs/native-protocol.md). */
import type { RootSource } from "./storage-pool/driver";

export interface Native {
  /** Runs a host program while a root is mounted at a folder. @throws ApiError INTERNAL when the program fails */
  runWithRoot(root: RootSource, at: string, command: readonly string[], signal?: AbortSignal): Promise<void>;
}
