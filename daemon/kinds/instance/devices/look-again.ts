/** Look again: devices of a running container that come and go with the host's. */
import { isDeepStrictEqual } from "node:util";
import { ApiError } from "../../../../sdk/api/errors";
import { ownCall } from "../../../core/call";
import type { InstanceHome } from "../home";
import { type InstanceId, type InstanceRecord, instanceRef } from "../record";
import { keptBy, planDevices, watchedFolders } from "./devices";
import { followDevices } from "./follow";
import type { DevicePlan } from "./step";

/** Brings the devices in line with what the host has now. Never rejects. @param isDoubtful whether the container is looked into as well */
export async function lookAgain(home: InstanceHome, instance: InstanceId, isDoubtful = false): Promise<void> {
  try {
    await home.changes.run(ownCall(instance.project), {
      of: [instanceRef(instance)],
      work: () => look(home, instance, isDoubtful),
    });
  } catch (error) {
    home.log.warning("Cannot give a running container the devices that the host has", { name: instance.name, error });
  }
}

async function look(home: InstanceHome, instance: InstanceId, isDoubtful: boolean): Promise<void> {
  const { book } = home;
  const record = book.find(instance);
  const running = book.running.get(instance);
  if (record === undefined || running === undefined || running.cell.pid === 0) return;
  const { devices } = book.expanded(record);
  const ids = book.idsOf(record);
  const names = watchedFolders(devices).map(({ device }) => device);
  const isWatched = (device: string) => names.includes(device);
  const has = await planDevices(home, record, devices, ids, () => false);
  const fresh = await planDevices(home, record, devices, ids, isWatched, isWatched);
  const keptOf = (plans: readonly DevicePlan[], name: string) => keptBy(plans.filter(({ device }) => device === name));
  const watched = has.filter(({ device }) => isWatched(device));
  const lost = isDoubtful ? await lostOf(home, record, watched) : [];
  const isOther = (device: string) => !isDeepStrictEqual(keptOf(has, device), keptOf(fresh, device));
  const again = names.filter((device) => lost.includes(device) || isOther(device));
  if (again.length === 0) return;
  book.noteLive(instance, await followDevices(home, record, running, ids, { was: devices, is: devices, again, lost }));
}

/** Those that are noted as given, and of which something is not in the container. */
async function lostOf(home: InstanceHome, record: InstanceRecord, plans: readonly DevicePlan[]): Promise<string[]> {
  const given = plans.filter(({ steps }) => steps.length > 0);
  const lost = given.map(async ({ device, places = [] }) => {
    const areMissing = await Promise.all(places.map((place) => isMissing(home, record, place)));
    return areMissing.includes(true) ? [device] : [];
  });
  return (await Promise.all(lost)).flat();
}

async function isMissing({ book, native }: InstanceHome, record: InstanceRecord, place: string): Promise<boolean> {
  try {
    const { content } = await native.getFile(book.filePlace(record), place);
    content?.destroy();
    return false;
  } catch (error) {
    // A device is refused as something that has no content.
    return ApiError.is(error) && error.code === "NOT_FOUND";
  }
}
