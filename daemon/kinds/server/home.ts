/** Home of the server: the platform, what it tells of others, and its door to the network. */
import type { ListenAddress } from "../../../sdk/api/config/listen-address";
import type { Platform } from "../../platform/platform";
import type { KnownCertificate } from "../../platform/tls/server-certificate";

export interface DoorPort {
  /** Where it listens. */
  readonly address: ListenAddress | undefined;
  /** @param address undefined for nowhere @throws ApiError BAD_REQUEST when nobody can listen there; then all is as before */
  move(address: ListenAddress | undefined): Promise<void>;
}

export interface ServerHome extends Platform {
  readonly storagePools: { records(): readonly { readonly driver: string }[] };
  readonly door: DoorPort;
  /** The one that leads to the metrics alone. */
  readonly metricsDoor: DoorPort;
  readonly certificate: { known(): KnownCertificate | undefined };
}
