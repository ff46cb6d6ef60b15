/** The storage drivers by name. */
import type { StorageDriver } from "../driver";
import { btrfs } from "./btrfs";
import { dir } from "./dir";
import { lvm } from "./lvm";
import { overlayWithCustom } from "./overlay-custom";
import { zfs } from "./zfs";

export const drivers: Readonly<Record<string, StorageDriver>> = { btrfs, dir, lvm, overlay: overlayWithCustom, zfs };
