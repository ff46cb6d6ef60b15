/** Hotplug: nics and disks of a running instance follow its changed devices. */

import type { Config, Device, Devices } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import type { Op } from "../../../platform/native/index";
import { diskOps } from "../spec/filesystems";
import { hostNames, type Nic, nicOps, planNics, withHwaddrs } from "./nics";

/** One operation, and the one that takes it back. */
export interface HotplugStep {
  readonly op: Op;
  readonly undo: Op;
}

export interface Hotplug {
  /** What to do, in order; empty when no device changed. */
  readonly steps: readonly HotplugStep[];
  readonly addedNics: readonly Nic[];
  /** Nic devices that are gone or made anew, with the networks that knew them. */
  readonly removedNics: readonly { readonly device: string; readonly network: string | undefined }[];
  /** The instance's own configuration with the volatile keys of its nics. */
  readonly config: Config;
}

/** @param own configuration of the instance itself @param was @param is expanded devices before and after */
export function planHotplug(own: Config, was: Devices, is: Devices): Hotplug {
  const isChanged = (name: string) => JSON.stringify(sorted(was[name])) !== JSON.stringify(sorted(is[name]));
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter(isChanged);
  const gone = names.filter((name) => was[name] !== undefined);
  const come = Object.fromEntries(names.flatMap((name) => (is[name] === undefined ? [] : [[name, is[name]]])));
  const config = withHwaddrs(withoutNics(own, gone), is);
  const addedNics = planNics(config, is).filter((nic) => come[nic.device] !== undefined);
  const removedNics = gone.filter((name) => was[name]?.type === "nic");
  const left = Object.fromEntries(gone.flatMap((name) => (was[name] === undefined ? [] : [[name, was[name]]])));
  return {
    steps: [
      ...removedNicsOf(own, was, removedNics).map(taken),
      // The deeper paths first, since one mount may lie in another.
      ...diskOps(left).reverse().map(taken),
      ...nicOps(addedNics).map(put),
      ...diskOps(come).map(put),
    ],
    addedNics,
    removedNics: removedNics.map((device) => ({ device, network: was[device]?.network })),
    config: { ...config, ...hostNames(addedNics) },
  };
}

const inverse = ([name, first = "", second = ""]: Op): Op =>
  name === "nic" ? ["unplug-nic", first] : ["unbind", second];

const put = (op: Op): HotplugStep => ({ op, undo: inverse(op) });

const taken = (op: Op): HotplugStep => ({ op: inverse(op), undo: op });

/** The nics as they were plugged: under the names that they have on the host. */
function removedNicsOf(own: Config, was: Devices, removed: readonly string[]): Op[] {
  const nics = planNics(own, was).flatMap((nic) => {
    const hostName = instanceConfig(own).get(`volatile.${nic.device}.host_name`);
    return removed.includes(nic.device) && hostName !== undefined ? [{ ...nic, hostName }] : [];
  });
  return nicOps(nics);
}

const withoutNics = (config: Config, names: readonly string[]): Config =>
  Object.fromEntries(
    Object.entries(config).filter(
      ([key]) => !names.some((name) => key === `volatile.${name}.host_name` || key === `volatile.${name}.name`),
    ),
  );

/** What of a device the container has: its options in an order of their own, without those of the user. */
const sorted = (device: Device | undefined) =>
  device === undefined
    ? undefined
    : Object.entries(device)
        .filter(([option]) => !option.startsWith("user."))
        .sort(([a], [b]) => (a < b ? -1 : 1));
