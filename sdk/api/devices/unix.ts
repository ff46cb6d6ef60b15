/** Unix devices: what device nodes of both kinds have in common (unix-char, unix-block). */
import nodePath from "node:path";
import type { Device } from "../common";
import { readerOf } from "../config/reader";
import type { Row } from "../config/table";
import { absolutePath, bool, integer, oneLine, text } from "../config/values";
import { nodeOptions } from "./node";
import { commonOptions, type DeviceType, type OptionIssue } from "./type";

/** What the kernel's dev_t holds (makedev(3)). */
const major = integer(0, 0xfff);
const minor = integer(0, 0xfffff);

/** A path of the host's /dev: LXD takes no other. */
const hostNode = text("path below /dev", (value) =>
  /^\/dev\/./.test(nodePath.posix.normalize(value))
    ? absolutePath.check(value)
    : 'it must be below "/dev" on the host: Path needs to be in /dev',
);

/** Where the node is inside, with or without the first slash, as LXD takes it: any path but the root itself. */
export const innerNode = text("path", (value) =>
  nodePath.posix.normalize(`/${value}`) === "/"
    ? "it must be the path of a file in the container"
    : oneLine.check(value),
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
  ...nodeOptions,
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

const rules = ({ source, path }: Device): OptionIssue[] =>
  source || path
    ? []
    : [{ option: "source", message: `Unix device entry is missing the required "source" or "path" property` }];

/** A type of device nodes. @param doc what the device is */
export const unixType = (doc: string): DeviceType => ({
  doc,
  options,
  rules,
  volatile: { kept: ["node"] },
});
