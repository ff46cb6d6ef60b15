/** Device unix-hotplug: nodes that the host's drivers make for a USB device, which come to the container and go with it. */
import type { Device } from "../common";
import { readerOf } from "../config/reader";
import type { Row } from "../config/table";
import { bool } from "../config/values";
import { hardwareId, nodeOptions } from "./node";
import { commonOptions, type DeviceType, type OptionIssue } from "./type";

const since = "0.1.0";

const options = {
  vendorid: {
    type: hardwareId,
    unset: "any",
    applies: "now",
    since,
    extension: "unix_hotplug_devices",
    example: "0403",
    doc: "Number of the vendor of the USB device. One of `vendorid` and `productid` must be there.",
  },
  productid: {
    type: hardwareId,
    unset: "any",
    applies: "now",
    since,
    extension: "unix_hotplug_devices",
    example: "6001",
    doc: "Number of the product that the USB device is.",
  },
  ...nodeOptions,
  required: {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension: "unix_hotplug_devices",
    example: "true",
    doc: "Whether the container cannot start while no such device is there. Whatever it says, devices come to a running container and go with the host's.",
  },
  ...commonOptions,
} as const satisfies Readonly<Record<string, Row>>;

/** Reads the options of nodes that come and go. */
export const unixHotplugOptions = readerOf(options);

const rules = ({ vendorid, productid }: Device): OptionIssue[] =>
  vendorid || productid
    ? []
    : [{ option: "vendorid", message: "Unix hotplug devices require a vendorid or a productid" }];

export const unixHotplug: DeviceType = {
  doc: "Nodes that drivers of the host make for a USB device, such as /dev/ttyUSB0 or /dev/sda: character and block devices alike, at the same place in the container.",
  options,
  rules,
  volatile: { kept: ["nodes"] },
};
