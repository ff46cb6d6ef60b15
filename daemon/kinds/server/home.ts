/** Home of the server: the platform, what it tells of others, and its door to the network. */
import type { ListenAddress } from "../../../sdk/api/config/listen-address";
import type { VolumePath } from "../../../sdk/api/config/values";
import type { References } from "../../core/references/references";
import type { Platform } from "../../platform/platform";
import type { KnownCertificate } from "../../platform/tls/server-certificate";

export interface DoorPort {
  /** Where it listens. */
  readonly address: ListenAddress | undefined;
  /** @param address undefined for nowhere @throws ApiError BAD_REQUEST when nobody can listen there; then all is as before */
  move(address: ListenAddress | undefined): Promise<void>;
}

/** Custom volumes of the default project as homes of images and backups. */
export interface DaemonVolumePort {
  /** @throws ApiError BAD_REQUEST when there is no such volume, or somebody else has it */
  requireFree(volume: VolumePath): void;
  /** Makes sure that it can be used now. @throws ApiError NOT_FOUND, UNAVAILABLE */
  requireUsable(volume: VolumePath): Promise<void>;
  pathOf(volume: VolumePath): string;
}

export interface ServerHome extends Platform {
  readonly references: References;
  readonly daemonVolumes: DaemonVolumePort;
  readonly storagePools: { records(): readonly { readonly driver: string }[] };
  readonly door: DoorPort;
  /** The one that leads to the metrics alone. */
  readonly metricsDoor: DoorPort;
  /** The one for peers of network zones. */
  readonly dnsDoor: DoorPort;
  readonly certificate: { known(): KnownCertificate | undefined };
}
