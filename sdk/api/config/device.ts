/** Device types and their options; every option here has an effect. */
import { isIPv4 } from "node:net";
import path from "node:path";
import type { Device, Devices } from "../common";
import { lxdDevices, lxdNicTypes } from "./lxd-words";
import { didYouMean } from "./near";
import type { ValueType } from "./table";
import { bool, hwaddr, integer, isFalse, isTrue, oneLine, oneOfLxd } from "./values";

interface OptionRow {
  readonly type: ValueType;
  readonly required?: boolean;
}

const absolutePath: ValueType = (value) => (path.isAbsolute(value) ? oneLine(value) : "it must be an absolute path");

/** Where a disk is seen inside, as LXD takes it: from the root on, with or without the slash. Other spellings of / would cover the root itself. */
const innerPath: ValueType = (value) =>
  value !== "/" && path.posix.normalize(`/${value}`) === "/" ? 'it must be "/" or a path below it' : oneLine(value);

/** No "%" either: the kernel takes it for a pattern of names. */
const interfaceName: ValueType = (value) =>
  /^[a-zA-Z0-9_.][a-zA-Z0-9_.-]{0,14}$/.test(value) && value !== "." && value !== ".." && value !== "lo"
    ? undefined
    : "it must be an interface name: at most 15 letters, digits, dots, dashes and underscores";

/** A name inside the container; LXD takes none of one letter. */
const innerInterfaceName: ValueType = (value) =>
  value.length < 2 ? "it must be at least 2 characters long" : interfaceName(value);

/** LXD's bounds: less carries no IPv6, more no Ethernet. */
export const mtu: ValueType = (value) => (value.startsWith("+") ? "it must be digits only" : mtuRange(value));
const mtuRange = integer(1280, 16384);

const ipv4: ValueType = (value) => (isIPv4(value) ? undefined : "it must be an IPv4 address");

export const deviceTypes: Readonly<Record<string, Readonly<Record<string, OptionRow>>>> = {
  none: {},
  disk: {
    path: { type: innerPath, required: true },
    pool: { type: oneLine },
    source: { type: absolutePath },
    readonly: { type: bool },
    optional: { type: bool },
    recursive: { type: bool },
    required: { type: bool },
    shift: { type: bool },
  },
  nic: {
    nictype: { type: oneOfLxd(lxdNicTypes, "bridged", "p2p") },
    network: { type: oneLine },
    parent: { type: interfaceName },
    name: { type: innerInterfaceName },
    hwaddr: { type: hwaddr },
    mtu: { type: mtu },
    host_name: { type: interfaceName },
    "ipv4.address": { type: ipv4 },
  },
};

/** Whether a disk may be missing on the host; LXD's older word for it is "optional". */
export const mayBeMissing = ({ required, optional }: Device): boolean => isFalse(required) || isTrue(optional);

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
  const hint = didYouMean(option, ["type", ...Object.keys(deviceTypes[type] ?? {})]);
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
  const type = device.type ?? "";
  const options = Object.hasOwn(deviceTypes, type) ? deviceTypes[type] : undefined;
  if (options === undefined)
    return [
      {
        device: name,
        option: "type",
        message: `Unsupported device type ${JSON.stringify(type)} of device "${name}".${typeHint(type)} Supported are ${Object.keys(deviceTypes).join(", ")}.`,
      },
    ];
  const issues: DeviceIssue[] = [];
  const add = (option: string, message: string) =>
    issues.push({ device: name, option, message: `Invalid device "${name}": ${message}` });
  for (const [option, value] of Object.entries(device)) {
    if (option === "type" || value === "" || option.startsWith("user.")) continue;
    const row = Object.hasOwn(options, option) ? options[option] : undefined;
    const reason = row?.type(value);
    if (row === undefined)
      add(option, `Unknown option ${JSON.stringify(option)} of a ${type} device${optionHint(type, option)}`);
    else if (reason !== undefined) add(option, `${option}: ${reason}`);
  }
  for (const [option, row] of Object.entries(options))
    if (row.required && !device[option]) add(option, `a ${type} device needs the option "${option}"`);
  if (type === "nic" && device.network && (device.nictype || device.parent))
    add("network", `"network" cannot be combined with "nictype" or "parent"`);
  if (type === "nic" && !device.network && !device.nictype) add("network", `a nic needs "network" or "nictype"`);
  if (type === "nic" && device.nictype === "p2p" && device["ipv4.address"])
    add("ipv4.address", `Invalid device option "ipv4.address": a nic without a network has none`);
  if (type === "nic" && device.nictype === "bridged" && !device.parent) add("parent", `a bridged nic needs "parent"`);
  if (type === "disk" && device.path === "/" && !device.pool) add("pool", `the root disk needs "pool"`);
  if (type === "disk" && device.path === "/" && device.source) add("source", `the root disk has no "source"`);
  if (type === "disk" && device.path !== "/" && device.pool)
    add("pool", `volumes of a pool cannot be attached yet; only the root disk has "pool"`);
  if (type === "disk" && device.path && device.path !== "/" && !device.source) add("source", `a disk needs "source"`);
  return issues;
}

export const checkDevices = (devices: Devices): DeviceIssue[] =>
  Object.entries(devices).flatMap(([name, device]) => checkDevice(name, device));
