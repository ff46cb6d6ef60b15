/** Unix devices: what device nodes of both kinds have in common (unix-char, unix-block). */
import nodePath from "node:path";
import type { Device } from "../common";
import { readerOf } from "../config/reader";
import type { Row } from "../config/table";
import { absolutePath, bool, integer, octalMode, text } from "../config/values";
import { commonOptions, type DeviceType, type OptionIssue } from "./type";

/** What the kernel's dev_t holds (makedev(3)). */
const major = integer(0, 0xfff);
const minor = integer(0, 0xfffff);
/** Ids end below the one that means "none" (credentials(7)). */
const ownerId = integer(0, 2 ** 32 - 2);

/** A path of the host's /dev, spelled without detours: LXD takes no other. */
const hostNode = text("path below /dev", (value) =>
  value.startsWith("/dev/") && nodePath.posix.normalize(value) === value && !value.endsWith("/")
    ? absolutePath.check(value)
    : 'it must be a path below "/dev" on the host',
);

/** Where the node is inside: any path but the root itself. */
const innerNode = text("path", (value) =>
  /[^/.]/.test(value) ? absolutePath.check(value) : "it must be the path of a file in the container",
);

const since = "0.1.0";
const extension = "unix_device_rename";

const options = {
  source: {
    type: hostNode,
    unset: "`path`",
    applies: "now",
    since,
    extension,
    example: "/dev/ttyUSB0",
    doc: "Device node of the host. One of `source` and `path` must be there.",
  },
  path: {
    type: innerNode,
    unset: "`source`",
    applies: "now",
    since,
    example: "/dev/ttyS0",
    doc: "Where the node is in the container.",
  },
  major: {
    type: major,
    unset: "that of the host's node",
    applies: "now",
    since,
    example: "10",
    doc: "Major number of the device. With `minor` no node of the host is needed.",
  },
  minor: {
    type: minor,
    unset: "that of the host's node",
    applies: "now",
    since,
    example: "229",
    doc: "Minor number of the device.",
  },
  uid: {
    type: ownerId,
    default: "0",
    applies: "now",
    since,
    example: "1000",
    doc: "User in the container that the node belongs to.",
  },
  gid: {
    type: ownerId,
    default: "0",
    applies: "now",
    since,
    example: "20",
    doc: "Group in the container that the node belongs to.",
  },
  mode: {
    type: octalMode,
    default: "0660",
    applies: "now",
    since,
    example: "0666",
    doc: "Permissions of the node, in octal digits.",
  },
  required: {
    type: bool,
    default: "true",
    applies: "now",
    since,
    extension: "unix_device_hotplug",
    example: "false",
    doc: "Whether the container cannot start without the device. If it need not be there, the container gets it when it comes, and loses it when it goes.",
  },
  ...commonOptions,
} as const satisfies Readonly<Record<string, Row>>;

/** Reads the options of a device node. */
export const unixOptions = readerOf(options);

function rules({ source, path, major, minor }: Device): OptionIssue[] {
  const issues: OptionIssue[] = [];
  const add = (option: string, message: string) => issues.push({ option, message });
  if (!source && !path) add("source", `Unix device entry is missing the required "source" or "path" property`);
  if (!major !== !minor) add(major ? "minor" : "major", `"major" and "minor" must be given together`);
  return issues;
}

/** A type of device nodes. @param doc what the device is */
export const unixType = (doc: string): DeviceType => ({
  doc,
  options,
  rules,
  volatile: { kept: ["node"] },
});
