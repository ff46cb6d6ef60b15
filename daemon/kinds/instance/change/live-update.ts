/** Live update: a running instance follows changed limits and devices at once, and a root its size, also that of a stopped one. */
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { changedKeys } from "../../../core/merge";
import { Revert } from "../../../core/revert";
import { loadModules, moduleNames } from "../../../platform/host/modules";
import { idRange } from "../create/idmap";
import { changedDevices } from "../devices/devices";
import { followDevices } from "../devices/follow";
import { followNicAcls } from "../devices/nic-acls";
import type { InstanceHome } from "../home";
import type { Lifecycle } from "../life/lifecycle";
import { inForce } from "../life/made-by";
import { followDiskLimits } from "../limits/disk-limits";
import { touchesLimits } from "../limits/limits";
import { followEgress } from "../limits/nic-egress";
import { freeNics, limitNics } from "../limits/nic-limits";
import type { Expanded, InstanceRecord } from "../record";
import { followRootSize } from "../root-size";

/** Nics that are new, or are so under an old name, have none of their limits. */
async function followReplaced(
  home: InstanceHome,
  record: InstanceRecord,
  was: Expanded,
  is: Expanded,
  replaced: readonly string[],
): Promise<void> {
  const gone = Object.entries(was.devices).filter(([device, { type }]) => type === "nic" && replaced.includes(device));
  await freeNics(home, record, gone);
  await limitNics(home, record, undefined, is, (device) => replaced.includes(device));
}

/**
 * Brings an instance in line, or leaves it as it was.
 * @param record the instance as it shall be @param was @param is what it and its profiles came to, before and now
 * @returns the instance's own configuration with the volatile keys of its devices
 */
export async function followLive(
  home: InstanceHome,
  lifecycle: Lifecycle,
  record: InstanceRecord,
  was: Expanded,
  is: Expanded,
): Promise<Config> {
  await using undo = new Revert(home.log);
  await followRootSize(home, record, was.devices, is.devices, undo);
  const running = home.book.running.get(record);
  if (running === undefined) {
    undo.keep();
    return record.config;
  }
  const modules = instanceConfig(is.config).get("linux.kernel_modules");
  if (modules !== instanceConfig(was.config).get("linux.kernel_modules")) await loadModules(moduleNames(modules));
  if (touchesLimits(changedKeys(was.config, is.config))) {
    undo.add(() => lifecycle.applyLimits(record, was.config));
    lifecycle.applyLimits(record, is.config);
  }
  const takeBack = await followDiskLimits(home, record, was.devices, is.devices);
  undo.add(async () => takeBack());
  const replaced = changedDevices(home, was.devices, is.devices);
  const isKept = (device: string) => !replaced.includes(device);
  undo.add(() => limitNics(home, record, is, was, isKept));
  await limitNics(home, record, was, is, isKept);
  undo.add(() => followNicAcls(home, record, is, was, isKept));
  await followNicAcls(home, record, was, is, isKept);
  undo.add(() => followEgress(home, record, is.devices, was.devices, isKept));
  await followEgress(home, record, was.devices, is.devices, isKept);
  const ids = idRange(inForce(is.config, running.madeBy), record.config);
  const config = await followDevices(home, record, running, ids, { was: was.devices, is: is.devices });
  undo.keep();
  await followReplaced(home, { ...record, config }, was, is, replaced);
  if (changedKeys(was.config, is.config).includes("security.devlxd"))
    await home.guestGates.follow(record, is.config, ids, running.cell);
  home.guestEvents.changed(record, was, is);
  lifecycle.watchDevices(record, is.devices);
  return config;
}
