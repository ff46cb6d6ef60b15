/** Instances: the rules of their life. The lifecycle starts and stops them, the book keeps them, the pools hold their roots. */
import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { instanceConfig } from "../../../sdk/api/config/instance";
import { ApiError, badRequest } from "../../../sdk/api/errors";
import type { Instance, InstancePut, InstanceState } from "../../../sdk/api/instance";
import { type Call, ownCall } from "../../core/call";
import { withoutEmpty, withoutEmptyOptions } from "../../core/merge";
import { urlOf } from "../../core/ref";
import { findArchitecture, requireRunnable } from "../../platform/host/architecture";
import { errnoOf } from "../../platform/native/connection";
import type { VolumeUsage } from "../storage-pool/driver";
import { checkRivals, checkSettings } from "./change/checks";
import { followCloudInit } from "./change/cloud-init-id";
import { followLive } from "./change/live-update";
import { keepVolatile, requireKnownVolatile } from "./change/volatile";
import { eraseInstance, isPoolKnown } from "./create/erase";
import { hostNames } from "./devices/nic-state";
import { withoutGone } from "./devices/volatile-keys";
import type { InstanceHome } from "./home";
import { runningState, stoppedState } from "./inside/state";
import { Lifecycle } from "./life/lifecycle";
import { inForce } from "./life/made-by";
import type { RunningInstance } from "./life/running";
import { requireStartable } from "./life/startable";
import { requireReadable } from "./readable";
import { type InstanceId, type InstanceRecord, instanceRef, keyOf, otherPool, rootDisk, rootOf } from "./record";
import { shownIds } from "./shown-ids";
import { renderInstance, statusOf } from "./view";
import { volumeOf } from "./volume";

/** How long a question for the state of an instance waits for it to have ended. */
const longestEndMs = 2000;

export class InstanceService {
  readonly lifecycle: Lifecycle;

  constructor(readonly home: InstanceHome) {
    this.lifecycle = new Lifecycle(home, (instance) => this.#remove(ownCall(instance.project), instance));
  }

  render(record: InstanceRecord): Instance {
    const { book, damages } = this.home;
    const isDamaged = damages.has(urlOf(instanceRef(record)));
    const [expanded, running] = [book.expanded(record), book.running.get(record)];
    const ids = shownIds(record.config, expanded.config, inForce(expanded.config, running?.madeBy));
    return renderInstance(record, expanded, ids, running, isDamaged);
  }

  async state(record: InstanceRecord): Promise<InstanceState> {
    const root = await this.#rootUsage(record);
    const running = this.home.book.running.get(record);
    if (running === undefined) return stoppedState(root);
    try {
      return await this.#runningState(record, running, root);
    } catch (error) {
      // It may have ended while the kernel was asked; then its supervisor says so in a moment.
      if (errnoOf(error) === "ESRCH")
        await Promise.race([running.gone, delay(longestEndMs, undefined, { ref: false })]);
      if (this.home.book.running.get(record)?.cell === running.cell) throw error;
      return stoppedState(root);
    }
  }

  /** Nothing for a pool that is away: that is not a reason to hide the rest. */
  async #rootUsage(record: InstanceRecord): Promise<VolumeUsage | undefined> {
    try {
      return await this.home.volumes.usage(record.pool, volumeOf(record));
    } catch (error) {
      if (ApiError.is(error) && (error.code === "UNAVAILABLE" || error.code === "NOT_FOUND")) return undefined;
      throw error;
    }
  }

  async #runningState(record: InstanceRecord, running: RunningInstance, root: VolumeUsage | undefined) {
    // Nobody can be asked in one that is being ended.
    const interfaces = running.cell.pid === 0 ? [] : await this.home.native.netState(running.cell);
    const { groups } = this.home;
    return runningState({
      layout: groups.layout,
      group: groups.of(keyOf(record)),
      pid: running.cell.pid,
      status: runningStatus(running, record),
      interfaces,
      hostNames: hostNames(record, this.home.book.expanded(record).devices, interfaces),
      root,
    });
  }

  /** Replaces the mutable part; a running instance follows at once, or nothing is changed. */
  update(record: InstanceRecord, put: InstancePut): Promise<void> {
    const { book, customVolumes } = this.home;
    const devices = () =>
      book.expanded({ ...record, devices: withoutEmptyOptions(put.devices), profiles: put.profiles ?? [] }).devices;
    return customVolumes.whileHeld(record.project, devices, () => this.#update(book.record(record), put));
  }

  async #update(record: InstanceRecord, put: InstancePut): Promise<void> {
    const { book } = this.home;
    requireKnownVolatile(record.config, put.config);
    const next: InstanceRecord = {
      ...record,
      architecture: architectureOf(record, put.architecture),
      description: put.description,
      config: book.hostIds.give(keepVolatile(record.config, withoutEmpty(put.config))),
      devices: withoutEmptyOptions(put.devices),
      ephemeral: put.ephemeral,
      profiles: put.profiles ?? [],
    };
    checkSettings(this.home, next, record);
    this.#checkChange(record, next);
    using _claim = this.home.projects.claimInstance(record.project, { name: record.name, ...book.expanded(next) });
    const [was, is] = [book.expanded(record), book.expanded(next)];
    const config = await followLive(this.home, this.lifecycle, next, was, is);
    // It may have ended meanwhile: what the daemon itself keeps is taken as it is now, but for what this change made.
    book.change(record, (now) => ({
      ...next,
      lastUsedAt: now.lastUsedAt,
      config: followCloudInit(withoutGone(book.merged(now, next, config), was.devices, is.devices), was, is),
    }));
  }

  /** Refuses what cannot change. */
  #checkChange(before: InstanceRecord, after: InstanceRecord): void {
    const was = this.home.book.expanded(before);
    const is = this.home.book.expanded(after);
    const root = isDeepStrictEqual(rootOf(is.devices), rootOf(was.devices)) ? undefined : rootDisk(is.devices);
    if (root !== undefined && root.pool !== before.pool) throw otherPool(root.pool);
    checkRivals(this.home, after, is.devices, was.devices);
  }

  /**
   * Stops and starts; an ephemeral instance stays meanwhile.
   * @param locked runs work under the instance's lock; for a clean stop that wait is without it, so that a forced one can overtake it
   */
  async restart(
    call: Call,
    instance: InstanceId,
    { isForced, timeoutMs }: { isForced: boolean; timeoutMs: number },
    locked: (work: () => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const { book } = this.home;
    const record = book.record(instance);
    // What the start would be refused for is said before the stop.
    requireReadable(this.home, "restart", record);
    await requireStartable(this.home, record);
    if (!isForced && book.running.get(instance)?.isFrozen) throw badRequest("Instance is frozen");
    const start = () => this.lifecycle.start(book.record(instance), call);
    await this.lifecycle.whileRestarting(instance, async () => {
      if (isForced) {
        await this.lifecycle.kill(instance, call);
        await start();
      } else {
        await this.lifecycle.stop(instance, timeoutMs, call);
        await locked(start);
      }
    });
    this.home.changes.tell(call, { action: "instance-restarted", of: instanceRef(instance) });
  }

  /** @param force whether a running one may be killed @throws ApiError BAD_REQUEST "Instance is running", or that it is protected */
  requireDeletable(record: InstanceRecord, force: boolean): void {
    if (!force && this.home.book.running.has(record)) throw badRequest("Instance is running");
    if (instanceConfig(this.home.book.expanded(record).config).get("security.protection.delete"))
      throw badRequest(
        "Container is protected from being deleted. Unset security.protection.delete first, of it or of its profile.",
      );
  }

  /** Deletes an instance with its snapshots. @param force kills a running one first, once nothing speaks against the deletion */
  async delete(call: Call, record: InstanceRecord, force: boolean): Promise<void> {
    const { book, volumes } = this.home;
    this.requireDeletable(record, force);
    if (isPoolKnown(this.home, record.pool)) await volumes.requirePool(record.pool);
    if (book.running.has(record)) await this.lifecycle.kill(record, call);
    // An ephemeral one went with its end.
    if (book.find(record) !== undefined) await this.#remove(call, record);
  }

  /** Ends what is left of containers that no instance knows; host ids that are still in use after that are given to nobody. */
  async endUnknown(): Promise<void> {
    const { hostIds, store } = this.home.book;
    for (const base of await this.lifecycle.endUnknown(new Set(store.ids().map(keyOf)))) hostIds.reserve(base);
  }

  async #remove(call: Call, instance: InstanceId): Promise<void> {
    const { book, changes } = this.home;
    await this.home.snapshots.endReaders(instance);
    const record = book.record(instance);
    // From here on it is gone for everyone; a crash leaves the rest to the next start.
    book.store.markPending(instance);
    try {
      await eraseInstance(this.home, record);
    } catch (error) {
      // It is there to be deleted again.
      book.store.confirm(instance);
      throw error;
    }
    changes.tell(call, { action: "instance-deleted", of: instanceRef(instance) });
  }
}

function runningStatus(running: RunningInstance, { config }: InstanceRecord): "Running" | "Ready" | "Frozen" {
  const status = statusOf(running, config);
  return status === "Stopped" ? "Running" : status;
}

/** One that stays is not judged again: it may come from another host. */
function architectureOf({ name, architecture }: InstanceRecord, wanted: string): string {
  if (wanted === "" || findArchitecture(wanted) === architecture) return architecture;
  return requireRunnable(wanted, `change instance "${name}"`);
}
