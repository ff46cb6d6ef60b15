/** Import: an instance is made of the file of a backup, which comes from elsewhere and may be hostile. A failure or a crash leaves nothing. */
import { isDeepStrictEqual } from "node:util";
import { type Config, InstanceName } from "../../../sdk/api/common";
import { instanceConfig } from "../../../sdk/api/config/instance";
import { conflict, notFound } from "../../../sdk/api/errors";
import { eitherFamily } from "../../../sdk/api/headers";
import { InstancesPost } from "../../../sdk/api/instance";
import { withoutStamp } from "../../../sdk/api/stamp";
import { requireAccess } from "../../core/access";
import { type Call, defaultProject } from "../../core/call";
import { requireName } from "../../core/validate";
import { type ApiRequest, asyncOp, type Reply } from "../../http/route";
import { findArchitecture } from "../../platform/host/architecture";
import type { RunningOperation } from "../../platform/operations";
import type { TarLayout } from "../image/archive/check";
import { checkTemplates, parseMetadata, triggers } from "../image/archive/metadata";
import { unpackRoot } from "../image/archive/unpack";
import { draftInstance } from "../instance/create/draft";
import { leaveToStart } from "../instance/create/file-templates";
import { make } from "../instance/create/make";
import { keptUuid } from "../instance/create/uuid";
import { devicesIn } from "../instance/devices-in";
import { metadataOf } from "../instance/metadata/metadata";
import { type InstanceId, type InstanceRecord, instanceRef, rootOf } from "../instance/record";
import { about } from "../instance/request";
import { sizeOfNewRoot } from "../instance/root-size";
import { volumeOf } from "../instance/volume";
import type { SnapshotRecord } from "../snapshot/store";
import { type BackupFile, type InspectedBackup, inspectBackup, inWordsOfBackups } from "./archive/inspect";
import { type BackedUpInstance, type BackedUpSnapshot, fileIds } from "./format/read";
import { diskIdsKey, passedOn } from "./format/volatile";
import type { BackupHome } from "./home";
import { receiveBackup, requireUpload } from "./upload";

/** What a request says beside the bytes. */
interface Wanted {
  readonly name: string | undefined;
  readonly pool: string | undefined;
}

/** Makes an instance of the body of a request; the body is on disk before the answer goes out. @throws ApiError NOT_FOUND, CONFLICT, BAD_REQUEST */
export async function importBackup(home: BackupHome, { call, headers, body }: ApiRequest): Promise<Reply> {
  const { changes, instances } = home;
  requireAccess(call, [instanceRef({ project: call.project, name: "" })]);
  requireUpload(headers);
  const wanted = { name: eitherFamily(headers, "name") || undefined, pool: eitherFamily(headers, "pool") || undefined };
  const id = wanted.name === undefined ? undefined : { project: call.project, name: wanted.name };
  if (id !== undefined) {
    requireName("instance", InstanceName, id.name);
    requireFree(home, id);
  }
  if (wanted.pool !== undefined) instances.home.storagePools.record(wanted.pool);
  const upload = await receiveBackup(body, "instance", home.dirs.scratch, home.images.limits);
  return asyncOp(
    changes.start(call, {
      // Which instance it will be is known when the backup is read.
      of: [],
      operation:
        id === undefined ? { description: "Restoring backup", mayCancel: true } : about(id, "Restoring backup", true),
      work: async (operation) => {
        await using file = upload;
        try {
          await makeInstance(home, call, file, wanted, operation);
        } catch (error) {
          throw inWordsOfBackups(error);
        }
      },
    }),
  );
}

/** @throws ApiError CONFLICT */
function requireFree({ instances }: BackupHome, id: InstanceId): void {
  if (instances.home.book.store.isTaken(id))
    throw conflict(
      `Create instance from backup: Cannot restore volume, already exists on target: there is an instance "${id.name}". Choose another name, or delete it first.`,
    );
}

async function makeInstance(
  home: BackupHome,
  call: Call,
  file: BackupFile,
  wanted: Wanted,
  operation: RunningOperation,
): Promise<void> {
  const backup = await inspectBackup(file, home.images.limits, operation.signal);
  const id: InstanceId = { project: call.project, name: wanted.name ?? backup.instance.name };
  requireName("instance", InstanceName, id.name);
  await home.changes.run(call, {
    of: [instanceRef(id)],
    told: { action: "instance-created", of: instanceRef(id) },
    work: async () => {
      const { home: instances } = home.instances;
      requireFree(home, id);
      const pool = poolFor(home, call.project, wanted, backup);
      const draft = draftOf(home, id, pool, backup);
      await make(instances, draft, async (record) => {
        await fill(home, record, { file: file.path, backup, pool }, operation);
        keepMetadata(home, record, backup, operation);
        const trigger = instanceConfig(backup.instance.config).get("volatile.apply_template");
        const isTrigger = triggers.some((known) => known === trigger);
        return isTrigger ? leaveToStart(instances, record, trigger as (typeof triggers)[number]) : {};
      });
    },
  });
}

/** The pool that the request names, else that of the backup, else that of the default profile, as in LXD. */
function poolFor({ instances }: BackupHome, project: string, wanted: Wanted, backup: InspectedBackup): string {
  const { storagePools } = instances.home;
  if (wanted.pool !== undefined) return storagePools.record(wanted.pool).name;
  if (storagePools.records().some(({ name }) => name === backup.pool)) return backup.pool;
  const { devices } = instances.home.book.expanded({ project, config: {}, devices: {}, profiles: ["default"] });
  const pool = rootOf(devices)?.pool;
  if (pool === undefined)
    throw notFound(
      `Storage pool not found: the backup is of the pool "${backup.pool}", and the profile "default" has no root disk. Name a pool.`,
    );
  return pool;
}

/** @throws ApiError for all that a new instance of these settings would be refused for */
function draftOf(home: BackupHome, id: InstanceId, pool: string, { instance }: InspectedBackup): InstanceRecord {
  const { architecture, description, ephemeral, profiles, created_at: createdAt } = instance;
  const config = passedOn(withoutStamp(instance.config));
  const base = instanceConfig(config).get("volatile.base_image");
  const post = InstancesPost.parse({
    config,
    devices: devicesIn(home.instances.home.book, id.project, pool, instance),
    description,
    ephemeral,
    profiles,
    source: { type: "backup" },
  });
  const origin: Config = base === undefined ? {} : { "volatile.base_image": base };
  const draft = draftInstance(home.instances.home, id, post, {
    config: origin,
    architecture,
    volumeConfig: instance.volumeConfig,
  });
  const uuid = keptUuid(home.instances.home.book, instance.config);
  return { ...draft, createdAt, config: { ...draft.config, ...uuid } };
}

interface Source {
  readonly file: string;
  readonly backup: InspectedBackup;
  readonly pool: string;
}

/** Makes the volumes of an instance and of its snapshots. */
async function fill(
  home: BackupHome,
  record: InstanceRecord,
  { file, backup, pool }: Source,
  operation: RunningOperation,
): Promise<void> {
  const { instances, snapshots, volumes } = home;
  const { compression } = backup;
  const isPrivileged = (settings: Pick<InstanceRecord, "config" | "devices" | "profiles">) =>
    instanceConfig(instances.home.book.expanded({ project: record.project, ...settings }).config).get(
      "security.privileged",
    );
  const unpacker = (layout: TarLayout, own: BackedUpInstance | BackedUpSnapshot) => {
    const ids = fileIds(own.config[diskIdsKey]);
    // Nobody may make nodes with ids of another range.
    const deviceNodes = ids === undefined && isPrivileged(own);
    const warn = (text: string) => operation.warn(text.replace("of the image", "of the backup"));
    const options = { deviceNodes, warn, signal: operation.signal, ...(ids === undefined ? {} : { ids }) };
    return (rootPath: string) => unpackRoot(file, { main: compression, layout }, rootPath, home.images.limits, options);
  };
  const size = sizeOfNewRoot(instances.home, pool, instances.home.book.expanded(record).devices);
  await volumes.createFilled(pool, volumeOf(record), unpacker(backup.container, backup.instance), size);
  for (const snapshot of backup.snapshots) {
    operation.signal.throwIfAborted();
    const unpack = unpacker(backup.roots.get(snapshot.name)!, snapshot);
    await snapshots.addFilled(snapshotOf(home, record, snapshot), (volume) =>
      volumes.createFilled(pool, volume, unpack),
    );
  }
}

/** What the backup says of the instance's templates, where that is not what its image says here. */
function keepMetadata(
  { instances }: BackupHome,
  record: InstanceRecord,
  { metadata: told, templates }: InspectedBackup,
  operation: RunningOperation,
): void {
  if (told === null) return;
  try {
    const metadata = parseMetadata(told);
    checkTemplates(metadata, templates);
    const { book } = instances.home;
    if (!isDeepStrictEqual({ metadata, templates: { ...templates } }, metadataOf(instances.home, record)))
      book.store.metadata.set(record, { metadata, templates });
  } catch (error) {
    const message = inWordsOfBackups(error) as Error;
    operation.warn(`The templates of the backup are left out. ${message.message}`);
  }
}

function snapshotOf(home: BackupHome, record: InstanceRecord, snapshot: BackedUpSnapshot): SnapshotRecord {
  const { name, architecture, config, ephemeral, profiles } = snapshot;
  return {
    instance: { project: record.project, name: record.name },
    name,
    createdAt: snapshot.created_at,
    expiresAt: snapshot.expires_at,
    settings: {
      architecture: findArchitecture(architecture) ?? record.architecture,
      description: "",
      config: passedOn(withoutStamp(config)),
      devices: devicesIn(home.instances.home.book, record.project || defaultProject, record.pool, snapshot),
      profiles,
      ephemeral,
      lastUsedAt: snapshot.last_used_at,
      volumeConfig: snapshot.volumeConfig,
    },
  };
}
