/** The network zones that a network's configuration names. */
import type { Config } from "../../../sdk/api/common";
import { networkConfig } from "../../../sdk/api/config/network";
import { networkZoneRows } from "../../../sdk/api/config/network/zones";
import { badRequest } from "../../../sdk/api/errors";

const keys = Object.keys(networkZoneRows) as (keyof typeof networkZoneRows)[];

/** Names of the zones, each once. */
export const zonesOf = (config: Config): string[] => [
  ...new Set(keys.flatMap((key) => networkConfig(config).get(key) ?? [])),
];

/** @throws ApiError BAD_REQUEST that names the key whose zone is not there */
export function requireZones(network: string, config: Config, isThere: (zone: string) => boolean): void {
  for (const key of keys) {
    const zone = networkConfig(config).get(key);
    if (zone !== undefined && !isThere(zone))
      throw badRequest(
        `Invalid value for network "${network}" option "${key}": Network zone "${zone}" doesn't exist. Make it first.`,
      );
  }
}
