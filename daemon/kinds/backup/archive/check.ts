/** Check: whether a backup may be unpacked, decided on its whole entry list before anything of it is on disk, as for images. */
import type { TarLayout } from "../../image/archive/check";
import type { ImageLimits } from "../../image/archive/limits";
import { refuse } from "../../image/archive/refuse";
import type { TarEntry } from "../../image/archive/tar";
import { checkedEntries, type Place, Roots, textOf } from "./roots";

export interface BackupContent {
  readonly indexYaml: string;
  /** backup.yaml beside the instance's root. */
  readonly besideYaml: string | undefined;
  /** metadata.yaml beside it, and the templates by their file name. */
  readonly metadataYaml: string | undefined;
  readonly templates: Readonly<Record<string, string>>;
  /** Where the instance's root is. */
  readonly container: TarLayout;
  /** Where those of snapshots are, by name; as pairs, since names may be anything. */
  readonly snapshots: readonly (readonly [name: string, layout: TarLayout])[];
}

export const maxYamlBytes = 4 << 20;
/** As for an image. */
const maxMetadataBytes = 1 << 20;
const maxTemplates = 1000;

/** @throws ApiError BAD_REQUEST for what no image may hold either, and for what is no backup of a container */
export async function checkBackup(entries: AsyncIterable<TarEntry>, limits: ImageLimits): Promise<BackupContent> {
  const roots = new Roots(placeOf);
  let indexYaml: string | undefined;
  let besideYaml: string | undefined;
  let metadataYaml: string | undefined;
  const templates = new Templates();
  for await (const checked of checkedEntries(entries, limits)) {
    const { entry, path } = checked;
    const inner = path.join("/");
    if (inner === "backup/index.yaml") indexYaml = await textOf(entry, maxYamlBytes);
    else if (inner === "backup/container/backup.yaml") besideYaml = await textOf(entry, maxYamlBytes);
    else if (inner === "backup/container/metadata.yaml") metadataYaml = await textOf(entry, maxMetadataBytes);
    else if (inner.startsWith("backup/container/templates/")) await templates.add(path, entry);
    else if (
      /^backup\/(container|virtual-machine|snapshots\/[^/]+|virtual-machine-snapshots\/[^/]+)\.(bin|img)$/.test(inner)
    )
      throw refuse(
        "it is one of a virtual machine, or of the format that only the storage driver knows which wrote it",
        "Make it without optimized storage, of a container.",
      );
    else roots.add(checked);
  }
  if (indexYaml === undefined) throw missingIndex();
  const { own, snapshots } = roots;
  if (own === undefined)
    throw refuse("it holds no folder backup/container/rootfs", "Send the whole file that an export gave.");
  return { indexYaml, besideYaml, metadataYaml, templates: templates.texts, container: own, snapshots };
}

export const missingIndex = () => refuse("Backup is missing index.yaml", "Send the whole file that an export gave.");

/** Templates of the instance's files, as many and as long as an image may have. */
class Templates {
  readonly texts: Record<string, string> = Object.create(null);
  #bytes = 0;
  #count = 0;

  async add(path: readonly string[], entry: TarEntry): Promise<void> {
    if (path.length !== 4 || entry.type !== "file") return;
    const content = await entry.read(maxMetadataBytes);
    this.#bytes += content.length;
    this.#count += 1;
    if (this.#bytes > maxMetadataBytes || this.#count > maxTemplates)
      throw refuse(`its templates are more than ${maxTemplates}, or longer than 1 MiB`, "Leave out some.");
    this.texts[Buffer.from(path[3]!, "latin1").toString("utf8")] = content.toString("utf8");
  }
}

/** "backup/container/rootfs" and "backup/snapshots/NAME/rootfs". */
function placeOf(path: readonly string[]): Place | undefined {
  if (path[0] !== "backup") return undefined;
  if (path[1] === "container" && path[2] === "rootfs") return { name: "", depth: 3 };
  if (path[1] === "snapshots" && path[3] === "rootfs") return { name: path[2]!, depth: 4 };
  return undefined;
}
