/** Dirs: every path below the state folder, in LXD's layout (docs/lxd-api.md, State folder). */
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync } from "node:fs";
import path from "node:path";
import { fileNameOf } from "./file-name";

export class Dirs {
  constructor(readonly root: string) {}

  readonly #at = (...parts: string[]) => path.join(this.root, ...parts);

  get socket(): string {
    return this.#at("unix.socket");
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

  pool(name: string): string {
    return this.#at("storage-pools", fileNameOf(name));
  }

  get disks(): string {
    return this.#at("disks");
  }

  /** Stored image files, named by fingerprint. */
  get images(): string {
    return this.#at("images");
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

  /** Links that scripts follow: containers/N to the pool's folder. */
  containerLink(instance: string): string {
    return this.#at("containers", instance);
  }

  snapshotsLink(instance: string): string {
    return this.#at("snapshots", instance);
  }

  /** Scratch folder of unfinished work; emptied at start. */
  get scratch(): string {
    return this.#at("tmp");
  }

  /** Makes the folders that are always there. */
  make(): void {
    const isNew = mkdirSync(this.root, { recursive: true, mode: 0o711 }) !== undefined;
    // The socket's group has to get through it, and dnsmasq without root; the umask took that away. A folder of the admin's stays as it is.
    if (isNew) chmodSync(this.root, 0o711);
    const own = ["database", "cells", "disks", "images", "logs", "tmp", "storage-pools", "containers", "snapshots"];
    for (const name of [...own, "networks"]) mkdirSync(this.#at(name), { recursive: true, mode: 0o700 });
    chmodSync(this.networks, 0o711);
  }
}
