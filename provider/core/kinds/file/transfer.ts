/** Transfer: brings a container's files to what a manifest says, and reads what they are. */
import { ApiError } from "../../../../sdk/api/errors";
import type { Context } from "../../engine/core";
import { ifThere } from "../../engine/failure";
import { makeFolders, namingFile, removeFile } from "../instance-files";
import type { FileInputs } from "./inputs";
import { directoryLine, fileLine, hashOf, type Manifest, modeOf, symlinkLine } from "./manifest";
import type { Item, Items } from "./source";

/** Where a file or folder is. */
export interface Place {
  readonly instance: string;
  readonly path: string;
}

const pathOf = ({ path }: Place, place: string): string => (place === "" ? path : `${path}/${place}`);

/** Deeper ones first. */
const deepestFirst = (places: readonly string[]): string[] =>
  [...places].sort((a, b) => b.split("/").length - a.split("/").length);

const isNotEmpty = (error: unknown): boolean => ApiError.is(error) && /not empty/i.test(error.message);

/** Removes a folder that has nothing in it. */
async function removeFolder({ client, signal }: Context, instance: string, folder: string): Promise<void> {
  const found = await ifThere(client.getFile(instance, folder, { signal }));
  if (found?.type === "file") found.body.destroy();
  if (found?.type !== "directory" || found.entries.length > 0) return;
  try {
    await client.deleteFile(instance, folder, { signal });
  } catch (error) {
    // Somebody put something into it meanwhile.
    if (!isNotEmpty(error)) throw error;
  }
}

/** Removes what a manifest names, and folders that are empty then. */
export async function removeItems(context: Context, place: Place, manifest: Manifest): Promise<void> {
  const { instance } = place;
  const isFolder = (name: string) => manifest[name] === directoryLine;
  const names = Object.keys(manifest);
  const files = names.filter((name) => !isFolder(name));
  for (const name of [...files, ...deepestFirst(names.filter(isFolder))]) {
    const file = pathOf(place, name);
    const remove = isFolder(name) ? removeFolder : removeFile;
    await namingFile("delete", instance, file, () => remove(context, instance, file));
  }
}

/** Removes the folder itself, when nothing of anybody is in it any more. */
export const removeTop = (context: Context, { instance, path }: Place): Promise<void> =>
  namingFile("delete", instance, path, () => removeFolder(context, instance, path));

async function put(context: Context, place: Place, name: string, item: Item, said: FileInputs): Promise<void> {
  const { client, signal } = context;
  const { instance } = place;
  const file = pathOf(place, name);
  const owner = { uid: said.uid, gid: said.gid, signal };
  if (item.type === "directory") {
    const found = await ifThere(client.getFileInfo(instance, file, { signal }));
    if (found?.type === "directory") return;
    if (found !== undefined) await removeFile(context, instance, file);
    return client.putFile(instance, file, undefined, { type: "directory", mode: 0o755, ...owner });
  }
  if (item.type === "symlink") {
    await removeFile(context, instance, file);
    return client.putFile(instance, file, item.target, { type: "symlink", ...owner });
  }
  const mode = modeOf(said, item.isExecutable);
  const found = await ifThere(client.getFileInfo(instance, file, { signal }));
  // The API sets mode and owner of new files alone.
  const isKept = found?.type === "file" && found.mode === mode && found.uid === said.uid && found.gid === said.gid;
  if (found !== undefined && !isKept) await removeFile(context, instance, file);
  await client.putFile(instance, file, item.open(), { mode, ...owner });
}

/** Writes what differs between two manifests, and removes what is wanted no more. @throws ApiError that names the file */
export async function writeItems(
  context: Context,
  place: Place,
  items: Items,
  said: FileInputs,
  { before, wanted }: { readonly before: Manifest; readonly wanted: Manifest },
): Promise<void> {
  const gone = Object.entries(before).filter(([name, line]) => {
    const now = wanted[name];
    return now === undefined || (line === directoryLine) !== (now === directoryLine);
  });
  if (gone.length > 0) await removeItems(context, place, Object.fromEntries(gone));
  if ("" in wanted && !("" in before)) await removeTop(context, place);
  const changed = [...items].filter(([name]) => before[name] !== wanted[name]);
  for (const [name, item] of changed)
    await namingFile("write", place.instance, pathOf(place, name), async () => {
      await makeFolders(context, place.instance, pathOf(place, name));
      await put(context, place, name, item, said);
    });
}

/** Reads one item. @returns its line; nothing when it is not there */
async function readItem({ client, signal }: Context, instance: string, file: string): Promise<string | undefined> {
  const live = await ifThere(client.getFile(instance, file, { signal }));
  if (live === undefined) return undefined;
  if (live.type === "directory") return directoryLine;
  if (live.type === "symlink") return symlinkLine(file, live.target);
  return fileLine(live.mode, live.uid, live.gid, await hashOf(live.body));
}

/** Reads what a manifest names. @returns what is there of it */
export async function readItems(context: Context, place: Place, known: readonly string[]): Promise<Manifest> {
  const lines: Record<string, string> = {};
  for (const name of known) {
    const line = await readItem(context, place.instance, pathOf(place, name));
    if (line !== undefined) lines[name] = line;
  }
  return lines;
}
