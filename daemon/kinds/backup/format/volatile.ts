/** Volatile keys of a backup: what a server keeps of an instance that means something elsewhere too. */
import type { Config } from "../../../../sdk/api/common";
import { isChosenKey } from "../../instance/devices/volatile-keys";

/** That files and ids are on this host, and how an instance was left, is of no use elsewhere. */
const isPassedOn = (key: string): boolean =>
  /^volatile\.(base_image|uuid|apply_template|cloud-init\.instance-id)$/.test(key) || isChosenKey(key);

/** The configuration without what is of this host alone. */
export const passedOn = (config: Config): Config =>
  Object.fromEntries(Object.entries(config).filter(([key]) => !key.startsWith("volatile.") || isPassedOn(key)));

/** The key that tells of which ids files are; "[]" for the container's own. */
export const diskIdsKey = "volatile.last_state.idmap";

/** As LXD writes it of an instance whose files have the container's own ids. */
export const withOwnIds = (config: Config): Config => ({ ...passedOn(config), [diskIdsKey]: "[]" });
