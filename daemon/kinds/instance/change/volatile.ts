/** Volatile keys: what the daemon keeps for itself in an instance's configuration, and what becomes of it when clients write. */
import type { Config } from "../../../../sdk/api/common";
import { badRequest } from "../../../../sdk/api/errors";
import { isChosenKey } from "../devices/volatile-keys";

const baseImageKey = "volatile.base_image";

const isVolatile = (key: string): boolean => key.startsWith("volatile.");

const filtered = (config: Config, isWanted: (key: string) => boolean): Config =>
  Object.fromEntries(Object.entries(config).filter(([key]) => isWanted(key)));

/** What the root of an instance is of: a copy of it is of the same. */
const isOfRoot = (key: string): boolean => key === baseImageKey || key.startsWith("volatile.container.oci");

/** Keys of a source that an image-born or copied instance takes over: all but what belongs to that one alone. */
export const withoutVolatile = (config: Config): Config => filtered(config, (key) => !isVolatile(key) || isOfRoot(key));

/** Those that LXD has, with and without a device. */
const knownVolatile =
  /^volatile\.((apply_template|apply_quota|base_image|uuid|vsock_id|evacuate\.origin)$|cloud-init\.|idmap\.|last_state\.|.+\.)/;

const uuidKeys: ReadonlySet<string> = new Set(["volatile.uuid", "volatile.cloud-init.instance-id"]);

const isUuid = (value: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);

/** Refuses values that can be none of the daemon's, unless they are there. @throws ApiError BAD_REQUEST */
export function requireUuids(have: Config, wanted: Config): void {
  for (const [key, value] of Object.entries(wanted))
    if (uuidKeys.has(key) && value !== "" && value !== have[key] && !isUuid(value))
      throw badRequest(`Invalid value for "${key}": it must be a UUID. The daemon chooses one; leave it out.`);
}

/** Refuses volatile keys that nobody knows and that are not there yet. @throws ApiError BAD_REQUEST */
export function requireKnownVolatile(have: Config, wanted: Config): void {
  requireUuids(have, wanted);
  for (const [key, value] of Object.entries(wanted))
    if (isVolatile(key) && value !== "" && have[key] === undefined && !knownVolatile.test(key))
      throw badRequest(
        `Invalid config: Unknown configuration key: ${key}. The daemon keeps keys volatile.* for itself.`,
      );
}

/** Volatile keys belong to the daemon: what a client sends of them is not taken, but for the hardware addresses of the next start. */
export const keepVolatile = (have: Config, wanted: Config): Config => ({
  ...filtered(wanted, (key) => !isVolatile(key)),
  ...filtered(have, isVolatile),
  ...filtered(wanted, isChosenKey),
});

/** The configuration of an instance whose root and settings are made anew: it stays who it was, and its root is of the other's image. */
export const refreshed = (have: Config, wanted: Config): Config => ({
  ...filtered(have, isVolatile),
  ...withoutVolatile(wanted),
});
