/** Address: where an instance can be reached. */
import type { InstanceState } from "../../sdk/index";

/** Addresses of a family that others can use, over all interfaces. @param family "inet" or "inet6" */
export function addressesOf(state: InstanceState | null, family: "inet" | "inet6"): string[] {
  return Object.values(state?.network ?? {}).flatMap(({ addresses }) =>
    addresses
      .filter((address) => address.family === family && address.scope === "global")
      .map(({ address }) => address),
  );
}
