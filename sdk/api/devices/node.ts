/** Nodes: who may use the device nodes that a container gets, of whatever type of device. */
import type { Device } from "../common";
import { readerOf } from "../config/reader";
import type { Row } from "../config/table";
import { octalMode, text, unixId } from "../config/values";

const since = "0.1.0";

export const nodeOptions = {
  uid: {
    type: unixId,
    default: "0",
    applies: "now",
    since,
    example: "1000",
    doc: "User in the container that the node belongs to.",
  },
  gid: {
    type: unixId,
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
} as const satisfies Readonly<Record<string, Row>>;

const read = readerOf(nodeOptions);

export interface NodeOwner {
  /** Ids of the container. */
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** To whom the nodes of a device belong in the container. */
export function nodeOwner(device: Device): NodeOwner {
  const options = read(device);
  return { uid: options.get("uid"), gid: options.get("gid"), mode: options.get("mode") };
}

/** Number of a vendor or product, as the buses of USB and PCI have them. */
export const hardwareId = text("four hexadecimal digits", (value) =>
  /^[0-9a-f]{4}$/.test(value)
    ? undefined
    : "Invalid value, must be four lower case hex characters, such as 0bda; lsusb and lspci -nn tell them",
);
