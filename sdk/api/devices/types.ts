/** The types of devices that there are. */
import { disk } from "./disk";
import { nic } from "./nic";
import { none } from "./none";
import { proxy } from "./proxy";
import type { DeviceType } from "./type";
import { unixBlock } from "./unix-block";
import { unixChar } from "./unix-char";

const types = { none, disk, nic, proxy, "unix-block": unixBlock, "unix-char": unixChar } satisfies Record<
  string,
  DeviceType
>;

export type DeviceTypeName = keyof typeof types;

export const deviceTypes: Readonly<Record<string, DeviceType>> = types;
