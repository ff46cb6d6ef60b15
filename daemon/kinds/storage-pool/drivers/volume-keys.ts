/** Volume keys: what a volume says of itself comes before what its pool says of all. */
import { storagePoolConfig } from "../../../../sdk/api/config/storage-pool";
import type { PoolPlace, Volume } from "../driver";

/** Configuration of the pool, with what the volume says of itself in the place of `volume.KEY`. */
export const configFor = (pool: Pick<PoolPlace, "config" | "keysOf">, volume: Volume) =>
  storagePoolConfig({
    ...pool.config,
    ...Object.fromEntries(Object.entries(pool.keysOf(volume)).map(([key, value]) => [`volume.${key}`, value])),
  });
