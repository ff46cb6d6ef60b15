/** Disks of the host: folders, files, and file systems on block devices, each held to the folder that the project allows. */
import type { Stats } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import path from "node:path";
import type { Device } from "../../../../sdk/api/common";
import { diskOptions, mountOptionsOf, noFileSystem } from "../../../../sdk/api/devices/disk";
import { badRequest } from "../../../../sdk/api/errors";
import { isBelow } from "../../../platform/folders/below";
import { ignoring } from "../../../platform/folders/files";
import { fileSystemOn } from "../../../platform/host/file-system";
import type { Op } from "../../../platform/native/index";
import { bindFlags, flagsText } from "./disk-flags";
import type { Facts, NamedDevice, PlanFacts } from "./driver";

/**
 * Whether the project allows the source, by its path alone: where symlinks lead is judged by the kernel when bothy-cell opens it.
 * @returns the folder that the source must lie in, if any @throws Error what `refuse` makes of the cause; the words are LXD's
 */
export function folderOf({ home, owner }: Facts, [device, options]: NamedDevice, refuse: (cause: string) => Error) {
  const folder = home.projects.folderOfDisk(owner.project, device, options.source ?? "");
  if (folder === undefined) return undefined;
  if (diskOptions(options).get("shift"))
    throw refuse('The "shift" property cannot be used with a restricted source path');
  // Some of them name further devices, such as ext4's journal_path.
  const [option] = mountOptionsOf(options).fileSystem;
  if (option !== undefined) throw refuse(`The mount option "${option}" cannot be used with a restricted source path`);
  return folder;
}

/** What is wrong with options beside what the source is. */
export function mismatch(options: Device, found: Stats): string | undefined {
  // The words are LXD's.
  if (diskOptions(options).get("recursive") && !found.isDirectory())
    return "The recursive option is only supported for additional bind-mounted paths";
  return found.isBlockDevice() ? undefined : noFileSystem(options);
}

/** What bothy-cell says in its own words. */
const unreachable = ["ENOENT", "ENOTDIR", "ELOOP", "EACCES"];

/**
 * How bothy-cell gets it. Of one that the container has already, or has lost, nothing is judged: the operation is there to be taken back, or to fail.
 * @throws ApiError BAD_REQUEST
 */
export async function hostDiskOp(facts: PlanFacts, named: NamedDevice, place: string): Promise<Op> {
  const [device, options] = named;
  try {
    return await wantedOp(facts, named, place);
  } catch (error) {
    if (facts.isAnew(device)) throw error;
    return ["disk", sourceOf(options), place, "-", "", "unknown", ""];
  }
}

/** Judges all that is known of a disk before bothy-cell has its turn. @throws ApiError BAD_REQUEST */
export async function checkHostDisk(facts: Facts, named: NamedDevice): Promise<void> {
  await wantedOp({ ...facts, ids: undefined }, named, "/");
}

const sourceOf = (options: Device): string => path.normalize(options.source ?? "");

async function wantedOp(facts: Facts & Pick<PlanFacts, "ids">, named: NamedDevice, place: string): Promise<Op> {
  const [device, options] = named;
  const failed = (cause: string) => badRequest(`Failed to start device "${device}": ${cause}`);
  const source = sourceOf(options);
  const folder = folderOf(facts, named, failed);
  const flags = bindFlags(options);
  const found = await ignoring(unreachable, stat(source));
  // It may lead elsewhere by the time that it is opened: bothy-cell is what holds it to the folder. What is told of it here is only of what lies there.
  if (found !== undefined && folder !== undefined && !(await liesIn(source, folder)))
    throw failed(`Source path "${source}" resolves outside of restricted parent source path "${folder}"`);
  const cause = found && mismatch(options, found);
  if (cause !== undefined) throw failed(cause);
  if (!found?.isBlockDevice())
    return folder === undefined
      ? ["bind", source, place, flagsText(flags)]
      : ["disk", source, place, flagsText(flags), folder, "", ""];
  const type = await typeOf(source, failed);
  // Device nodes of a file system that somebody made elsewhere are none of the host's.
  const held = [...flags, facts.ids === undefined ? "" : "nodev"];
  const words = mountOptionsOf(options).fileSystem.join(",");
  return ["disk", source, place, flagsText(held), folder ?? "", type, words];
}

async function liesIn(source: string, folder: string): Promise<boolean> {
  const [at, real] = await Promise.all([folder, source].map((one) => ignoring(unreachable, realpath(one))));
  return at === undefined || real === undefined || isBelow(at, real);
}

async function typeOf(source: string, failed: (cause: string) => Error): Promise<string> {
  const found = await fileSystemOn(source);
  if ("type" in found) return found.type;
  throw failed(
    `Failed detecting source path "${source}" block device filesystem: ${found.cause}. Make one on it, or give the device itself by the type unix-block.`,
  );
}
