/** Book: which instances there are, what each comes to with its profiles, and which of them run. */
import type { Config, Devices } from "../../../sdk/api/common";
import { conflict, notFound } from "../../../sdk/api/errors";
import type { Projects } from "../../core/projects";
import { type Ref, ref } from "../../core/ref";
import { deviceTargets } from "../../core/references/devices";
import type { References } from "../../core/references/references";
import type { Reference } from "../../core/references/store";
import type { ParentGroups } from "../../platform/host/cgroups";
import type { FilePlace, IdRange } from "../../platform/native/index";
import type { Platform } from "../../platform/platform";
import type { ProfileId, ProfileRecord } from "../profile/store";
import type { Volumes } from "../storage-pool/volumes";
import { keepVolatile, refreshed } from "./change/volatile";
import { freeName } from "./create/free-name";
import { baseOf, idRange, withBase } from "./create/idmap";
import { HostIds } from "./host-ids";
import { labelOps } from "./labels/label";
import { inForce } from "./life/made-by";
import { Running } from "./life/running";
import type { ProfilePort } from "./profile-port";
import { type Expanded, expand, type InstanceId, type InstanceRecord, instanceRef, keyOf } from "./record";
import { InstanceStore } from "./store";
import { volumeOf } from "./volume";

export interface InstanceUse extends InstanceId {
  /** Its name on the host. */
  readonly key: string;
  readonly profiles: readonly string[];
  /** Its own, volatile keys included. */
  readonly config: Config;
  readonly expandedDevices: Devices;
}

interface BookHome extends Pick<Platform, "database" | "dirs"> {
  readonly groups: ParentGroups;
  readonly references: References;
  readonly profiles: ProfilePort;
  readonly projects: Pick<Projects, "homeOf">;
  readonly volumes: Pick<Volumes, "root">;
}

export class InstanceBook {
  readonly store: InstanceStore;
  readonly running = new Running();
  readonly hostIds: HostIds;

  constructor(private readonly home: BookHome) {
    this.store = new InstanceStore(home.database, home.references, (record) => this.#targetsOf(record));
    this.hostIds = new HostIds(home.groups.name);
    for (const { config } of this.#all()) this.hostIds.reserve(baseOf(config) ?? 0);
  }

  #targetsOf(record: InstanceRecord): Ref[] {
    const profiles = this.home.profiles.layers(record.project, record.profiles);
    return [
      ...profiles.map(({ project, name }) => ref("profile", name, project)),
      ...deviceTargets(expand(record, profiles).devices, this.home.projects.homeOf("storage.volumes", record.project)),
    ];
  }

  /** All that instances refer to. */
  references(): Reference[] {
    return this.#all().flatMap((record) =>
      this.#targetsOf(record).map((target) => ({ owner: instanceRef(record), target })),
    );
  }

  #all(): InstanceRecord[] {
    return [...this.store.list(), ...this.store.listPending()];
  }

  /** Who uses what; instances that are being made or deleted still do. */
  uses(): InstanceUse[] {
    return this.#all().map((record) => ({
      project: record.project,
      name: record.name,
      key: keyOf(record),
      profiles: record.profiles,
      config: record.config,
      expandedDevices: this.expanded(record).devices,
    }));
  }

  /** Those of a project with what each comes to, those that are being made or deleted too. @param next a profile as it shall be */
  expandedOf(
    project: string,
    next?: ProfileId & Pick<ProfileRecord, "config" | "devices">,
  ): readonly (Expanded & { readonly name: string })[] {
    const { profiles } = this.home;
    const isNext = ({ name }: ProfileRecord) =>
      next !== undefined && name === next.name && profiles.isSeen(project, next);
    return this.#all()
      .filter((record) => record.project === project)
      .map((record) => {
        const layers = profiles.layers(project, record.profiles);
        const { config, devices } = expand(
          record,
          layers.map((layer) =>
            isNext(layer) ? { ...layer, config: next?.config ?? {}, devices: next?.devices ?? {} } : layer,
          ),
        );
        return { name: record.name, config, devices };
      });
  }

  /** Those that have a profile; instances that are being made or deleted too. */
  usersOfProfile({ project, name }: ProfileId): InstanceRecord[] {
    const users = this.home.references.to(ref("profile", name, project)).filter(({ kind }) => kind === "instance");
    return users.flatMap((user) => this.store.findAny(user) ?? []);
  }

  /** What an instance comes to with its profiles. One that is gone counts as empty: nothing but a start has to mind (life/startable.ts). */
  expanded(settings: Pick<InstanceRecord, "project" | "config" | "devices" | "profiles">): Expanded {
    return expand(settings, this.home.profiles.layers(settings.project, settings.profiles));
  }

  /** The expanded configuration that counts for an instance now: a running one goes on as it was made. */
  inForce(record: InstanceRecord): Config {
    return inForce(this.expanded(record).config, this.running.get(record)?.madeBy);
  }

  /** @throws ApiError NOT_FOUND "Instance not found" */
  record(instance: InstanceId): InstanceRecord {
    const record = this.store.find(instance);
    if (record === undefined) throw notFound("Instance not found");
    return record;
  }

  find(instance: InstanceId): InstanceRecord | undefined {
    return this.store.find(instance);
  }

  /** A name that nobody has. */
  freeName(project: string): string {
    return freeName((name) => this.store.isTaken({ project, name }));
  }

  /** @throws ApiError CONFLICT */
  requireFree({ project, name }: InstanceId): void {
    if (this.store.isTaken({ project, name }))
      throw conflict(
        `Failed creating instance record: Instance "${name}" already exists. Choose another name, or delete it first.`,
      );
  }

  /** The same for a name that an instance is to get, in LXD's words. @throws ApiError CONFLICT */
  requireNewName({ project, name }: InstanceId): void {
    if (this.store.isTaken({ project, name }))
      throw conflict(`Name "${name}" already in use. Choose another name, or delete the instance that has it first.`);
  }

  /** Reads, changes and writes a record in one step; one that is gone stays so. */
  change(instance: InstanceId, next: (record: InstanceRecord) => InstanceRecord): void {
    this.home.database.transaction(() => {
      const record = this.store.find(instance);
      if (record !== undefined) this.store.update(next(record));
    });
  }

  /** Gives a stopped instance the settings of a draft; what the daemon itself keeps stays. */
  replaceSettings(
    target: InstanceRecord,
    { config, devices, profiles, description, ephemeral }: InstanceRecord,
  ): InstanceRecord {
    this.change(target, (now) => ({
      ...now,
      config: refreshed(now.config, config),
      devices,
      profiles,
      description,
      ephemeral,
    }));
    return this.record(target);
  }

  /** Takes note of what following a change made of a running instance. @param made as `merged` has it */
  noteLive(instance: InstanceId, made: Config): void {
    this.change(instance, (now) => ({ ...now, config: this.merged(now, now, made) }));
  }

  /** @param made the configuration after devices were plugged; it tells where the nics are while the instance runs */
  merged(now: InstanceRecord, next: InstanceRecord, made: Config): Config {
    return keepVolatile(this.running.has(now) ? made : now.config, next.config);
  }

  /** Sees to it that an instance has host ids enough for its next start. */
  withWideIds(record: InstanceRecord): InstanceRecord {
    const config = this.hostIds.widened(record.config, this.expanded(record).config);
    if (config === record.config) return record;
    this.change(record, (now) => ({ ...now, config: withBase(now.config, baseOf(config) ?? 0) }));
    return { ...record, config };
  }

  /** Host ids that an instance has, or that its next start gives to it; nothing for a privileged one. */
  idsOf(record: InstanceRecord): IdRange | undefined {
    return idRange(this.inForce(record), record.config);
  }

  /** Where files of an instance are found: in the running container, or in its volume. */
  filePlace(record: InstanceRecord): FilePlace {
    const running = this.running.get(record);
    const ids = this.idsOf(record);
    if (running !== undefined) return { target: running.cell, ids, label: labelOps(this.home.dirs, record) };
    return { root: this.home.volumes.root(record.pool, volumeOf(record)), ids };
  }
}
