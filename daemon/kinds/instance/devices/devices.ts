/** Devices: what the daemon does for all devices of an instance, by the drivers of their types. */
import type { Config, Device, Devices } from "../../../../sdk/api/common";
import type { DeviceTypeName } from "../../../../sdk/api/devices/types";
import type { IdRange, RunningCell } from "../../../platform/native/index";
import type { InstanceHome } from "../home";
import type { InstanceId, InstanceRecord } from "../record";
import { disk } from "./disk";
import type { CheckFacts, DeviceDriver, NamedDevice, Owner, PlanFacts } from "./driver";
import { nic } from "./nic";
import { none } from "./none";
import { requireOwnPlaces } from "./places";
import { proxy } from "./proxy";
import type { DevicePlan } from "./step";
import { unixBlock } from "./unix-block";
import { unixChar } from "./unix-char";

/** In the order in which a container gets them: a device node may lie in a disk. */
const drivers: Readonly<Record<DeviceTypeName, DeviceDriver>> = {
  none,
  disk,
  nic,
  "unix-char": unixChar,
  "unix-block": unixBlock,
  proxy,
};

const all = Object.values(drivers);

/** Each driver with its devices, by name. Devices of a type that nobody has are those of a damaged or newer database. */
const byDriver = (devices: Devices): { readonly driver: DeviceDriver; readonly devices: NamedDevice[] }[] =>
  Object.entries(drivers).flatMap(([type, driver]) => {
    const own = Object.entries(devices).filter(([, device]) => device.type === type);
    return own.length === 0 ? [] : [{ driver, devices: own.sort(([a], [b]) => (a < b ? -1 : 1)) }];
  });

const driverOf = ({ type = "" }: Device): DeviceDriver | undefined =>
  Object.hasOwn(drivers, type) ? drivers[type as DeviceTypeName] : undefined;

/** What of a device the container has: its options in an order of their own, without those of the user and those that count outside of it. */
const essence = (device: Device | undefined): string | undefined =>
  device &&
  JSON.stringify(
    Object.entries(device)
      .filter(([option]) => !option.startsWith("user.") && !driverOf(device)?.outside?.includes(option))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

/** Names of devices that a container has to lose, to get, or both. */
export const changedDevices = (was: Devices, is: Devices): string[] =>
  [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((name) => essence(was[name]) !== essence(is[name]));

/** Refuses two devices in one place. @param isNew what stands already is not judged @throws ApiError */
export function checkPlaces(devices: Devices, isNew: CheckFacts["isNew"]): void {
  const placed = Object.entries(devices).flatMap(([device, options]) => {
    const place = driverOf(options)?.place?.(options);
    return place === undefined ? [] : [{ device, type: options.type ?? "", place }];
  });
  requireOwnPlaces(placed, isNew);
}

/**
 * Refuses devices that a request brings, alone and beside each other.
 * @param devices all that the instance comes to with its profiles @param isNew what stands already is not judged
 * @throws ApiError
 */
export function checkDevices(home: InstanceHome, owner: Owner, devices: Devices, isNew: CheckFacts["isNew"]): void {
  checkPlaces(devices, isNew);
  for (const mine of byDriver(devices)) mine.driver.check?.({ home, owner, devices: mine.devices, isNew });
}

/** Refuses what devices of other instances have already. @throws ApiError CONFLICT */
export function checkRivals(home: InstanceHome, owner: Owner, devices: Devices, isNew: CheckFacts["isNew"]): void {
  for (const mine of byDriver(devices)) mine.driver.checkRivals?.({ home, owner, devices: mine.devices, isNew });
}

/** Judges what is stored, before a start. @throws ApiError */
export async function checkStartDevices(home: InstanceHome, owner: Owner, devices: Devices): Promise<void> {
  for (const mine of byDriver(devices)) await mine.driver.checkStart?.({ home, owner, devices: mine.devices });
}

/** Looks at the host for what bothy-cell would fail at. @throws ApiError */
export async function checkHostDevices(home: InstanceHome, owner: Owner, devices: Devices): Promise<void> {
  for (const mine of byDriver(devices)) await mine.driver.checkHost?.({ home, owner, devices: mine.devices });
}

/** The instance's own configuration with the volatile keys that its devices need. @returns the same object when none is missing */
export function withChosenKeys(owner: Owner, devices: Devices): Config {
  const chosen: Config = Object.assign(
    {},
    ...byDriver(devices).map((mine) => mine.driver.choose?.({ owner, devices: mine.devices }) ?? {}),
  );
  return Object.keys(chosen).length === 0 ? owner.config : { ...owner.config, ...chosen };
}

/** The volatile keys that say what a container has by some plans. */
export const keptBy = (plans: readonly DevicePlan[]): Config =>
  Object.assign({}, ...plans.map(({ kept }) => kept ?? {}));

/**
 * How a container gets its devices, or has got them.
 * @param isAnew which it is about to get; of the others the owner's volatile keys tell @throws ApiError for what cannot be
 */
export async function planDevices(
  home: InstanceHome,
  owner: Owner,
  devices: Devices,
  ids: IdRange | undefined,
  isAnew: PlanFacts["isAnew"],
): Promise<DevicePlan[]> {
  const planOf = async ({ driver, devices: mine }: { driver: DeviceDriver; devices: NamedDevice[] }) =>
    driver.plan({ home, owner, devices: mine, ids, isAnew });
  return (await Promise.all(byDriver(devices).map(planOf))).flat();
}

/** The devices that come and go with files of the host, each with those files. */
export const awaiting = (devices: Devices): { readonly device: string; readonly files: readonly string[] }[] =>
  byDriver(devices).flatMap(({ driver, devices: mine }) =>
    mine.flatMap(([device, options]) => {
      const files = driver.awaited?.(options) ?? [];
      return files.length === 0 ? [] : [{ device, files }];
    }),
  );

/** A running container has some devices anew. */
export function devicesReplaced(
  home: InstanceHome,
  record: InstanceRecord,
  devices: Devices,
  plans: readonly DevicePlan[],
): void {
  for (const { driver, devices: mine } of byDriver(devices))
    driver.replaced?.({ home, record, plans: plans.filter(({ device }) => mine.some(([name]) => name === device)) });
}

/** What devices have outside a container goes with it. Never rejects. */
export async function devicesEnded(home: InstanceHome, owner: Owner, devices: Devices): Promise<void> {
  await Promise.all(byDriver(devices).map((mine) => mine.driver.ended?.({ home, owner, devices: mine.devices })));
}

/** Makes again what the devices of a running container lack. @throws ApiError */
export async function devicesAdopted(
  home: InstanceHome,
  owner: Owner,
  devices: Devices,
  ids: IdRange | undefined,
  cell: RunningCell,
): Promise<void> {
  for (const mine of byDriver(devices))
    await mine.driver.adopted?.({ home, owner, devices: mine.devices, ids, isAnew: () => false }, cell);
}

/** An instance is deleted, or has another name. */
export async function devicesForgotten(home: InstanceHome, instance: InstanceId): Promise<void> {
  for (const driver of all) await driver.forgotten?.(home, instance);
}
