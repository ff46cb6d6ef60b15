/** Volume: the one that holds an instance's root. */
import type { Volume } from "../storage-pool/driver";

export const volumeOf = (name: string): Volume => ({ type: "containers", name });
