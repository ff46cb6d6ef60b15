/** Fixed keys: what a running container was made by and cannot follow. */
import type { Config } from "../../sdk/api/common";

/** A key that has changed though it counts from the next start on only. */
export const fixedKey = (was: Config, is: Config): string | undefined =>
  ["security.privileged", "security.nesting", "raw.lxc"].find((key) => (was[key] ?? "") !== (is[key] ?? ""));
