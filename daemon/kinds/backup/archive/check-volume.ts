/** Check of the file of a custom volume: whether it may be unpacked, decided on its whole entry list before anything of it is on disk. */
import type { TarLayout } from "../../image/archive/check";
import type { ImageLimits } from "../../image/archive/limits";
import { refuse } from "../../image/archive/refuse";
import type { TarEntry } from "../../image/archive/tar";
import { maxYamlBytes, missingIndex } from "./check";
import { checkedEntries, type Place, Roots, textOf } from "./roots";

/** Where a volume's content is, and that of its snapshots by name. */
export interface VolumeRoots {
  readonly own?: TarLayout;
  readonly snapshots: readonly (readonly [name: string, layout: TarLayout])[];
}

export interface VolumeBackupContent {
  readonly indexYaml: string;
  /** Folders, of a volume of files. */
  readonly filesystem: VolumeRoots;
  /** Files, of a volume that is the bytes of a disk. */
  readonly block: VolumeRoots;
}

/** @throws ApiError BAD_REQUEST for what no image may hold either, and for what is no backup */
export async function checkVolumeBackup(
  entries: AsyncIterable<TarEntry>,
  limits: ImageLimits,
): Promise<VolumeBackupContent> {
  const filesystem = new Roots(folderOf);
  const block = new Roots(imageOf);
  let indexYaml: string | undefined;
  for await (const checked of checkedEntries(entries, limits)) {
    const inner = checked.path.join("/");
    if (inner === "backup/index.yaml") indexYaml = await textOf(checked.entry, maxYamlBytes);
    else if (inner === "backup/volume.bin")
      throw refuse(
        "it is of the format that only the storage driver knows which wrote it",
        "Make it without optimized storage.",
      );
    // A snapshot of a volume of files may have a name that ends so as well.
    else if (checked.entry.type !== "directory" && image.test(inner)) block.add(checked);
    else filesystem.add(checked);
  }
  if (indexYaml === undefined) throw missingIndex();
  return { indexYaml, filesystem: rootsOf(filesystem), block: rootsOf(block) };
}

const rootsOf = ({ own, snapshots }: Roots): VolumeRoots => ({ ...(own === undefined ? {} : { own }), snapshots });

/** "backup/volume" and "backup/volume-snapshots/NAME". */
function folderOf([top, folder, snapshot]: readonly string[]): Place | undefined {
  if (top !== "backup") return undefined;
  if (folder === "volume") return { name: "", depth: 2 };
  return folder === "volume-snapshots" && snapshot !== undefined ? { name: snapshot, depth: 3 } : undefined;
}

const image = /^backup\/(?:volume|volume-snapshots\/([^/]+))\.img$/;

/** "backup/volume.img" and "backup/volume-snapshots/NAME.img". */
function imageOf(path: readonly string[]): Place | undefined {
  const found = image.exec(path.join("/"));
  return found === null ? undefined : { name: found[1] ?? "", depth: path.length, isFile: true };
}
