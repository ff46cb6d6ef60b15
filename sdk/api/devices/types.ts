/** The types of devices that there are. */
import { disk } from "./disk";
import { gpu } from "./gpu";
import { infiniband } from "./infiniband";
import { nic } from "./nic";
import { none } from "./none";
import { proxy } from "./proxy";
import { tpm } from "./tpm";
import type { DeviceType } from "./type";
import { unixBlock } from "./unix-block";
import { unixChar } from "./unix-char";
import { unixHotplug } from "./unix-hotplug";
import { usb } from "./usb";

const types = {
  none,
  disk,
  gpu,
  infiniband,
  nic,
  proxy,
  tpm,
  "unix-block": unixBlock,
  "unix-char": unixChar,
  "unix-hotplug": unixHotplug,
  usb,
} satisfies Record<string, DeviceType>;

export type DeviceTypeName = keyof typeof types;

export const deviceTypes: Readonly<Record<string, DeviceType>> = types;
