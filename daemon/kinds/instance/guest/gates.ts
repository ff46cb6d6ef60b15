/** Gates: each container's way to the daemon, /dev/lxd/sock inside, as security.devlxd says. Whatever fails of it keeps no container from anything. */
import { chmodSync } from "node:fs";
import path from "node:path";
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { ownFolder } from "../../../platform/folders/aside";
import type { Dirs } from "../../../platform/folders/dirs";
import type { GuestGate, IdRange, Op, RunningCell } from "../../../platform/native/index";
import type { Platform } from "../../../platform/platform";
import { madeForContainers } from "../../../platform/selinux/labels";
import { type InstanceId, keyOf } from "../record";

/** LXD's place, and that of Incus. */
const innerFolders = ["/dev/lxd", "/dev/incus"];

const folderOf = (dirs: Dirs, instance: InstanceId): string => path.join(dirs.cell(keyOf(instance)), "guest");
const socketOf = (dirs: Dirs, instance: InstanceId): string => path.join(folderOf(dirs, instance), "sock");

/** The operations by which a container sees the folder of its gate; the socket in it comes and goes. */
export const gateOps = (dirs: Dirs, instance: InstanceId): Op[] =>
  innerFolders.map((inner): Op => ["bind", folderOf(dirs, instance), inner, "dir,ro,nodev,nosuid,noexec"]);

const isWanted = (config: Config): boolean => instanceConfig(config).get("security.devlxd");

export class GuestGates {
  constructor(private readonly home: Pick<Platform, "dirs" | "log" | "native">) {}

  /** Makes the folder that the container will see. */
  makeFolder(instance: InstanceId): void {
    const folder = folderOf(this.home.dirs, instance);
    madeForContainers(() => ownFolder(this.home.log, folder, 0o755));
    // The guest passes it, and the daemon's umask would shut it out.
    chmodSync(folder, 0o755);
  }

  /** Opens the gate of a container that is about to start. @param config expanded @returns nothing when it has none; to be told the container, or given up */
  async open(instance: InstanceId, config: Config, ids: IdRange | undefined): Promise<GuestGate | undefined> {
    if (!isWanted(config)) return undefined;
    const { dirs, log, native } = this.home;
    try {
      return await native.openGuestGate(ids, socketOf(dirs, instance), dirs.guestSocket, keyOf(instance));
    } catch (error) {
      log.warning("Cannot open a container's way to the daemon; it has no /dev/lxd/sock", {
        name: instance.name,
        error,
      });
      return undefined;
    }
  }

  /** @param gate of open() */
  async guard(instance: InstanceId, gate: GuestGate | undefined, cell: RunningCell): Promise<void> {
    try {
      await gate?.guard(cell);
    } catch (error) {
      this.home.log.warning("Cannot keep a container's way to the daemon open", { name: instance.name, error });
    }
  }

  /** Brings the gate of a running container in line: of one whose configuration changed, or that an earlier daemon started. */
  async follow(instance: InstanceId, config: Config, ids: IdRange | undefined, cell: RunningCell): Promise<void> {
    const { dirs, log, native } = this.home;
    const socket = socketOf(dirs, instance);
    try {
      const isThere = await native.hasProxy(socket);
      if (isThere === isWanted(config)) return;
      if (isThere) await native.endProxy(socket);
      else {
        this.makeFolder(instance);
        await this.guard(instance, await this.open(instance, config, ids), cell);
      }
    } catch (error) {
      log.warning("Cannot bring a container's way to the daemon in line", { name: instance.name, error });
    }
  }
}
