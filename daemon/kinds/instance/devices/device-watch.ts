/**
 * Device watch: devices that need not be there (a node with `required: "false"`, what is on USB) come to a running container when the host gets them, and go
 * with them. Folders are watched, since what is not there yet cannot be (inotify(7)).
 */
import { type FSWatcher, watch } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Devices } from "../../../../sdk/api/common";
import { isThere } from "../../../platform/folders/files";
import type { Log } from "../../../platform/log";
import { type InstanceId, keyOf } from "../record";
import { watchedFolders } from "./devices";

/** A node gets its owner and mode just after it is made, and several come at once. */
const settleMs = 50;

interface Watched {
  readonly instance: InstanceId;
  /** With those of its profiles. */
  readonly devices: Devices;
}

/** Asked anew each time: a bus that comes is a folder more. */
const foldersOf = (devices: Devices): string[] => watchedFolders(devices).flatMap(({ folders }) => folders);

export class DeviceWatch {
  readonly #watched = new Map<string, Watched>();
  /** By folder. */
  readonly #folders = new Map<string, FSWatcher>();
  #isClosed = false;
  #isLooking = false;

  /** @param look brings a running instance's devices in line with the host. Never rejects */
  constructor(
    private readonly log: Log,
    private readonly look: (instance: InstanceId, isDoubtful?: boolean) => Promise<void>,
  ) {}

  /**
   * From now on the devices of a running instance follow the host. Never rejects.
   * @param devices with those of its profiles @param isDoubtful whether what is noted of them may not be what the container has
   */
  async follow(instance: InstanceId, devices: Devices, isDoubtful = false): Promise<void> {
    if (foldersOf(devices).length === 0) return this.forget(instance);
    this.#watched.set(keyOf(instance), { instance, devices });
    await this.#settle();
    // One may have come or gone since the container was given its devices.
    await this.look(instance, isDoubtful);
  }

  forget(instance: InstanceId): void {
    if (this.#watched.delete(keyOf(instance))) void this.#settle();
  }

  /** Ends all watches. */
  close(): void {
    this.#isClosed = true;
    for (const watcher of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  /** Watches those folders that matter, and no others. Never rejects. */
  async #settle(): Promise<void> {
    const folders = [...this.#watched.values()].flatMap(({ devices }) => foldersOf(devices));
    const wanted = new Set(await Promise.all([...new Set(folders)].map(nearestFolder)));
    if (this.#isClosed) return;
    for (const [folder, watcher] of this.#folders)
      if (!wanted.has(folder)) {
        watcher.close();
        this.#folders.delete(folder);
      }
    for (const folder of wanted) if (!this.#folders.has(folder)) this.#watchFolder(folder);
  }

  #watchFolder(folder: string): void {
    try {
      const end = () => {
        watcher.close();
        if (this.#folders.get(folder) === watcher) this.#folders.delete(folder);
        void this.#lookSoon();
      };
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        // Of the folder itself, which may have gone: one of the same name that comes at once is another (IN_DELETE_SELF).
        if (name === path.basename(folder)) end();
        else void this.#lookSoon();
      });
      // A nearer one above it is watched then.
      watcher.on("error", end);
      this.#folders.set(folder, watcher);
    } catch (error) {
      this.log.warning("Cannot watch for devices of the host", { folder, error });
    }
  }

  async #lookSoon(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    await delay(settleMs);
    this.#isLooking = false;
    await this.#settle();
    if (this.#isClosed) return;
    await Promise.all([...this.#watched.values()].map(({ instance }) => this.look(instance)));
  }
}

/** The folder, or the nearest above that is there. */
async function nearestFolder(wanted: string): Promise<string> {
  let folder = wanted;
  while (folder !== "/" && !(await isThere(folder))) folder = path.dirname(folder);
  return folder;
}
