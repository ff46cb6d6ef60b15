/**
 * Backup files: beside the root of each instance lies what the database has of it, so that it can be made known again when the database is lost. Guests cannot reach it: the folder is not theirs, only the root in it is. Files follow what listeners hear of
 * changes, a moment later and never in their way; a start of the daemon looks at all of them.
 */
import path from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import type { Config } from "../../../../sdk/api/common";
import type { LifecycleEvent } from "../../../platform/events";
import { fileNameOf } from "../../../platform/folders/file-name";
import { errnoOf, isNoSpace, isReadonly } from "../../../platform/folders/files";
import { metadataOf } from "../../instance/metadata/metadata";
import { type InstanceId, type InstanceRecord, instanceOfKey, keyOf } from "../../instance/record";
import { diskIdsKey } from "../format/volatile";
import { backupYaml } from "../format/write";
import { yamlText } from "../format/yaml";
import type { BackupHome } from "../home";
import { writeBeside } from "./beside";

/** A create, its templates and a start, or the changes of a program, come to one write. */
const pauseMs = 300;

/** What happens in an instance, or to what is not in the file. */
const isOther = (action: string): boolean => /^instance-(backup|console|deleted|exec|file|log|ready)/.test(action);

/** Ids on disk are the container's own; all else is as the database has it. */
const told = (config: Config): Config => ({ ...config, [diskIdsKey]: "[]" });

export class BackupFiles {
  readonly #changed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(private readonly home: BackupHome) {}

  /** Begins to follow changes, and looks at the files of all instances. */
  start(): void {
    const { events, instances } = this.home;
    events.onLifecycle((event) => this.#follow(event));
    this.#note(instances.home.book.store.list());
  }

  /** Writes what is still to be written. */
  async stop(): Promise<void> {
    this.#writeAll();
    await this.#writing;
  }

  #follow({ action, source, project }: LifecycleEvent): void {
    const { book } = this.home.instances.home;
    const [, kind, part = ""] = /^\/1\.0\/([a-z-]+)\/([^/?]+)/.exec(source) ?? [];
    const name = decodeURIComponent(part);
    if (kind === "instances" && !isOther(action)) this.#note([{ project, name }]);
    if (kind === "profiles") this.#note(book.usersOfProfile({ project, name }));
    if (kind === "storage-pools") this.#note(book.store.list().filter(({ pool }) => pool === name));
  }

  #note(instances: readonly InstanceId[]): void {
    for (const instance of instances) this.#changed.add(keyOf(instance));
    if (this.#changed.size > 0) this.#timer ??= setTimeout(() => this.#writeAll(), pauseMs).unref();
  }

  #writeAll(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const keys = [...this.#changed];
    this.#changed.clear();
    this.#writing = this.#writing.then(async () => {
      for (const key of keys) {
        const record = this.home.instances.home.book.find(instanceOfKey(key));
        if (record !== undefined) await this.#writeOrLog(record);
        // Others have their turn.
        await turn();
      }
    });
  }

  async #writeOrLog(record: InstanceRecord): Promise<void> {
    try {
      await this.#write(record);
    } catch (error) {
      // The instance, or its pool, is away; or there is no room, and the next change tries again.
      if (["ENOENT", "ENOTDIR", "ENOTCONN"].includes(errnoOf(error)) || isNoSpace(error) || isReadonly(error)) return;
      this.home.log.warning("Cannot write what tells of an instance without the database", {
        name: record.name,
        error,
      });
    }
  }

  async #write(instance: InstanceRecord): Promise<void> {
    const { dirs, instances, snapshots } = this.home;
    const { book, profiles, storagePools } = instances.home;
    const { metadata, templates } = metadataOf(instances.home, instance);
    const backup = backupYaml({
      instance,
      snapshots: snapshots.records(instance),
      pool: storagePools.record(instance.pool),
      profiles: profiles.layers(instance.project, instance.profiles),
      book,
      told,
    });
    const folder = path.join(dirs.pool(instance.pool), "containers", fileNameOf(keyOf(instance)));
    await writeBeside(folder, { backup, metadata: yamlText(metadata), templates });
  }
}
