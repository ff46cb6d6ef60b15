/** Home of the server: the platform, and what the server tells of others. */
import type { Platform } from "../../platform/platform";

export interface ServerHome extends Platform {
  readonly storagePools: { records(): readonly { readonly driver: string }[] };
}
