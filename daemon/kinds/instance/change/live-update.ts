/** Live update: a running instance follows changed limits and devices at once. */
import type { Config } from "../../../../sdk/api/common";
import { changedKeys } from "../../../core/merge";
import { Revert } from "../../../core/revert";
import { idRange } from "../create/idmap";
import { announce } from "../devices/announce";
import { tellDhcpClients } from "../devices/dhcp-word";
import { planHotplug } from "../devices/hotplug";
import type { InstanceHome } from "../home";
import type { Lifecycle } from "../life/lifecycle";
import { inForce } from "../life/made-by";
import { touchesLimits } from "../limits/limits";
import { type Expanded, type InstanceRecord, keyOf } from "../record";

/**
 * Brings a running instance in line, or leaves it as it was.
 * @param record the instance as it shall be @param was @param is what it and its profiles came to, before and now
 * @returns the instance's own configuration with the volatile keys of its nics
 */
export async function followLive(
  home: InstanceHome,
  lifecycle: Lifecycle,
  record: InstanceRecord,
  was: Expanded,
  is: Expanded,
): Promise<Config> {
  const running = home.book.running.get(record);
  if (running === undefined) return record.config;
  await using undo = new Revert(home.log);
  if (touchesLimits(changedKeys(was.config, is.config))) {
    undo.add(() => lifecycle.applyLimits(record, was.config));
    lifecycle.applyLimits(record, is.config);
  }
  const plug = planHotplug(record.config, was.devices, is.devices);
  const ids = idRange(inForce(is.config, running.madeBy), record.config);
  for (const { device, network } of plug.addedNics)
    if (network !== undefined && was.devices[device]?.network !== network)
      undo.add(() => home.networks.removeHost(network, keyOf(record), device));
  const ports = (config: Config) =>
    Object.entries(config).flatMap(([key, value]) => (/^volatile\..+\.host_name$/.test(key) ? [value] : []));
  undo.add(() => home.networks.nics.closePorts(keyOf(record), ports(record.config)));
  await announce(home, record, plug.addedNics);
  // One by one: what is taken back is what was done, and nothing of others that stood in the way.
  for (const step of plug.steps) {
    await home.native.plug(running.cell, ids, [step.op]);
    undo.add(() => home.native.plug(running.cell, ids, [step.undo]));
  }
  undo.keep();
  await home.networks.nics.closePorts(keyOf(record), ports(plug.config));
  for (const { device, network } of plug.removedNics)
    if (network !== undefined && is.devices[device]?.network !== network)
      await home.networks.removeHost(network, keyOf(record), device);
  tellDhcpClients(
    home,
    record,
    plug.addedNics.filter(({ device }) => plug.removedNics.some((removed) => removed.device === device)),
  );
  return plug.config;
}
