/** What a backup says of itself: LXD's backup.yaml and index.yaml, of which each server makes an instance again (docs/lxd-api.md, Backups). */
import { type Config, never } from "../../../../sdk/api/common";
import { statusCodes } from "../../../../sdk/api/operation";
import type { InstanceBook } from "../../instance/book";
import type { InstanceRecord } from "../../instance/record";
import { statusOf } from "../../instance/view";
import type { ProfileRecord } from "../../profile/store";
import type { SnapshotRecord } from "../../snapshot/store";
import type { StoragePoolRecord } from "../../storage-pool/store";
import { withOwnIds } from "./volatile";
import { yamlText } from "./yaml";

export interface Described {
  readonly instance: InstanceRecord;
  readonly snapshots: readonly SnapshotRecord[];
  readonly pool: StoragePoolRecord;
  readonly profiles: readonly ProfileRecord[];
  readonly book: InstanceBook;
  /** What of a configuration is told. */
  readonly told?: (config: Config) => Config;
}

/** backup.yaml, which lies beside the root of an instance. */
export const backupYaml = (what: Described): string => yamlText(configOf(what));

/** index.yaml, which a backup begins with. */
export const indexYaml = (what: Described): string =>
  yamlText({
    name: what.instance.name,
    backend: what.pool.driver,
    pool: what.pool.name,
    ...(what.snapshots.length === 0 ? {} : { snapshots: what.snapshots.map(({ name }) => name) }),
    optimized: false,
    optimized_header: false,
    type: "container",
    config: configOf(what),
  });

function configOf({ instance, snapshots, pool, profiles, book, told = withOwnIds }: Described) {
  const settings = (record: Pick<InstanceRecord, "project" | "config" | "devices" | "profiles">) => {
    const expanded = book.expanded(record);
    return {
      config: told(record.config),
      devices: record.devices,
      profiles: [...record.profiles],
      expanded_config: told(expanded.config),
      expanded_devices: expanded.devices,
    };
  };
  const status = statusOf(book.running.get(instance));
  const volume = { config: {}, description: "", content_type: "filesystem", created_at: never };
  return {
    container: {
      architecture: instance.architecture,
      ...settings(instance),
      ephemeral: instance.ephemeral,
      stateful: false,
      description: instance.description,
      created_at: instance.createdAt,
      name: instance.name,
      status,
      status_code: statusCodes[status],
      last_used_at: instance.lastUsedAt,
      location: "none",
      type: "container",
      project: instance.project,
    },
    snapshots: snapshots.map((snapshot) => ({
      expires_at: snapshot.expiresAt,
      architecture: snapshot.settings.architecture,
      ...settings({ ...snapshot.settings, project: instance.project }),
      created_at: snapshot.createdAt,
      ephemeral: snapshot.settings.ephemeral,
      last_used_at: snapshot.settings.lastUsedAt,
      name: snapshot.name,
      stateful: false,
      size: -1,
    })),
    pool: {
      config: pool.config,
      description: pool.description,
      name: pool.name,
      driver: pool.driver,
      used_by: [],
      status: "Created",
      locations: ["none"],
    },
    profiles: profiles.map(({ name, config, description, devices }) => ({
      config,
      description,
      devices,
      name,
      used_by: [],
    })),
    volume: {
      ...volume,
      config: instance.volumeConfig,
      name: instance.name,
      type: "container",
      used_by: [],
      location: "none",
      project: instance.project,
    },
    volume_snapshots: snapshots.map(({ name, expiresAt, settings: { volumeConfig = {} } }) => ({
      ...volume,
      config: volumeConfig,
      expires_at: expiresAt,
      name,
    })),
  };
}
