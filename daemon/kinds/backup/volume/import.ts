/** Import: a custom volume is made of the file of a backup, which comes from elsewhere and may be hostile. A failure or a crash leaves nothing. */
import { chmod } from "node:fs/promises";
import path from "node:path";
import { type Config, VolumeName } from "../../../../sdk/api/common";
import { conflict } from "../../../../sdk/api/errors";
import { eitherFamily } from "../../../../sdk/api/headers";
import { requireAccess } from "../../../core/access";
import type { Call } from "../../../core/call";
import { urlOf } from "../../../core/ref";
import { requireName } from "../../../core/validate";
import { type ApiRequest, asyncOp, param, type Reply } from "../../../http/route";
import type { RunningOperation } from "../../../platform/operations";
import type { TarLayout } from "../../image/archive/check";
import { unpackRoot } from "../../image/archive/unpack";
import { adoptImage, boundOf } from "../../storage-volume/content";
import { refOf, type VolumeId, type VolumeRecord } from "../../storage-volume/record";
import { type InspectedVolumeBackup, inspectVolumeBackup, inWordsOfBackups } from "../archive/inspect";
import { fileIds } from "../format/read";
import { receiveBackup, requireUpload } from "../upload";
import type { VolumeBackupHome } from "./home";

/** The key of LXD that tells of which ids the files are. */
const lastIdsKey = "volatile.idmap.last";

/** Makes a volume of the body of a request; the body is on disk before the answer goes out. @throws ApiError NOT_FOUND, CONFLICT, BAD_REQUEST */
export async function importVolumeBackup(home: VolumeBackupHome, request: ApiRequest): Promise<Reply> {
  const { call, headers, body } = request;
  const { changes, storageVolumes } = home;
  const pool = param(request, "pool");
  requireAccess(call, [refOf(storageVolumes.idFor(call.project, pool, ""))]);
  requireUpload(headers);
  storageVolumes.home.storagePools.record(pool);
  const name = eitherFamily(headers, "name");
  const id = name === undefined ? undefined : storageVolumes.idFor(call.project, pool, name);
  if (id !== undefined) requirePossible(home, id);
  const upload = await receiveBackup(body, "volume", home.dirs.scratch, home.images.limits);
  const resources = id === undefined ? {} : { resources: { storage_volumes: [urlOf(refOf(id))] } };
  return asyncOp(
    changes.start(call, {
      // Which volume it will be is known when the backup is read.
      of: [],
      operation: { description: "Restoring custom volume backup", mayCancel: true, ...resources },
      work: async (operation) => {
        await using file = upload;
        try {
          const backup = await inspectVolumeBackup(file, home.images.limits, operation.signal);
          const target = id ?? storageVolumes.idFor(call.project, pool, backup.volume.name);
          await makeVolume(home, call, target, { file: file.path, backup }, operation);
        } catch (error) {
          throw inWordsOfBackups(error);
        }
      },
    }),
  );
}

/** @throws ApiError BAD_REQUEST, CONFLICT */
function requirePossible({ storageVolumes }: VolumeBackupHome, id: VolumeId): void {
  requireName("volume", VolumeName, id.name);
  if (storageVolumes.store.isTaken(id))
    throw conflict(
      `Create custom volume from backup: Volume by that name already exists: there is a volume "${id.name}" in storage pool "${id.pool}". Choose another name, or delete it first.`,
    );
}

interface Source {
  readonly file: string;
  readonly backup: InspectedVolumeBackup;
}

async function makeVolume(
  home: VolumeBackupHome,
  call: Call,
  id: VolumeId,
  source: Source,
  operation: RunningOperation,
): Promise<void> {
  requirePossible(home, id);
  await home.changes.run(call, {
    of: [refOf(id)],
    told: { action: "storage-volume-created", of: refOf(id), context: { type: "custom" } },
    work: async () => {
      requirePossible(home, id);
      const { storageVolumes, volumes } = home;
      const { volume, snapshots, own: layoutOf, roots } = source.backup;
      const own = (told: Config) => ownConfig(told, storageVolumes.keysLeftBehind(id.pool, told), operation);
      const { description, contentType, createdAt } = volume;
      const config = storageVolumes.configFor(id.pool, contentType, own(volume.config));
      const record: VolumeRecord = { ...id, description, config, contentType, createdAt };
      await storageVolumes.create(record, async (content) => {
        const fill = filling(home, source, { record, layout: layoutOf, told: volume.config }, operation);
        await volumes.createFilled(id.pool, content, fill, boundOf(volumes, record));
        for (const { name, ...snapshot } of snapshots) {
          operation.signal.throwIfAborted();
          const asItWas = { ...record, config: own(snapshot.config) };
          const layout = roots.get(name)!;
          const fillSnapshot = filling(home, source, { record: asItWas, layout, told: snapshot.config }, operation);
          const { project, pool, name: owner } = id;
          const added = { volume: { project, pool, name: owner }, name, ...snapshot, config: asItWas.config };
          await storageVolumes.snapshots.addFilled(added, (one) => volumes.createFilled(pool, one, fillSnapshot));
        }
      });
    },
  });
}

/** Without what is of another host, or of other storage drivers than the pool's. */
function ownConfig(config: Config, others: readonly string[], operation: RunningOperation): Config {
  const isForeign = (key: string) => key.startsWith("lvm.") || others.includes(key);
  const foreign = Object.keys(config).filter(isForeign);
  if (foreign.length > 0)
    operation.warn(`Settings of the backup left out, which other storage drivers have: ${foreign.join(", ")}.`);
  return Object.fromEntries(Object.entries(config).filter(([key]) => !key.startsWith("volatile.") && !isForeign(key)));
}

interface Content {
  readonly record: VolumeRecord;
  readonly layout: TarLayout;
  /** What the backup says of its configuration. */
  readonly told: Config;
}

/** Puts the content of a part of the backup into an empty root. */
function filling(home: VolumeBackupHome, { file, backup }: Source, content: Content, operation: RunningOperation) {
  const { record, layout, told } = content;
  const isBlock = record.contentType === "block";
  const ids = isBlock ? undefined : fileIds(told[lastIdsKey], lastIdsKey);
  const warn = (text: string) => operation.warn(`Of the volume: ${text.replace("of the image", "of the backup")}`);
  // The file comes from elsewhere, and its volume may go into any container.
  const options = { deviceNodes: false, warn, signal: operation.signal, ...(ids === undefined ? {} : { ids }) };
  return async (rootPath: string): Promise<void> => {
    await chmod(rootPath, 0o711);
    await unpackRoot(file, { main: backup.compression, layout }, rootPath, home.images.limits, options);
    if (isBlock) await adoptImage(record, rootPath, path.basename(layout.prefix));
  };
}
