/** Check of devices: names, types, options and what holds together; every option has an effect. */
import path from "node:path";
import type { Device, Devices } from "../common";
import { lxdDevices } from "../config/lxd-words";
import { didYouMean } from "../config/near";
import { findRow } from "../config/table";
import { deviceTypes } from "./types";

export interface DeviceIssue {
  readonly device: string;
  readonly option?: string;
  readonly message: string;
}

function typeHint(type: string): string {
  if (Object.hasOwn(lxdDevices, type)) return " It is a type of LXD that this version does not have yet.";
  return didYouMean(type, Object.keys(deviceTypes));
}

function optionHint(type: string, option: string): string {
  if (lxdDevices[type]?.includes(option)) return ". It is an option of LXD that this version does not have yet";
  const names = Object.keys(deviceTypes[type]?.options ?? {}).filter((name) => !name.includes("*"));
  const hint = didYouMean(option, ["type", ...names]);
  return hint === "" ? "" : `.${hint}`;
}

/** Checks one device's type, options and their combination. */
export function checkDevice(name: string, device: Device): DeviceIssue[] {
  if (!/^[a-zA-Z0-9_:/-][a-zA-Z0-9_.:/-]{0,62}$/.test(name))
    return [
      {
        device: name,
        message: `Invalid device name ${JSON.stringify(name)}: it must hold at most 63 letters, digits, dots, dashes, underscores, colons and slashes, and not begin with a dot`,
      },
    ];
  const typeName = device.type ?? "";
  const type = Object.hasOwn(deviceTypes, typeName) ? deviceTypes[typeName] : undefined;
  if (type === undefined)
    return [
      {
        device: name,
        option: "type",
        message: `Unsupported device type ${JSON.stringify(typeName)} of device "${name}".${typeHint(typeName)} Supported are ${Object.keys(deviceTypes).join(", ")}.`,
      },
    ];
  const issues: DeviceIssue[] = [];
  const add = (option: string, message: string) =>
    issues.push({ device: name, option, message: `Invalid device "${name}": ${message}` });
  for (const [option, value] of Object.entries(device)) {
    if (option === "type" || value === "") continue;
    const row = findRow(type.options, option);
    const reason = row?.type.check(value);
    if (row === undefined)
      add(option, `Unknown option ${JSON.stringify(option)} of a ${typeName} device${optionHint(typeName, option)}`);
    else if (reason !== undefined) add(option, `${option}: ${reason}`);
  }
  for (const [option, row] of Object.entries(type.options))
    if (row.required && !device[option]) add(option, `a ${typeName} device needs the option "${option}"`);
  for (const { option, message } of type.rules(device)) add(option, message);
  return issues;
}

/** Checks each device, and that no two disks are at one path. */
export const checkDevices = (devices: Devices): DeviceIssue[] => [
  ...Object.entries(devices).flatMap(([name, device]) => checkDevice(name, device)),
  ...sharedPaths(devices),
];

function sharedPaths(devices: Devices): DeviceIssue[] {
  const first = new Map<string, string>();
  const issues: DeviceIssue[] = [];
  for (const [device, { type, path: place }] of Object.entries(devices)) {
    if (type !== "disk" || !place) continue;
    const inside = path.posix.normalize(`/${place}/`);
    const other = first.get(inside);
    if (other === undefined) first.set(inside, device);
    else
      issues.push({
        device,
        option: "path",
        message: `Invalid device "${device}": the disk "${other}" has the path "${place}" too. Use another.`,
      });
  }
  return issues;
}
