/** Cache: what takes minutes to make and depends on its definition alone, kept for all clones below BOTHY_CACHE. */
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export const repository = path.resolve(__dirname, "../../..");
export const guestFiles = path.join(repository, "scripts/vm/guest");

interface SetupContext {
  cacheFolder(): string;
  buildingFolder(folder: string, name: string): string;
  moveIntoPlace(building: string, place: string): void;
}
const { cacheFolder, buildingFolder, moveIntoPlace } = require(
  path.join(repository, "scripts/setup/context.js"),
) as SetupContext;
const { lockFile } = require(path.join(repository, "scripts/setup/lock.js")) as {
  lockFile(file: string): Promise<() => void>;
};

const folder = path.join(cacheFolder(), "vm");

/** A folder for this process alone; what killed ones left is taken away. */
export const runFolder = (name: string): string => buildingFolder(path.join(tmpdir(), "bothy-vm"), name);

/** @returns a key for content: 16 hex digits */
export function keyOf(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex").slice(0, 16);
}

/** Names and content of all files below a folder of the guest's files, for a key. */
export function contentOf(name: string): string {
  const files = globSync(`${name}/**/*`, { cwd: guestFiles }).sort();
  const plain = files.filter((file) => statSync(path.join(guestFiles, file)).isFile());
  return plain.map((file) => `${file}\n${readFileSync(path.join(guestFiles, file), "utf8")}`).join("\0");
}

/**
 * Finds a folder in the cache, or has it made: one at a time on this machine, under another name until it is whole.
 * What had the same kind and was not used for some days is taken away.
 * @param kind such as "debian12", with `key` the folder's name
 * @param make fills the folder that it is given
 */
export async function cached(
  kind: string,
  key: string,
  keptDays: number,
  make: (building: string) => Promise<void>,
): Promise<string> {
  const place = path.join(folder, `${kind}-${key}`);
  mkdirSync(folder, { recursive: true });
  const unlock = await lockFile(path.join(folder, `${kind}.lock`));
  try {
    if (!existsSync(place)) {
      const building = buildingFolder(folder, `${kind}-${key}`);
      try {
        await make(building);
        moveIntoPlace(building, place);
      } finally {
        rmSync(building, { recursive: true, force: true });
      }
    }
    const now = new Date();
    utimesSync(place, now, now);
    removeUnused(kind, keptDays);
  } finally {
    unlock();
  }
  return place;
}

function removeUnused(kind: string, keptDays: number): void {
  const oldest = Date.now() - keptDays * 24 * 60 * 60 * 1000;
  for (const name of readdirSync(folder)) {
    const isOfKind = name.startsWith(`${kind}-`) && /^[0-9a-f]{16}$/.test(name.slice(kind.length + 1));
    const file = path.join(folder, name);
    if (isOfKind && statSync(file).mtimeMs < oldest) rmSync(file, { recursive: true });
  }
}
