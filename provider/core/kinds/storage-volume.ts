/** Storage volume: files, or the bytes of a disk, that containers share and that outlive them. */
import * as z from "zod";
import { PoolName, VolumeName } from "../../../sdk/api/common";
import { lxdCustomVolumeKeys } from "../../../sdk/api/config/lxd-words";
import { blockVolumeKeys, filesystemVolumeKeys } from "../../../sdk/api/config/storage-volume";
import { computedKeys } from "../../../sdk/api/config/table";
import { storageVolumeKind } from "../../../sdk/api/storage-volume";
import { checkConfigKeys } from "../engine/check";
import type { CheckFailure } from "../engine/core";
import { adopt, configInput, description, endpoint, replacing, timeouts, wordOf } from "../engine/inputs";
import { type Props, unknownValue } from "../engine/values";
import { namedCore } from "./named";

const contentTypes = ["filesystem", "block"];

export const StorageVolumeInputs = z.strictObject({
  pool: PoolName.meta(replacing("Storage pool that holds the volume.")),
  name: VolumeName.meta(replacing("Name of the volume; made from the resource's name when absent.")),
  contentType: wordOf(contentTypes)
    .default("filesystem")
    .meta(replacing("What it holds: `filesystem` when absent, or `block` for the bytes of a disk.")),
  description,
  config: configInput(filesystemVolumeKeys),
  adopt,
  endpoint,
  timeouts,
});
type Inputs = z.output<typeof StorageVolumeInputs>;

function rules({ contentType, config }: Props): CheckFailure[] {
  if (contentType === unknownValue) return [];
  const table = contentType === "block" ? blockVolumeKeys : filesystemVolumeKeys;
  return checkConfigKeys(table, lxdCustomVolumeKeys, config);
}

export const storageVolume = namedCore<Inputs, typeof storageVolumeKind>({
  definition: storageVolumeKind,
  type: "StorageVolume",
  description: "Files, or the bytes of a disk, that containers share and that outlive them.",
  inputs: StorageVolumeInputs,
  outputs: z.object({
    createdAt: z.string().meta({ description: "When the volume was made, in RFC 3339." }),
  }),
  patchMayLose: true,
  nameMaxLength: 63,
  computed: () => computedKeys(filesystemVolumeKeys),
  rules,
  post: ({ contentType }) => ({ content_type: contentType }),
  outs: ({ content_type: contentType, created_at: createdAt }) => ({ contentType, createdAt }),
});
