/** Unix devices: device nodes of the host that a container may use, of both kinds (unix-char, unix-block). */
import { statSync } from "node:fs";
import type { Device } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { unixOptions } from "../../../../sdk/api/devices/unix";
import { badRequest } from "../../../../sdk/api/errors";
import type { CheckFacts, DeviceDriver, Facts, NamedDevice, PlanFacts } from "./driver";
import type { DevicePlan } from "./step";

/** Kinds of nodes, by the letter that devices.allow has for them. */
const words = { c: "character", b: "block" } as const;
type Letter = keyof typeof words;

const innerPathOf = (options: Device): string => {
  const unix = unixOptions(options);
  return unix.get("path") ?? unix.get("source") ?? "";
};

/** Path of the host's node; nothing for a device that has numbers of its own. */
export const hostNodeOf = (options: Device): string | undefined => {
  const unix = unixOptions(options);
  return unix.has("major") ? undefined : (unix.get("source") ?? unix.get("path"));
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
  return { node: `${letter} ${majorOf(found.rdev)}:${minorOf(found.rdev)}` };
}

function nodeNow(letter: Letter, options: Device): string | undefined {
  const found = findNode(letter, options);
  return "node" in found ? found.node : undefined;
}

/** The numbers in a dev_t (makedev(3)), which are no more than 44 bits here. */
const majorOf = (rdev: number): number => ((rdev >>> 8) & 0xfff) | (Math.floor(rdev / 2 ** 32) & 0xfffff000);
const minorOf = (rdev: number): number => (rdev & 0xff) | ((rdev >>> 12) & 0xfff00);

const requireNode = (letter: Letter, [device, options]: NamedDevice, when: string): void => {
  const found = findNode(letter, options);
  if ("cause" in found && unixOptions(options).get("required"))
    throw badRequest(`Failed ${when} validation for device "${device}": ${found.cause}. Correct the device.`);
};

function planNode(letter: Letter, { owner, isAnew }: PlanFacts, [device, options]: NamedDevice): DevicePlan {
  const unix = unixOptions(options);
  const key = `volatile.${device}.node` as const;
  const node = isAnew(device) ? nodeNow(letter, options) : instanceConfig(owner.config).get(key);
  if (node === undefined) return { device, steps: [] };
  const [type = "", major = "", minor = ""] = node.split(/[ :]/);
  const place = innerPathOf(options);
  const mode = (unix.get("mode") ?? 0).toString(8);
  return {
    device,
    place,
    rules: [`${node} rwm`],
    kept: { [key]: node },
    steps: [
      {
        by: "cell",
        op: ["node", type, major, minor, mode, String(unix.get("uid")), String(unix.get("gid")), place],
        undo: ["unnode", place],
      },
    ],
  };
}

/** @param letter which kind of nodes */
export const unixDriver = (letter: Letter): DeviceDriver => ({
  place: innerPathOf,
  check: ({ devices, isNew }: CheckFacts) => {
    for (const named of devices) if (isNew(named[0])) requireNode(letter, named, "add");
  },
  checkStart: ({ devices }: Facts) => {
    for (const named of devices) requireNode(letter, named, "start");
  },
  awaited: (options) => (unixOptions(options).get("required") ? [] : [hostNodeOf(options) ?? []].flat()),
  plan: (facts) => facts.devices.map((named) => planNode(letter, facts, named)),
});
