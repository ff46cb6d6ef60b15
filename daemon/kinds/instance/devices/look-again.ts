/** Look again: devices of a running container that come and go with the host's. */
import { isDeepStrictEqual } from "node:util";
import { ownCall } from "../../../core/call";
import type { InstanceHome } from "../home";
import { type InstanceId, instanceRef } from "../record";
import { awaiting, keptBy, planDevices } from "./devices";
import { followDevices } from "./follow";
import type { DevicePlan } from "./step";

/** Brings the devices in line with what the host has now. Never rejects. */
export async function lookAgain(home: InstanceHome, instance: InstanceId): Promise<void> {
  try {
    await home.changes.run(ownCall(instance.project), {
      of: [instanceRef(instance)],
      work: () => look(home, instance),
    });
  } catch (error) {
    home.log.warning("Cannot give a running container the devices that the host has", { name: instance.name, error });
  }
}

async function look(home: InstanceHome, instance: InstanceId): Promise<void> {
  const { book } = home;
  const record = book.find(instance);
  const running = book.running.get(instance);
  if (record === undefined || running === undefined || running.cell.pid === 0) return;
  const { devices } = book.expanded(record);
  const ids = book.idsOf(record);
  const names = awaiting(devices).map(({ device }) => device);
  const has = planDevices(home, record, devices, ids, () => false);
  const fresh = planDevices(home, record, devices, ids, (device) => names.includes(device));
  const keptOf = (plans: readonly DevicePlan[], name: string) => keptBy(plans.filter(({ device }) => device === name));
  const again = names.filter((device) => !isDeepStrictEqual(keptOf(has, device), keptOf(fresh, device)));
  if (again.length === 0) return;
  book.noteLive(instance, await followDevices(home, record, running, ids, { was: devices, is: devices, again }));
}
