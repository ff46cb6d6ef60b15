/** Unix devices: device nodes of the host that a container may use, of both kinds (unix-char, unix-block). */
import { statSync } from "node:fs";
import path from "node:path";
import type { Device } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { nodeOwner } from "../../../../sdk/api/devices/node";
import { unixOptions } from "../../../../sdk/api/devices/unix";
import { badRequest } from "../../../../sdk/api/errors";
import { majorOf, minorOf } from "../../../platform/hardware/host-node";
import type { DeviceDriver, Facts, NamedDevice, PlanFacts } from "./driver";
import { planOfNodes } from "./nodes";
import type { DevicePlan } from "./step";

/** Kinds of nodes, by the letter that devices.allow has for them. */
const words = { c: "character", b: "block" } as const;
type Letter = keyof typeof words;

const innerPathOf = (options: Device): string => {
  const unix = unixOptions(options);
  return path.posix.normalize(`/${unix.get("path") ?? unix.get("source") ?? ""}`);
};

/** The folder of the host's node, with which a device comes and goes. */
function watched(options: Device): string[] {
  const file = hostNodeOf(options);
  return unixOptions(options).get("required") || file === undefined ? [] : [path.dirname(file)];
}

/** Path of the host's node; nothing for a device that has both numbers of its own. */
const hostNodeOf = (options: Device): string | undefined => {
  const unix = unixOptions(options);
  return unix.has("major") && unix.has("minor")
    ? undefined
    : path.resolve("/", unix.get("source") ?? unix.get("path") ?? "");
};

/** @returns such as "c 10:229", or why there is none */
function findNode(letter: Letter, options: Device): { readonly node: string } | { readonly cause: string } {
  const unix = unixOptions(options);
  const file = hostNodeOf(options);
  if (file === undefined) return { node: `${letter} ${unix.get("major")}:${unix.get("minor")}` };
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined)
    return {
      cause: `The required device path doesn't exist and the major and minor settings are not specified: "${file}"`,
    };
  if (!(letter === "c" ? found.isCharacterDevice() : found.isBlockDevice()))
    return { cause: `Path specified is not a ${words[letter]} device: "${file}"` };
  return { node: `${letter} ${unix.get("major") ?? majorOf(found.rdev)}:${unix.get("minor") ?? minorOf(found.rdev)}` };
}

/** @returns nothing for one that need not be there and is not @throws ApiError BAD_REQUEST */
function nodeNow(letter: Letter, [device, options]: NamedDevice): string | undefined {
  const found = findNode(letter, options);
  if ("node" in found) return found.node;
  if (!unixOptions(options).get("required")) return undefined;
  throw badRequest(`Failed start validation for device "${device}": ${found.cause}. Correct the device.`);
}

function planNode(letter: Letter, { owner, isAnew }: PlanFacts, named: NamedDevice): DevicePlan {
  const [device, options] = named;
  const key = `volatile.${device}.node` as const;
  const node = isAnew(device) ? nodeNow(letter, named) : instanceConfig(owner.config).get(key);
  const nodes = node === undefined ? [] : [{ node, place: innerPathOf(options) }];
  return planOfNodes(device, nodes, nodeOwner(options), { [key]: node ?? "" });
}

/** @param letter which kind of nodes */
export const unixDriver = (letter: Letter): DeviceDriver => ({
  places: (options) => [innerPathOf(options)],
  // As in LXD, it counts when the container gets it: what is stored may wait for its device.
  checkStart: ({ devices }: Facts) => {
    for (const named of devices) nodeNow(letter, named);
  },
  watched,
  plan: (facts) => facts.devices.map((named) => planNode(letter, facts, named)),
});
