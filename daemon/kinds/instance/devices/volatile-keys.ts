/** Volatile keys of devices: `volatile.<device>.<part>`, with the parts that the types of devices name. */
import type { Config, Devices } from "../../../../sdk/api/common";
import { deviceTypes } from "../../../../sdk/api/devices/types";

const patternOf = (parts: readonly string[]): RegExp => new RegExp(`^volatile\\.(.+)\\.(?:${parts.join("|")})$`);

const types = Object.values(deviceTypes);
const chosenKey = patternOf(types.flatMap(({ volatile }) => volatile?.chosen ?? []));
const keptKey = patternOf(types.flatMap(({ volatile }) => volatile?.kept ?? []));

/** Whether a volatile key is one that a client may choose for a device, such as a nic's hardware address. */
export const isChosenKey = (key: string): boolean => chosenKey.test(key);

/** The configuration without what belongs to devices that were there and are no more: one of the same name is another. */
export const withoutGone = (config: Config, was: Devices, is: Devices): Config =>
  Object.fromEntries(
    Object.entries(config).filter(([key]) => {
      const device = chosenKey.exec(key)?.[1] ?? keptKey.exec(key)?.[1];
      return device === undefined || was[device] === undefined || is[device] !== undefined;
    }),
  );

/** The configuration without what says what a running container has of its devices. @param names those devices; all when absent */
export const withoutKept = (config: Config, names?: readonly string[]): Config =>
  Object.fromEntries(
    Object.entries(config).filter(([key]) => {
      const device = keptKey.exec(key)?.[1];
      return device === undefined || (names !== undefined && !names.includes(device));
    }),
  );
