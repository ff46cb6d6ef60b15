/**
 * Homes: images and backups may lie in custom volumes (storage.images_volume, storage.backups_volume). What is there is copied before the key is stored, and
 * taken away from where it was after that, so that a crash in between loses nothing: the next start ends it.
 */
import { mkdir, readdir, rm, rmdir, stat } from "node:fs/promises";
import path from "node:path";
import type { Config } from "../../../sdk/api/common";
import { serverConfig } from "../../../sdk/api/config/server";
import type { VolumePath } from "../../../sdk/api/config/values";
import { badRequest } from "../../../sdk/api/errors";
import { type Ref, ref, volumeRef } from "../../core/ref";
import type { Revert } from "../../core/revert";
import { ignoring } from "../../platform/folders/files";
import { copyWhole } from "../../platform/folders/rename-across";
import type { ServerHome } from "./home";

const places = [
  { key: "storage.images_volume", name: "images", folders: [] },
  { key: "storage.backups_volume", name: "backups", folders: ["custom", "instances"] },
] as const;
type Place = (typeof places)[number];

export const serverRef = ref("server", "");

/** Of a file system that is made anew. */
const lostAndFound = "lost+found";

export class Homes {
  constructor(private readonly home: ServerHome) {}

  /** What the server refers to. */
  targets(config: Config): Ref[] {
    return places.flatMap(({ key }) => {
      const volume = serverConfig(config).get(key);
      return volume === undefined ? [] : [volumeRef(volume.pool, volume.name)];
    });
  }

  /** Copies images and backups to where another configuration has them. @throws ApiError BAD_REQUEST for a volume that cannot be their home */
  async copy(before: Config, after: Config, undo: Revert): Promise<void> {
    const [images, backups] = places.map(({ key }) => serverConfig(after).text(key));
    if (images !== undefined && images === backups)
      throw badRequest(
        `Cannot keep backups in volume "${backups}": images shall lie there too. Give each a volume of its own.`,
      );
    for (const place of moved(before, after)) {
      const volume = serverConfig(after).get(place.key);
      if (volume !== undefined) this.home.daemonVolumes.requireFree(volume);
      const to = await this.#folderOf(place, after, true);
      const from = await this.#folderOf(place, before, false);
      await this.#requireEmpty(place, after, to, from);
      undo.add(() => removeThose(to, from, isSame));
      await copyAll(from, to, isSame);
    }
  }

  /** Whether the volumes are still there: within the transaction that stores the configuration. @throws ApiError */
  requireThere(before: Config, after: Config): void {
    for (const { key } of moved(before, after)) {
      const volume = serverConfig(after).get(key);
      if (volume !== undefined) this.home.daemonVolumes.requireFree(volume);
    }
  }

  /** Has images and backups at home in another place from now on, and takes away what was copied. What came meanwhile follows. */
  async settle(before: Config, after: Config): Promise<void> {
    for (const place of moved(before, after)) {
      const from = await this.#folderOf(place, before, false);
      const to = await this.#folderOf(place, after, false);
      this.#use(place, after, to);
      await this.#moveRest(place, from, to);
    }
  }

  /** Finds the homes at the start, and ends a move that a crash broke off. A volume that cannot be used is told, and what lies in it is missing until it can. */
  async start(config: Config): Promise<void> {
    for (const place of places) {
      if (!serverConfig(config).has(place.key)) continue;
      try {
        const to = await this.#folderOf(place, config, true);
        this.#use(place, config, to);
        await this.#moveRest(place, this.home.dirs.stateFolder(place.name), to);
      } catch (error) {
        this.home.log.error(`Cannot use the volume of ${place.key}; what is in it is missing`, { error });
      }
    }
  }

  #use({ key, name }: Place, config: Config, folder: string): void {
    this.home.dirs.setHome(name, serverConfig(config).has(key) ? folder : undefined);
  }

  async #moveRest({ name }: Place, from: string, to: string): Promise<void> {
    try {
      // What is there already is right: a move copies all before it counts.
      await copyAll(from, to, hasName);
      await removeThose(from, to, hasName);
    } catch (error) {
      this.home.log.error(`Cannot move all ${name} to where they belong; the next start tries again`, { error });
    }
  }

  async #folderOf({ key, name, folders }: Place, config: Config, isUsable: boolean): Promise<string> {
    const volume = serverConfig(config).get(key);
    if (volume !== undefined && isUsable) await this.home.daemonVolumes.requireUsable(volume);
    const folder = volume === undefined ? this.home.dirs.stateFolder(name) : this.home.daemonVolumes.pathOf(volume);
    if (isUsable) for (const one of folders) await mkdir(path.join(folder, one), { recursive: true, mode: 0o700 });
    return folder;
  }

  /** What an earlier try left is ours: it has the names of what is to come. */
  async #requireEmpty({ key, folders }: Place, config: Config, to: string, from: string): Promise<void> {
    const volume = serverConfig(config).get(key);
    if (volume === undefined) return;
    const known = new Set<string>([...folders, ...(await readdir(from)), lostAndFound]);
    const foreign = (await readdir(to)).find((name) => !known.has(name.replace(/\.coming$/, "")));
    if (foreign !== undefined)
      throw badRequest(
        `Invalid value for "${key}": Storage volume "${volumeText(volume)}" is not empty: it holds "${foreign}". Take that out, or choose another volume.`,
      );
  }
}

const volumeText = ({ pool, name }: VolumePath): string => `${pool}/${name}`;

const moved = (before: Config, after: Config): Place[] =>
  places.filter(({ key }) => serverConfig(before).text(key) !== serverConfig(after).text(key));

/** Entries of a folder that are ours to move. */
async function entriesOf(folder: string) {
  const entries = (await ignoring("ENOENT", readdir(folder, { withFileTypes: true }))) ?? [];
  return entries.filter(({ name }) => name !== lostAndFound && !name.endsWith(".coming"));
}

type IsThere = (own: string, twin: string) => Promise<boolean>;

/** Copies all files that are not there yet. */
async function copyAll(from: string, to: string, isThere: IsThere): Promise<void> {
  for (const entry of await entriesOf(from)) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) {
      await mkdir(target, { recursive: true, mode: 0o700 });
      await copyAll(source, target, isThere);
    } else if (entry.isFile() && !(await isThere(source, target))) await copyWhole(source, target);
  }
}

const sizeOf = async (file: string): Promise<number | undefined> => (await ignoring("ENOENT", stat(file)))?.size;

/** A file gets its name when all of it is there, and nobody writes into one later. */
const isSame: IsThere = async (own, twin) => {
  const size = await sizeOf(own);
  return size !== undefined && size === (await sizeOf(twin));
};

const hasName: IsThere = async (_own, twin) => (await sizeOf(twin)) !== undefined;

/** Takes away what is in another folder as well. */
async function removeThose(folder: string, kept: string, isThere: IsThere): Promise<void> {
  for (const entry of await entriesOf(folder)) {
    const [own, twin] = [path.join(folder, entry.name), path.join(kept, entry.name)];
    if (entry.isDirectory()) {
      await removeThose(own, twin, isThere);
      await ignoring(["ENOENT", "ENOTEMPTY", "EEXIST", "EBUSY"], rmdir(own));
    } else if (await isThere(own, twin)) await rm(own, { force: true });
  }
}
