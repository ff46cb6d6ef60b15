/** Nic addresses: what nics have from their beginning that no network serves (routed, ipvlan), and who else has one of them. */
import type { Device } from "../../../../sdk/api/common";
import { nicOptions } from "../../../../sdk/api/devices/nic";
import { addressesOf } from "../../../../sdk/api/devices/nic-values";
import { refused } from "./nic-parent";
import type { Nic } from "./nic-plan";
import type { NicFacts } from "./nic-type";
import type { CellStep, Step } from "./step";

export const families = ["ipv4", "ipv6"] as const;
export type Family = (typeof families)[number];

export const bitsOf = (family: Family): string => (family === "ipv4" ? "32" : "128");

export const addressesIn = (options: Device, family: Family): string[] => addressesOf(options[`${family}.address`]);

const allOf = (options: Device): string[] =>
  families.flatMap((family) => addressesIn(options, family).map((address) => address.split("/")[0] ?? ""));

/** Steps that give the nic its addresses; the first of a family goes with the gateway. @param gatewayOf "" for none @param undo that of the nic */
export function addressSteps(nic: Nic, gatewayOf: (family: Family) => string, undo: CellStep["undo"]): Step[] {
  return families.flatMap((family) =>
    addressesIn(nic.options, family).map((text, number): Step => {
      const [address = "", prefix = bitsOf(family)] = text.split("/");
      return {
        by: "cell",
        op: ["nic-address", nic.innerName, address, prefix, number === 0 ? gatewayOf(family) : ""],
        undo,
      };
    }),
  );
}

/** Refuses an address that a nic without a network has, of the instance or of another one that runs. @throws ApiError BAD_REQUEST */
export function requireOwnAddresses({ home, owner, nic }: NicFacts, all: readonly Nic[]): void {
  const { device, options } = nic;
  const wanted = allOf(options);
  const own = all
    .filter((other) => other.device !== device)
    .map((other) => ({ who: `the device "${other.device}"`, options: other.options }));
  const others = home.book
    .uses()
    .filter((use) => home.book.running.has(use))
    .flatMap((use) =>
      Object.entries(use.expandedDevices)
        .filter(
          ([name, other]) =>
            other.type === "nic" && !(use.name === owner.name && use.project === owner.project && name === device),
        )
        .map(([, other]) => ({ who: `the running instance "${use.key}"`, options: other })),
    );
  for (const { who, options: other } of [...own, ...others]) {
    if (!["routed", "ipvlan"].includes(nicOptions(other).get("nictype") ?? "")) continue;
    const taken = allOf(other).find((address) => wanted.includes(address));
    if (taken !== undefined)
      throw refused(
        device,
        `"${taken.includes(":") ? "ipv6" : "ipv4"}.address": IP address "${taken}" already defined on another NIC: ${who} has it. Choose another.`,
      );
  }
}
