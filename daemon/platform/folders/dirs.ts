/** Dirs: every path below the state folder, in LXD's layout (docs/lxd-api.md, State folder). */
import { createHash } from "node:crypto";
import { accessSync, chmodSync, constants, mkdirSync, statSync } from "node:fs";
import path from "node:path";
import { internal, unavailable } from "../../../sdk/api/errors";
import type { Log } from "../log";
import { ownFolder } from "./aside";
import { fileNameOf } from "./file-name";
import { isReadonly } from "./files";

export class Dirs {
  constructor(readonly root: string) {}

  readonly #at = (...parts: string[]) => path.join(this.root, ...parts);

  /** Where images and backups are instead of in the state folder. */
  readonly #homes = new Map<"images" | "backups", string>();

  /** @param folder undefined for the state folder again */
  setHome(what: "images" | "backups", folder: string | undefined): void {
    if (folder === undefined) this.#homes.delete(what);
    else this.#homes.set(what, folder);
  }

  /** Where they are as long as nobody says otherwise. */
  stateFolder(what: "images" | "backups"): string {
    return this.#at(what);
  }

  readonly #in = (what: "images" | "backups", ...parts: string[]) =>
    path.join(this.#homes.get(what) ?? this.#at(what), ...parts);

  get socket(): string {
    return this.#at("unix.socket");
  }

  /** Where bothy-cell hands on what containers ask. */
  get guestSocket(): string {
    return this.#at("guest.socket");
  }

  /** Where a spawner in the host's network listens, for the daemon of an ordinary user, which has a network of its own. */
  get outerSpawner(): string {
    return this.#at("outer.socket");
  }

  /** Where sockets are while the file system of the state folder takes none. */
  get run(): string {
    return `/run/bothy-${createHash("sha256").update(this.root).digest("hex").slice(0, 8)}`;
  }

  get databaseFolder(): string {
    return this.#at("database");
  }

  get database(): string {
    return this.#at("database", "bothy.db");
  }

  get databaseCopies(): string {
    return this.#at("database", "copies");
  }

  /** Folder of the sockets between the daemon and its bothy-cells. */
  get cells(): string {
    return this.#at("cells");
  }

  /** Run files of one container: the supervisor's sock and exit. */
  cell(instance: string): string {
    return this.#at("cells", instance);
  }

  /** Folder of the daemon's lxcfs, made when it is first used. */
  get lxcfs(): string {
    return this.#at("lxcfs");
  }

  pool(name: string): string {
    return this.#at("storage-pools", fileNameOf(name));
  }

  get disks(): string {
    return this.#at("disks");
  }

  /** Stored image files, named by fingerprint. */
  get images(): string {
    return this.#in("images");
  }

  get networks(): string {
    return this.#at("networks");
  }

  network(name: string): string {
    return this.#at("networks", name);
  }

  logs(instance: string): string {
    return this.#at("logs", instance);
  }

  /** Folder of what emulated TPMs of an instance keep. @param id the instance's volatile.uuid */
  tpms(id: string): string {
    return this.#at("tpm", id);
  }

  /** Folder of an instance's backups. @param instance its name on the host */
  backups(instance: string): string {
    return this.#in("backups", "instances", instance);
  }

  /** Folder of the backups of a custom volume. @param volume its name on the host */
  volumeBackups(pool: string, volume: string): string {
    return this.#in("backups", "custom", fileNameOf(pool), fileNameOf(volume));
  }
  /** Links that scripts follow: containers/N to the pool's folder. */
  containerLink(instance: string): string {
    return this.#at("containers", instance);
  }

  snapshotsLink(instance: string): string {
    return this.#at("snapshots", instance);
  }

  /** Profiles of AppArmor as text, those of containers and those that containers share, or what the parser has made of them. */
  appArmor(what: "profiles" | "shared" | "cache"): string {
    return this.#at("apparmor", what);
  }

  /** What of the kernel's AppArmor a profile judges that leaves networks alone. */
  get appArmorFeatures(): string {
    return this.#at("apparmor", "features");
  }

  /** Scratch folder of unfinished work; emptied at start. */
  get scratch(): string {
    return this.#at("tmp");
  }

  /**
   * Makes the folders that are always there.
   * @throws ApiError UNAVAILABLE when the file system is read-only, INTERNAL when that of the database is not a folder: a new one would forget all that is known
   */
  make(log?: Log): void {
    try {
      this.#make(log);
    } catch (error) {
      if (!isReadonly(error)) throw error;
      throw unavailable(
        `Cannot use the state folder "${this.root}": its file system is read-only. Mount it so that it can be written, or choose another --dir.`,
        { cause: error },
      );
    }
  }

  #make(log: Log | undefined): void {
    const isNew = mkdirSync(this.root, { recursive: true, mode: 0o711 }) !== undefined;
    // The socket's group has to get through it, and dnsmasq without root; the umask took that away. A folder of the admin's stays as it is.
    if (isNew) chmodSync(this.root, 0o711);
    accessSync(this.root, constants.W_OK);
    makeDatabaseFolder(this.databaseFolder);
    const own = [
      "apparmor",
      "apparmor/cache",
      "apparmor/profiles",
      "apparmor/shared",
      "backups",
      "backups/custom",
      "backups/instances",
      "cells",
      "disks",
      "images",
      "logs",
      "tmp",
      "storage-pools",
      "containers",
      "snapshots",
      "networks",
    ];
    for (const name of own) ownFolder(log, this.#at(name), 0o700);
    // Even a change to the same mode asks for space, which a full quota has not.
    if ((statSync(this.networks).mode & 0o777) !== 0o711) chmodSync(this.networks, 0o711);
  }
}

function makeDatabaseFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    if (!["EEXIST", "ENOENT", "ENOTDIR", "ELOOP"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    throw internal(
      `Cannot open the database: "${folder}" is not a folder, and leads to none. Bring the folder back, or move what is there away to begin with an empty database; storage pools keep what is in them.`,
      { cause: error },
    );
  }
}
