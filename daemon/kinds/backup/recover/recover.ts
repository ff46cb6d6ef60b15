/**
 * Recover: instances whose volumes are in a pool and which the database has lost are made known again, by the backup.yaml beside their roots
 * (`lxd recover`). Nothing of a volume is touched: what cannot be recovered stays as it is.
 */
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { never } from "../../../../sdk/api/common";
import { ApiError } from "../../../../sdk/api/errors";
import type { RecoverPools, RecoverResult } from "../../../../sdk/api/storage-pool";
import { type Call, defaultProject } from "../../../core/call";
import { ref, urlOf } from "../../../core/ref";
import { fileNameOf } from "../../../platform/folders/file-name";
import { findArchitecture } from "../../../platform/host/architecture";
import { nowText } from "../../../platform/time";
import { checkTemplates, parseMetadata } from "../../image/archive/metadata";
import { baseOf } from "../../instance/create/idmap";
import { makeLinks } from "../../instance/create/links";
import { devicesIn } from "../../instance/devices-in";
import { metadataOf } from "../../instance/metadata/metadata";
import type { KeptMetadata } from "../../instance/metadata/store";
import { type InstanceId, type InstanceRecord, instanceOfKey, instanceRef, keyOf } from "../../instance/record";
import { type SnapshotRecord, settingsOf } from "../../snapshot/store";
import { type BackedUp, readWhole } from "../format/read";
import { diskIdsKey } from "../format/volatile";
import type { BackupHome } from "../home";
import { readBackupBeside, readMetadataBeside } from "./beside";

type Found = Omit<BackedUp, "isOptimized">;

/** An instance that is in a pool and not in the database. */
interface Lost {
  readonly id: InstanceId;
  readonly pool: string;
  readonly found: Found;
  readonly metadata: KeptMetadata | undefined;
  /** Names of its snapshots that are on disk. */
  readonly snapshots: readonly string[];
}

/** Tells what could be recovered of pools, and what it lacks. @throws ApiError NOT_FOUND for a pool that cannot be opened */
export async function validate(home: BackupHome, { pools }: RecoverPools): Promise<RecoverResult> {
  const lost = await scan(home, pools);
  return resultOf(lost, lacking(home, lost));
}

/** Makes known what could be recovered; nothing while something is lacking. @returns the same as `validate` in that case */
export async function recover(
  home: BackupHome,
  call: Call,
  { pools }: RecoverPools,
): Promise<RecoverResult | undefined> {
  const lost = await scan(home, pools);
  const lacks = lacking(home, lost);
  if (lacks.length > 0) return resultOf(lost, lacks);
  for (const pool of pools) await home.storagePools.adopt(pool);
  for (const one of lost)
    await home.changes.run(call, {
      of: [instanceRef(one.id)],
      told: { action: "instance-created", of: instanceRef(one.id) },
      work: () => makeKnown(home, one),
    });
  for (const { name } of pools) home.warnings.resolve("volumeStray", urlOf(ref("storage-pool", name)));
  return undefined;
}

const resultOf = (lost: readonly Lost[], lacks: readonly string[]): RecoverResult => ({
  UnknownVolumes:
    lost.length === 0
      ? null
      : lost.map(({ id, pool, snapshots }) => ({
          name: id.name,
          type: "container",
          snapshotCount: snapshots.length,
          project: id.project,
          pool,
        })),
  DependencyErrors: lacks.length === 0 ? null : [...lacks],
});

async function scan(home: BackupHome, pools: RecoverPools["pools"]): Promise<Lost[]> {
  const lost: Lost[] = [];
  for (const pool of pools)
    await home.storagePools.whileOpen(pool, async (list, folder) => {
      const snapshots = await list("containers-snapshots");
      for (const key of await list("containers")) {
        const id = instanceOfKey(key);
        if (home.instances.home.book.store.isTaken(id)) continue;
        const beside = await readOrTell(home, path.join(folder, "containers", fileNameOf(key)));
        if (beside === undefined) continue;
        const own = snapshots.filter((name) => name.startsWith(`${key}/`)).map((name) => name.slice(key.length + 1));
        lost.push({ id, pool: pool.name, ...beside, snapshots: own });
      }
    });
  return lost;
}

/** @returns nothing where backup.yaml is missing or cannot be read, which is told in the log */
async function readOrTell(home: BackupHome, folder: string): Promise<Pick<Lost, "found" | "metadata"> | undefined> {
  try {
    return {
      found: readWhole("backup.yaml", await readBackupBeside(folder)),
      metadata: await metadataIn(home, folder),
    };
  } catch (error) {
    if (!ApiError.is(error)) throw error;
    home.log.warning("A volume cannot be recovered: what tells of its instance cannot be read", { folder, error });
    return undefined;
  }
}

/** Metadata and templates; nothing of those that cannot be read, without which an instance can live. */
async function metadataIn({ log }: BackupHome, folder: string): Promise<KeptMetadata | undefined> {
  try {
    const { metadata: told, templates } = await readMetadataBeside(folder);
    if (told === null) return undefined;
    const metadata = parseMetadata(told);
    checkTemplates(metadata, templates);
    return { metadata, templates: { ...templates } };
  } catch (error) {
    if (!ApiError.is(error)) throw error;
    log.warning("Templates cannot be recovered", { folder, error });
    return undefined;
  }
}

/** What must be there before, in LXD's words. */
function lacking({ instances, projects }: BackupHome, lost: readonly Lost[]): string[] {
  const { profiles } = instances.home;
  const lacks = new Set<string>();
  const pools = new Map<string, string>();
  for (const { id, pool, found } of lost) {
    const other = pools.get(keyOf(id));
    if (other !== undefined)
      lacks.add(`Instance "${id.name}" in project "${id.project}" once: it is in the pools "${other}" and "${pool}"`);
    pools.set(keyOf(id), pool);
    if (!projects.exists(id.project)) lacks.add(`Project "${id.project}"`);
    else
      for (const name of found.instance.profiles)
        if (profiles.find(id.project, name) === undefined) lacks.add(`Profile "${name}" in project "${id.project}"`);
  }
  return [...lacks].sort();
}

async function makeKnown(home: BackupHome, lost: Lost): Promise<void> {
  const { database, instances, snapshots } = home;
  const { book } = instances.home;
  book.requireFree(lost.id);
  const record = recordOf(home, lost);
  const records = lost.snapshots.map((name) => snapshotOf(home, record, lost, name));
  database.transaction(() => {
    book.store.insertPending(record);
    for (const snapshot of records) snapshots.addKnown(snapshot);
    if (lost.metadata !== undefined && !isDeepStrictEqual(lost.metadata, metadataOf(instances.home, record)))
      book.store.metadata.set(record, lost.metadata);
    book.store.confirm(record);
  });
  await makeLinks(instances.home, record.pool, record);
  // It may have gone on running.
  if (await instances.lifecycle.adopt(record)) home.warnings.resolve("instanceStray", urlOf(instanceRef(record)));
}

function recordOf(home: BackupHome, { id, pool, found: { instance } }: Lost): InstanceRecord {
  const { book } = home.instances.home;
  const { [diskIdsKey]: _, ...config } = instance.config;
  const base = baseOf(config);
  const isTaken = book.uses().some((use) => baseOf(use.config) === base);
  if (base !== undefined) book.hostIds.reserve(base);
  return {
    ...id,
    architecture: findArchitecture(instance.architecture) ?? instance.architecture,
    description: instance.description,
    config: base === undefined || isTaken ? book.hostIds.giveNew(config) : config,
    devices: devicesIn(home.instances.home.book, id.project, pool, instance),
    profiles: instance.profiles,
    ephemeral: instance.ephemeral,
    createdAt: instance.created_at,
    lastUsedAt: instance.last_used_at,
    pool,
    volumeConfig: instance.volumeConfig,
  };
}

/** One that the file does not tell of is taken for the instance as it is. */
function snapshotOf(home: BackupHome, record: InstanceRecord, { found }: Lost, name: string): SnapshotRecord {
  const instance = { project: record.project || defaultProject, name: record.name };
  const told = found.snapshots.find((snapshot) => snapshot.name === name);
  if (told === undefined)
    return { instance, name, createdAt: nowText(), expiresAt: never, settings: settingsOf(record) };
  const { [diskIdsKey]: _, ...config } = told.config;
  return {
    instance,
    name,
    createdAt: told.created_at,
    expiresAt: told.expires_at,
    settings: {
      architecture: findArchitecture(told.architecture) ?? record.architecture,
      description: "",
      config,
      devices: devicesIn(home.instances.home.book, record.project, record.pool, told),
      profiles: told.profiles,
      ephemeral: told.ephemeral,
      lastUsedAt: told.last_used_at,
      volumeConfig: told.volumeConfig,
    },
  };
}
