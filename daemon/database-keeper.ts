/** Database keeper: the database file of a running daemon, with its lock, its copies and the room that it keeps. */
import type { DatabaseSync } from "node:sqlite";
import type { Database } from "./database";
import { DatabaseCopies } from "./database-copies";
import { lockFolder, openDatabase } from "./database-file";
import type { Dirs } from "./dirs";
import type { Log } from "./log";
import { Room } from "./room";
import { schemas } from "./schemas";
import type { Warnings } from "./warning/service";

export class DatabaseKeeper {
  readonly #room: Room;
  #lock: DatabaseSync | undefined;
  #database: Database | undefined;
  #copies: DatabaseCopies | undefined;

  constructor(
    private readonly dirs: Dirs,
    private readonly warnings: Warnings,
    private readonly log: Log,
  ) {
    this.#room = new Room(dirs.databaseFolder, warnings, log);
  }

  /** @param restore take the last good copy when the file cannot be used @throws ApiError UNAVAILABLE, INTERNAL */
  open(restore: boolean): Database {
    this.#room.prepareStart();
    this.#lock = lockFolder(this.dirs);
    const { dirs, warnings } = this;
    this.#database = openDatabase({ dirs, warnings, restore, schemas, room: this.#room });
    return this.#database;
  }

  /** Once the daemon listens: makes room, and copies, from now on. */
  start(): void {
    if (this.#database === undefined) return;
    try {
      this.#database.prepareRoom();
    } catch (error) {
      this.log.warning("Cannot prepare the database for a full file system", { error });
    }
    this.#copies = new DatabaseCopies(this.#database, this.dirs.databaseCopies, this.warnings, this.log);
    this.#copies.start();
    this.#room.start();
  }

  async stop(): Promise<void> {
    this.#copies?.stop();
    await this.#room.stop();
    this.#database?.leave();
    this.#lock?.close();
  }
}
