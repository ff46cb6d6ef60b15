/** The types of devices that there are. */
import { disk } from "./disk";
import { nic } from "./nic";
import { none } from "./none";
import type { DeviceType } from "./type";

export const deviceTypes: Readonly<Record<string, DeviceType>> = { none, disk, nic };
