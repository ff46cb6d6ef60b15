/** Devices: what the daemon does for all devices of an instance, by the drivers of their types. */
import type { Config, Device, Devices } from "../../../../sdk/api/common";
import type { DeviceTypeName } from "../../../../sdk/api/devices/types";
import type { IdRange, RunningCell } from "../../../platform/native/index";
import type { InstanceHome } from "../home";
import type { InstanceId, InstanceRecord } from "../record";
import { disk } from "./disk";
import type { CheckFacts, DeviceDriver, NamedDevice, Owner, PlanFacts } from "./driver";
import { gpu } from "./gpu";
import { infiniband } from "./infiniband";
import { nic } from "./nic";
import { none } from "./none";
import { requireOwnPlaces } from "./places";
import { proxy } from "./proxy";
import type { DevicePlan } from "./step";
import { tpm } from "./tpm";
import { unixBlock } from "./unix-block";
import { unixChar } from "./unix-char";
import { unixHotplug } from "./unix-hotplug";
import { usb } from "./usb";

/** In the order in which a container gets them: a device node may lie in a disk. */
const drivers: Readonly<Record<DeviceTypeName, DeviceDriver>> = {
  none,
  disk,
  nic,
  infiniband,
  "unix-char": unixChar,
  "unix-block": unixBlock,
  "unix-hotplug": unixHotplug,
  usb,
  gpu,
  tpm,
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
function essence(home: InstanceHome, name: string, all: Devices): string | undefined {
  const device = all[name];
  if (device === undefined) return undefined;
  const driver = driverOf(device);
  const options = Object.entries(device)
    .filter(([option]) => !option.startsWith("user.") && !driver?.outside?.includes(option))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([options, driver?.partOf?.(home, device, all) ?? ""]);
}

/** Names of devices that a container has to lose, to get, or both. */
export const changedDevices = (home: InstanceHome, was: Devices, is: Devices): string[] =>
  [...new Set([...Object.keys(was), ...Object.keys(is)])].filter(
    (name) => essence(home, name, was) !== essence(home, name, is),
  );

/** Refuses two devices in one place. @param isNew what stands already is not judged @throws ApiError */
export function checkPlaces(devices: Devices, isNew: CheckFacts["isNew"]): void {
  const placed = Object.entries(devices).flatMap(([device, options]) => {
    const places = driverOf(options)?.places?.(options) ?? [];
    return places.map((place) => ({ device, type: options.type ?? "", place }));
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
  for (const mine of byDriver(devices))
    mine.driver.check?.({ home, owner, devices: mine.devices, all: devices, isNew });
}

/** Refuses what devices of other instances have already. @throws ApiError CONFLICT */
export function checkRivals(home: InstanceHome, owner: Owner, devices: Devices, isNew: CheckFacts["isNew"]): void {
  for (const mine of byDriver(devices))
    mine.driver.checkRivals?.({ home, owner, devices: mine.devices, all: devices, isNew });
}

/** Judges what is stored, before a start. @throws ApiError */
export async function checkStartDevices(home: InstanceHome, owner: Owner, devices: Devices): Promise<void> {
  for (const mine of byDriver(devices))
    await mine.driver.checkStart?.({ home, owner, devices: mine.devices, all: devices });
}

/** Looks at the host for what bothy-cell would fail at. @throws ApiError */
export async function checkHostDevices(home: InstanceHome, owner: Owner, devices: Devices): Promise<void> {
  for (const mine of byDriver(devices))
    await mine.driver.checkHost?.({ home, owner, devices: mine.devices, all: devices });
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
 * @param isAnew which it is about to get; of the others the owner's volatile keys tell @param isFollowed which of these only since the host's nodes changed
 * @throws ApiError for what cannot be
 */
export async function planDevices(
  home: InstanceHome,
  owner: Owner,
  devices: Devices,
  ids: IdRange | undefined,
  isAnew: PlanFacts["isAnew"],
  isFollowed: PlanFacts["isFollowed"] = () => false,
): Promise<DevicePlan[]> {
  const planOf = async ({ driver, devices: mine }: { driver: DeviceDriver; devices: NamedDevice[] }) =>
    driver.plan({ home, owner, devices: mine, all: devices, ids, isAnew, isFollowed });
  // Each of them to its end, so that nothing is made behind the back of who takes back what was made (devicesUnplanned, devicesEnded).
  const planned = await Promise.allSettled(byDriver(devices).map(planOf));
  const failed = planned.find((result) => result.status === "rejected");
  if (failed === undefined) return planned.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
  throw failed.reason;
}

/** Devices that were planned anew are not to come after all. @param owner as it was before, with the volatile keys of what the container has. Never rejects. */
export async function devicesUnplanned(
  home: InstanceHome,
  owner: Owner,
  devices: Devices,
  isAnew: PlanFacts["isAnew"],
): Promise<void> {
  for (const { driver, devices: mine } of byDriver(devices))
    await driver.unplanned?.({ home, owner, devices: mine.filter(([device]) => isAnew(device)), all: devices });
}

/** The devices that come and go with nodes of the host, each with the folders that these are in, as far as there are any now. */
export const watchedFolders = (devices: Devices): { readonly device: string; readonly folders: readonly string[] }[] =>
  byDriver(devices).flatMap(({ driver, devices: mine }) =>
    mine.flatMap(([device, options]) => {
      const folders = driver.watched?.(options) ?? [];
      return folders.length === 0 ? [] : [{ device, folders }];
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
  await Promise.all(
    byDriver(devices).map((mine) => mine.driver.ended?.({ home, owner, devices: mine.devices, all: devices })),
  );
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
    await mine.driver.adopted?.(
      { home, owner, devices: mine.devices, all: devices, ids, isAnew: () => false, isFollowed: () => false },
      cell,
    );
}

/** An instance is deleted. */
export async function devicesDeleted(home: InstanceHome, record: InstanceRecord): Promise<void> {
  for (const driver of all) await driver.deleted?.(home, record);
}

/** An instance is deleted, or has another name. */
export async function devicesForgotten(home: InstanceHome, instance: InstanceId): Promise<void> {
  for (const driver of all) await driver.forgotten?.(home, instance);
}
