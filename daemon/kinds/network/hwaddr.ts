/** Hardware addresses that the daemon gives. */
import { randomBytes } from "node:crypto";

/** A random address below 00:16:3e, the block that LXD and Xen use for guests. */
export const randomHwaddr = (): string =>
  ["00", "16", "3e", ...[...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, "0"))].join(":");
