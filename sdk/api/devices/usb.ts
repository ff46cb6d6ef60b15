/** Device usb: USB devices of the host, which come to the container and go with the host's. */
import { readerOf } from "../config/reader";
import type { Row } from "../config/table";
import { bool } from "../config/values";
import { hardwareId, nodeOptions } from "./node";
import { commonOptions, type DeviceType } from "./type";

const since = "0.1.0";

const options = {
  vendorid: {
    type: hardwareId,
    unset: "any",
    applies: "now",
    since,
    extension: "usb_optional_vendorid",
    example: "0bda",
    doc: "Number of the vendor of the devices.",
  },
  productid: {
    type: hardwareId,
    unset: "any",
    applies: "now",
    since,
    extension: "usb_devices",
    example: "2832",
    doc: "Number of the product that the devices are.",
  },
  ...nodeOptions,
  required: {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension: "usb_devices",
    example: "true",
    doc: "Whether the container cannot start while no such device is there. Whatever it says, devices come to a running container and go with the host's.",
  },
  ...commonOptions,
} as const satisfies Readonly<Record<string, Row>>;

/** Reads the options of a USB device. */
export const usbOptions = readerOf(options);

export const usb: DeviceType = {
  doc: "USB devices of the host that programs in the container speak to by themselves (libusb), in /dev/bus/usb: all of them, or those of a vendor or product. What a driver of the host's makes of them, such as /dev/ttyUSB0, is a device `unix-hotplug` or `unix-char`.",
  options,
  rules: () => [],
  volatile: { kept: ["nodes"] },
};
