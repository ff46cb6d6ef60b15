/** Instances: the rules of their life. The lifecycle starts and stops them, the stores keep them, the pools hold their roots. */
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Config, Devices } from "../../../sdk/api/common";
import { instanceConfig } from "../../../sdk/api/config/instance";
import { ApiError, badRequest, conflict, notFound } from "../../../sdk/api/errors";
import type { Instance, InstancePut, InstanceState } from "../../../sdk/api/instance";
import type { Context } from "../../context";
import { withoutEmpty, withoutEmptyOptions } from "../../core/merge";
import { isDuplicate } from "../../platform/database/database";
import type { Requestor } from "../../platform/events";
import { findArchitecture, requireRunnable } from "../../platform/host/architecture";
import type { ParentGroups } from "../../platform/host/cgroups";
import { errnoOf } from "../../platform/native/connection";
import { type FilePlace, idmapOps, type Op } from "../../platform/native/index";
import type { Volume } from "../storage-pool/driver";
import { checkRivals, checkSettings, type Settings } from "./change/checks";
import { followLive } from "./change/live-update";
import { keepVolatile, refreshed } from "./change/volatile";
import { eraseInstance, isPoolKnown } from "./create/erase";
import { allocateBase, baseOf, idRange, withBase } from "./create/idmap";
import { makeLinks } from "./create/links";
import { nicDevices } from "./devices/nics";
import { runningState, stoppedState } from "./inside/state";
import { Lifecycle } from "./life/lifecycle";
import { inForce } from "./life/made-by";
import type { RunningInstance } from "./life/running";
import { requireStartable } from "./life/startable";
import { requireReadable } from "./readable";
import { type Expanded, expand, type InstanceRecord, rootDisk, rootOf } from "./record";
import { InstanceStore } from "./store";
import { renderInstance, statusOf } from "./view";

export interface InstanceUse {
  readonly name: string;
  readonly profiles: readonly string[];
  /** Its own, volatile keys included. */
  readonly config: Config;
  readonly expandedDevices: Devices;
}

/** How long a question for the state of an instance waits for it to have ended. */
const longestEndMs = 2000;

export const volumeOf = (name: string): Volume => ({ type: "containers", name });

export class InstanceService {
  readonly store: InstanceStore;
  readonly lifecycle: Lifecycle;
  readonly #idSeed: number;
  /** Bases of host ids given to instances, those still being made included. */
  readonly #bases = new Set<number>();

  constructor(
    private readonly context: Context,
    groups: ParentGroups,
    readonly seccompDir: string,
  ) {
    this.#idSeed = seedOf(groups.name);
    this.store = new InstanceStore(context.database);
    this.lifecycle = new Lifecycle(
      context,
      {
        find: (name) => this.store.find(name),
        expanded: (record) => this.expanded(record),
        change: (name, next) => this.#change(name, next),
        deleteStopped: (name) => this.#remove(name),
      },
      groups,
      seccompDir,
    );
    for (const record of [...this.store.list(), ...this.store.listPending()])
      this.#bases.add(baseOf(record.config) ?? 0);
  }

  /** What other kinds need to say who uses them; instances that are being made or deleted still do. */
  uses(): InstanceUse[] {
    return [...this.store.list(), ...this.store.listPending()].map((record) => ({
      name: record.name,
      profiles: record.profiles,
      config: record.config,
      expandedDevices: this.expanded(record).devices,
    }));
  }

  /** What an instance comes to with its profiles. One that is gone counts as empty: nothing but a start has to mind (startable.ts). */
  expanded(settings: Pick<InstanceRecord, "config" | "devices" | "profiles">): Expanded {
    return expand(
      settings,
      settings.profiles.flatMap((name) => this.context.profiles.find(name) ?? []),
    );
  }

  /** The expanded configuration that counts for an instance now: a running one goes on as it was made. */
  inForce(record: InstanceRecord): Config {
    return inForce(this.expanded(record).config, this.lifecycle.running.get(record.name)?.madeBy);
  }

  /** @throws ApiError NOT_FOUND "Instance not found" */
  record(name: string): InstanceRecord {
    const record = this.store.find(name);
    if (record === undefined) throw notFound("Instance not found");
    return record;
  }

  render(record: InstanceRecord): Instance {
    const { name } = record;
    const isDamaged = this.context.damages.has(`/1.0/instances/${name}`);
    return renderInstance(record, this.expanded(record), this.lifecycle.running.get(name), isDamaged);
  }

  async state(record: InstanceRecord): Promise<InstanceState> {
    const rootBytes = await this.#rootBytes(record);
    const running = this.lifecycle.running.get(record.name);
    if (running === undefined) return stoppedState(rootBytes);
    try {
      return await this.#runningState(record, running, rootBytes);
    } catch (error) {
      // It may have ended while the kernel was asked; then its supervisor says so in a moment.
      if (errnoOf(error) === "ESRCH")
        await Promise.race([running.gone, delay(longestEndMs, undefined, { ref: false })]);
      if (this.lifecycle.running.get(record.name)?.cell === running.cell) throw error;
      return stoppedState(rootBytes);
    }
  }

  /** Nothing for a pool that is away: that is no reason to hide the rest. */
  async #rootBytes({ pool, name }: InstanceRecord): Promise<number | undefined> {
    try {
      return await this.context.volumes.usage(pool, volumeOf(name));
    } catch (error) {
      if (ApiError.is(error) && (error.code === "UNAVAILABLE" || error.code === "NOT_FOUND")) return undefined;
      throw error;
    }
  }

  async #runningState(record: InstanceRecord, running: RunningInstance, rootBytes: number | undefined) {
    // Nobody can be asked in one that is being ended.
    const interfaces = running.cell.pid === 0 ? [] : await this.context.native.netState(running.cell);
    const status = statusOf(running);
    return runningState({
      layout: this.lifecycle.groups.layout,
      group: this.lifecycle.group(record.name),
      pid: running.cell.pid,
      status: status === "Frozen" ? "Frozen" : "Running",
      interfaces,
      hostNames: this.#hostNames(record, interfaces),
      rootBytes,
    });
  }

  #hostNames(record: InstanceRecord, interfaces: readonly { name: string; hwaddr: string }[]): Record<string, string> {
    const kept = instanceConfig(record.config);
    const byHwaddr = new Map(
      nicDevices(this.expanded(record).devices).map(([device, options]) => [
        options.hwaddr ?? kept.get(`volatile.${device}.hwaddr`),
        kept.get(`volatile.${device}.host_name`) ?? "",
      ]),
    );
    return Object.fromEntries(interfaces.map((item) => [item.name, byHwaddr.get(item.hwaddr) ?? ""]));
  }

  /** Where files of an instance are found: in the running container, or in its volume. */
  filePlace(record: InstanceRecord): FilePlace {
    const running = this.lifecycle.running.get(record.name);
    const ids = idRange(this.inForce(record), record.config);
    if (running !== undefined) return { target: running.cell, ids };
    return { root: this.context.volumes.root(record.pool, volumeOf(record.name)), ids };
  }

  /** A name that nobody has: two words would be nicer, a few digits are enough. */
  freeName(): string {
    for (;;) {
      const name = `bothy-${randomBytes(4).toString("hex")}`;
      if (this.store.find(name) === undefined) return name;
    }
  }

  /** @throws ApiError CONFLICT */
  requireFree(name: string): void {
    if (this.store.find(name) !== undefined || this.store.listPending().some((record) => record.name === name))
      throw conflict(
        `Failed creating instance record: Instance "${name}" already exists. Choose another name, or delete it first.`,
      );
  }

  /**
   * Makes an instance: its name is taken, its volume is filled, then it exists. A failure or a crash leaves nothing.
   * @param fill makes the volume, and says what the daemon keeps of that in the configuration
   * @param standing settings that are not judged: those of a copy's source
   */
  async make(
    draft: InstanceRecord,
    fill: (record: InstanceRecord) => Promise<Config>,
    standing?: Settings,
  ): Promise<InstanceRecord> {
    // Profiles, networks and pool may be gone since the request was checked.
    checkSettings(this.context, draft, standing);
    const root = rootOf(this.expanded(draft).devices);
    const isStanding = standing !== undefined && isDeepStrictEqual(root, rootOf(this.expanded(standing).devices));
    if (root?.pool !== draft.pool && !isStanding)
      throw badRequest(`Cannot create instance "${draft.name}": its root disk was moved meanwhile. Try again.`);
    this.context.storagePools.record(draft.pool);
    const base = allocateBase(this.#bases, this.#idSeed);
    this.#bases.add(base);
    const record = { ...draft, config: withBase(draft.config, base) };
    try {
      this.store.insertPending(record);
    } catch (error) {
      this.#bases.delete(base);
      if (isDuplicate(error)) this.requireFree(record.name);
      throw error;
    }
    try {
      const noted = await fill(record);
      await makeLinks(this.context, record.pool, record.name);
      this.context.database.transaction(() => {
        this.store.confirm(record.name);
        this.#change(record.name, (now) => ({ ...now, config: { ...now.config, ...noted } }));
      });
      return this.record(record.name);
    } catch (error) {
      await this.erase(record).catch((cause: unknown) =>
        this.context.log.error("Cannot remove a half made instance; the next start does", {
          name: record.name,
          error: cause,
        }),
      );
      throw error;
    }
  }

  /** Replaces the mutable part; a running instance follows at once, or nothing is changed. Caller holds the instance's lock. */
  async update(record: InstanceRecord, put: InstancePut): Promise<void> {
    const next: InstanceRecord = {
      ...record,
      architecture: architectureOf(record, put.architecture),
      description: put.description,
      config: this.#withBase(keepVolatile(record.config, withoutEmpty(put.config))),
      devices: withoutEmptyOptions(put.devices),
      ephemeral: put.ephemeral,
      profiles: put.profiles ?? record.profiles,
    };
    checkSettings(this.context, next, record);
    this.#checkChange(record, next);
    const config = await followLive(this.context, this.lifecycle, next, this.expanded(record), this.expanded(next));
    // It may have ended meanwhile: what the daemon itself keeps is taken as it is now, but for what this change made.
    this.#change(record.name, (now) => ({
      ...next,
      lastUsedAt: now.lastUsedAt,
      config: this.#merged(now, next, config),
    }));
  }

  /** Gives a stopped instance the settings of a draft; what the daemon itself keeps stays. */
  replaceSettings(
    { name }: InstanceRecord,
    { config, devices, profiles, description, ephemeral }: InstanceRecord,
  ): InstanceRecord {
    this.#change(name, (now) => ({
      ...now,
      config: refreshed(now.config, config),
      devices,
      profiles,
      description,
      ephemeral,
    }));
    return this.record(name);
  }

  /** Takes note of what following a change made of a running instance. @param made as #merged has it */
  noteLive(name: string, made: Config): void {
    this.#change(name, (now) => ({ ...now, config: this.#merged(now, now, made) }));
  }

  /** @param made the configuration after devices were plugged; it tells where the nics are while the instance runs */
  #merged(now: InstanceRecord, next: InstanceRecord, made: Config): Config {
    return keepVolatile(this.lifecycle.isRunning(now.name) ? made : now.config, next.config);
  }

  /** Refuses what cannot change. */
  #checkChange(before: InstanceRecord, after: InstanceRecord): void {
    const was = this.expanded(before);
    const is = this.expanded(after);
    const root = isDeepStrictEqual(rootOf(is.devices), rootOf(was.devices)) ? undefined : rootDisk(is.devices);
    if (root !== undefined && root.pool !== before.pool)
      throw badRequest("The pool of the root disk cannot be changed. Copy the instance into the other pool.");
    checkRivals(this.context, after.name, is.devices, was.devices);
  }

  /** Stops and starts; an ephemeral instance stays meanwhile. */
  async restart(name: string, isForced: boolean, timeoutMs: number, requestor: Requestor): Promise<void> {
    const record = this.record(name);
    const { locks } = this.context;
    // What the start would be refused for is said before the stop.
    requireReadable(this.context, "restart", record);
    await requireStartable(this.context, record);
    if (!isForced && this.lifecycle.running.get(name)?.isFrozen) throw badRequest("Instance is frozen");
    const start = () => this.lifecycle.start(this.record(name), requestor);
    await this.lifecycle.whileRestarting(name, async () => {
      if (isForced) {
        await this.lifecycle.kill(name, requestor);
        await start();
      } else {
        await this.lifecycle.stop(name, timeoutMs, requestor);
        await locks.run(`instance/${name}`, start);
      }
    });
    this.context.events.lifecycle({ action: "instance-restarted", source: `/1.0/instances/${name}`, requestor });
  }

  /** @param force whether a running one may be killed @throws ApiError BAD_REQUEST "Instance is running", or that it is protected */
  requireDeletable(record: InstanceRecord, force: boolean): void {
    if (!force && this.lifecycle.isRunning(record.name)) throw badRequest("Instance is running");
    if (instanceConfig(this.expanded(record).config).get("security.protection.delete"))
      throw badRequest(
        "Instance is protected from being deleted. Unset security.protection.delete first, of it or of its profile.",
      );
  }

  /** Deletes an instance with its snapshots. @param force kills a running one first, once nothing speaks against the deletion */
  async delete(record: InstanceRecord, force: boolean, requestor?: Requestor): Promise<void> {
    const { name, pool } = record;
    this.requireDeletable(record, force);
    if (isPoolKnown(this.context, pool)) await this.context.volumes.requirePool(pool);
    if (this.lifecycle.isRunning(name)) await this.lifecycle.kill(name, requestor);
    // An ephemeral one went with its end.
    if (this.store.find(name) !== undefined) await this.#remove(name);
  }

  /** Ends what is left of containers that no instance knows; host ids that are still in use after that are given to nobody. */
  async endUnknown(): Promise<void> {
    for (const base of await this.lifecycle.endUnknown(new Set(this.store.names()))) this.reserveIds(base);
  }

  /** Words that tell bothy-cell the instance's id map. */
  idOps(record: InstanceRecord): Op[] {
    return idmapOps(idRange(this.inForce(record), record.config));
  }

  async #remove(name: string): Promise<void> {
    const record = this.record(name);
    // From here on it is gone for everyone; a crash leaves the rest to the next start.
    this.store.markPending(name);
    try {
      await this.erase(record);
    } catch (error) {
      // It is there to be deleted again.
      this.store.confirm(name);
      throw error;
    }
    this.context.events.lifecycle({ action: "instance-deleted", source: `/1.0/instances/${name}` });
  }

  /** Files are stored 0-based, so an instance whose host ids are lost takes others. */
  #withBase(config: Config): Config {
    if (baseOf(config) !== undefined) return config;
    const base = allocateBase(this.#bases, this.#idSeed);
    this.#bases.add(base);
    return withBase(config, base);
  }

  /** Keeps the host ids of a running container that the database does not know from everyone else. @param base first of its ids on the host */
  reserveIds(base: number): void {
    this.#bases.add(base);
  }

  /** Removes what an instance has, once its row is marked pending. */
  async erase(record: InstanceRecord): Promise<void> {
    await this.lifecycle.requireEnded(record.name);
    await eraseInstance(this.context, record);
    this.context.database.transaction(() => {
      this.context.snapshots.forgetAll(record.name);
      this.store.delete(record.name);
    });
    this.#bases.delete(baseOf(record.config) ?? 0);
  }

  #change(name: string, next: (record: InstanceRecord) => InstanceRecord): void {
    this.context.database.transaction(() => {
      const record = this.store.find(name);
      if (record !== undefined) this.store.update(next(record));
    });
  }
}

/** One that stays is not judged again: it may come from another host. */
function architectureOf({ name, architecture }: InstanceRecord, wanted: string): string {
  if (wanted === "" || findArchitecture(wanted) === architecture) return architecture;
  return requireRunnable(wanted, `change instance "${name}"`);
}

/** A number from the name of the daemon's control groups, which differs by its state folder. */
const seedOf = (groupName: string): number => createHash("sha256").update(groupName).digest().readUInt32BE(0);
