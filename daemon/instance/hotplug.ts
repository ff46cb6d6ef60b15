/** Hotplug: nics and disks of a running instance follow its changed devices. */
import type { Config, Device, Devices } from "../../sdk/api/common";
import type { Op } from "../native/index";
import { hostNames, type Nic, nicOps, planNics, withHwaddrs } from "./nics";
import { diskOps } from "./spec/filesystems";

export interface Hotplug {
  /** What to do; empty when no device changed. */
  readonly ops: readonly Op[];
  /** Takes back the additions, for when one of them fails. */
  readonly undo: readonly Op[];
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
  const unplug = removedNics.flatMap((name): Op[] => {
    const hostName = own[`volatile.${name}.host_name`];
    return hostName === undefined ? [] : [["unplug-nic", hostName]];
  });
  const addedDisks = diskOps(come);
  return {
    ops: [...unplug, ...unbindOps(gone.map((name) => was[name])), ...nicOps(addedNics), ...addedDisks],
    undo: [
      ...addedNics.map((nic): Op => ["unplug-nic", nic.hostName]),
      ...addedDisks.map(([, , innerPath]): Op => ["unbind", innerPath ?? ""]).reverse(),
    ],
    addedNics,
    removedNics: removedNics.map((device) => ({ device, network: was[device]?.network })),
    config: { ...config, ...hostNames(addedNics) },
  };
}

/** The deeper paths first, since one mount may lie in another. */
const unbindOps = (devices: readonly (Device | undefined)[]): Op[] =>
  devices
    .filter((device) => device?.type === "disk" && device.path !== "/")
    .map((device) => device?.path ?? "")
    .sort((a, b) => b.length - a.length)
    .map((path): Op => ["unbind", path]);

const withoutNics = (config: Config, names: readonly string[]): Config =>
  Object.fromEntries(
    Object.entries(config).filter(
      ([key]) => !names.some((name) => key === `volatile.${name}.host_name` || key === `volatile.${name}.name`),
    ),
  );

const sorted = (device: Device | undefined) =>
  device === undefined ? undefined : Object.entries(device).sort(([a], [b]) => (a < b ? -1 : 1));
