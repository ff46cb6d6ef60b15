/** Database copies: whole copies of the database, made while it is in use; a few are kept (docs/database.md). */
import { closeSync, fsyncSync, linkSync, openSync, readdirSync, renameSync, rmSync, statfsSync } from "node:fs";
import path from "node:path";
import { ownFolder, ownName } from "../folders/aside";
import { aboutFile, isNoSpace } from "../folders/files";
import type { Log } from "../log";
import { stampOf } from "../time";
import type { WarningPort } from "../warning/port";
import { type Database, isDamage } from "./database";

export interface Copy {
  readonly path: string;
  /** When it was made, such as "2026-11-26T04:00:00Z". */
  readonly at: string;
  readonly bytes: number;
}

const pattern = /^bothy-(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)\.db$/;
const partialName = ".partial.db";

const timeOf = (stamp: string): string => stamp.replace(/T(\d\d)-(\d\d)-(\d\d)Z$/, "T$1:$2:$3Z");

/** All copies, the newest first. @param folder that may be missing */
export function listCopies(folder: string): Copy[] {
  return namesIn(folder)
    .flatMap((name) => {
      const stamp = pattern.exec(name)?.[1];
      const file = path.join(folder, name);
      const found = stamp === undefined ? undefined : aboutFile(file);
      return found?.isFile() ? [{ path: file, at: timeOf(stamp!), bytes: found.size }] : [];
    })
    .sort((a, b) => (a.at < b.at ? 1 : -1));
}

/** How often it looks whether something has changed. */
const lookMs = 10 * 60_000;
/** The newest, and beside them the last of each day. */
const keepNewest = 3;
const keepDays = 4;
const mostBytes = 256 * 2 ** 20;
/** A copy may take this share of the free space. */
const freeShare = 0.25;

const upgradePattern = /^before-upgrade-.*\.db$/;

/**
 * Keeps the database as it is before its tables are brought to another version: as a copy among the others, which an older daemon finds,
 * and under a name of its own, which stays until the next upgrade. Never throws: what hinders it is a warning.
 * @returns what to call when the upgrade is done, or has failed: then the copies are none of a good database, and go
 */
export function copyBeforeUpgrade(
  database: Database,
  folder: string,
  warnings: WarningPort,
  log: Log,
): (isDone: boolean) => void {
  const made: string[] = [];
  try {
    ownFolder(log, folder, 0o700);
    const file = freeName(folder);
    const kept = file.replace(/bothy-(?=[^/]*$)/, "before-upgrade-");
    writeCopy(database, folder, file, log);
    made.push(file);
    linkSync(file, kept);
    made.push(kept);
    log.info("The database is brought to another version; as it was, it is kept", { file: kept });
  } catch (error) {
    warnings.record("databaseNotCopied", { message: `No copy can be made in "${folder}" before an upgrade`, error });
  }
  return (isDone) => {
    const isOver = (name: string) => upgradePattern.test(name) && !made.includes(path.join(folder, name));
    const gone = isDone && made.length === 2 ? namesIn(folder).filter(isOver) : [];
    for (const file of isDone ? gone.map((name) => path.join(folder, name)) : made) rmSync(file, { force: true });
  };
}

const namesIn = (folder: string): string[] => (aboutFile(folder)?.isDirectory() ? readdirSync(folder) : []);

/** The name of a copy of now. Two in one second shall not take each other's place: the later one gets the next free second. */
function freeName(folder: string): string {
  for (let at = Date.now(); ; at += 1000) {
    const file = path.join(folder, `bothy-${stampOf(new Date(at))}.db`);
    if (aboutFile(file) === undefined) return file;
  }
}

/** Whole under its name, or not there. */
function writeCopy(database: Database, folder: string, file: string, log: Log): void {
  const partial = path.join(folder, partialName);
  ownName(log, partial);
  rmSync(partial, { force: true });
  // SQLite would not say why it cannot make a file.
  closeSync(openSync(partial, "wx", 0o600));
  database.copyTo(partial);
  sync(partial);
  renameSync(partial, file);
  sync(folder);
}

export class DatabaseCopies {
  #timer: NodeJS.Timeout | undefined;
  #copiedChanges: number | undefined;

  constructor(
    private readonly database: Database,
    private readonly folder: string,
    private readonly warnings: WarningPort,
    private readonly log: Log,
  ) {}

  /** Makes a copy now and then, as long as the daemon runs. */
  start(): void {
    this.#timer = setInterval(() => this.make(), lookMs).unref();
    // A daemon that ends soon after its start, again and again, shall not push good copies out.
    const [newest] = listCopies(this.folder);
    if (newest === undefined || Date.parse(newest.at) < Date.now() - lookMs) this.make();
  }

  /** Makes a last one. */
  stop(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.make();
  }

  /** Makes a copy when something has changed since the last. What hinders it is a warning. */
  make(): void {
    if (this.database.changes === this.#copiedChanges) return;
    try {
      const changes = this.database.changes;
      ownFolder(this.log, this.folder, 0o700);
      this.#copy();
      this.#copiedChanges = changes;
      this.#forgetOld();
      this.warnings.resolve("databaseNotCopied");
    } catch (error) {
      this.#forgetPartial();
      // That is told by who needs the space.
      if (isNoSpace(error)) this.log.info("No copy of the database is made: there is no space", { error });
      else if (isDamage(error))
        this.warnings.record("databaseDamaged", { message: "The next start may refuse it (docs/database.md)", error });
      else this.warnings.record("databaseNotCopied", { message: `No copy can be made in "${this.folder}"`, error });
    }
  }

  #forgetPartial(): void {
    try {
      rmSync(path.join(this.folder, partialName), { force: true });
    } catch (error) {
      this.log.debug("Cannot remove an unfinished copy of the database", { error });
    }
  }

  #copy(): void {
    const { bavail, bsize } = statfsSync(this.folder);
    if (this.database.bytes > bavail * bsize * freeShare) {
      this.log.info("No copy of the database is made: there is little free space", { folder: this.folder });
      return;
    }
    writeCopy(this.database, this.folder, freeName(this.folder), this.log);
  }

  #forgetOld(): void {
    const days = new Set<string>();
    let bytes = 0;
    listCopies(this.folder).forEach((copy, index) => {
      bytes += copy.bytes;
      const day = copy.at.slice(0, 10);
      const isLastOfDay = !days.has(day) && days.size < keepDays;
      days.add(day);
      const isKept = index === 0 || (bytes <= mostBytes && (index < keepNewest || isLastOfDay));
      if (!isKept) rmSync(copy.path);
    });
  }
}

function sync(file: string): void {
  const opened = openSync(file, "r");
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
