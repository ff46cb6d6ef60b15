/** Database keeper: the database file of a running daemon, with its lock, its copies and the room that it keeps. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, statfsSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import type { Dirs } from "../folders/dirs";
import { isNoSpace } from "../folders/files";
import { whileGuestsHold } from "../host/hold";
import type { Log } from "../log";
import type { WarningPort } from "../warning/port";
import { DatabaseCopies } from "./copies";
import type { Database, Schema } from "./database";
import { lockFolder, openDatabase } from "./file";
import { Room } from "./room";

const prepareMs = 60_000;

/** f_type of btrfs in statfs(2). */
const btrfs = 0x9123683e;

/** On btrfs a change of a file takes new blocks, unless the file was made in a folder without copy on write (chattr(1), attribute C). */
function writeInPlace({ database, databaseFolder }: Dirs): void {
  if (statfsSync(databaseFolder).type !== btrfs || existsSync(database)) return;
  spawnSync("chattr", ["+C", "--", databaseFolder], { stdio: "ignore" });
}

export class DatabaseKeeper {
  readonly #room: Room;
  #lock: DatabaseSync | undefined;
  #database: Database | undefined;
  #copies: DatabaseCopies | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly dirs: Dirs,
    private readonly warnings: WarningPort,
    private readonly log: Log,
    private readonly schemas: readonly Schema[],
  ) {
    this.#room = new Room(dirs.databaseFolder, warnings, log);
  }

  /** @param restore take the last good copy when the file cannot be used @throws ApiError UNAVAILABLE, INTERNAL */
  open(restore: boolean): Database {
    this.#lock = lockFolder(this.dirs, this.log);
    writeInPlace(this.dirs);
    const { dirs, warnings, schemas } = this;
    this.#database = openDatabase({ dirs, log: this.log, warnings, restore, schemas, room: this.#room });
    return this.#database;
  }

  /** Once the daemon listens: makes room, and copies, from now on. */
  start(): void {
    if (this.#database === undefined) return;
    const database = this.#database;
    this.#orLog(() => database.begin());
    this.#prepare(database);
    this.#timer = setInterval(() => this.#prepare(database), prepareMs).unref();
    this.#copies = new DatabaseCopies(this.#database, this.dirs.databaseCopies, this.warnings, this.log);
    this.#copies.start();
    this.#room.start();
  }

  /**
   * Makes a socket at the daemon's start: in its folder; on a full file system once more with some of what is kept in reserve; and when even
   * that is not enough, as on a btrfs whose metadata is used up, in a folder of /run.
   */
  async makeSocket<T>(folder: string, make: (folder: string) => Promise<T>): Promise<T> {
    const { dirs, log } = this;
    try {
      return await make(folder);
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      log.warning("Cannot make a socket; trying again with what is kept in reserve", { folder, error });
      const again = async () => {
        if (!this.#room.release()) throw error;
        return await make(folder);
      };
      return await whileGuestsHold(dirs.root, again).catch(async () => {
        mkdirSync(dirs.run, { recursive: true, mode: 0o711 });
        log.warning("The file system of the state folder is full: a socket is made elsewhere", { folder: dirs.run });
        return await make(dirs.run);
      });
    }
  }

  /** Where there is no room for it now, there may be later. */
  #prepare(database: Database): void {
    this.#orLog(() => database.prepareRoom());
  }

  #orLog(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.log.debug("The database is not prepared for a full file system now", { error });
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#copies?.stop();
    await this.#room.stop();
    this.#database?.leave();
    this.#lock?.close();
    rmSync(this.dirs.run, { recursive: true, force: true });
  }
}
