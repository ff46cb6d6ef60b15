/** Lifecycle: start, stop, restart, pause, and what happens when a container ends by itself. Callers hold the instance's lock. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, statSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "../../sdk/api/common";
import { ApiError, badRequest, internal } from "../../sdk/api/errors";
import type { Context } from "../context";
import { toApiError } from "../errors";
import type { Requestor } from "../events";
import { controllerDir, type ParentGroups } from "../host/cgroups";
import type { Exit } from "../native/index";
import { nowText } from "../time";
import { isFrozen, setFrozen } from "./freezer";
import { askToHalt, parseRawLxc } from "./halt";
import { idRange } from "./idmap";
import { applyWrites, chooseCpus, limitWrites, parseCpuList } from "./limits";
import { hostNames, type Nic, planNics, withHwaddrs, withoutHostNames } from "./nics";
import type { Expanded, InstanceRecord } from "./record";
import { Running, type RunningInstance } from "./running";
import { startOps } from "./spec/start";
import { applyTemplates } from "./templates";

/** Most of the work of a kill is the kernel's; what lasts longer hangs in it. */
const killMs = 60_000;
/** A guest that reboots sooner than this after its start waits a moment, so that one in a loop does not keep the host busy. */
const soonMs = 3000;
const rebootPauseMs = 1000;
/** The log of an instance begins anew past this size; the old one is kept beside it. */
const logBytes = 128 * 1024;
/** LXD's default patience for a clean stop: ten minutes. */
const defaultStopMs = 600_000;
const powerKey = "volatile.last_state.power";
/** Set while somebody has paused the instance; a container that is frozen without it was being copied. */
const frozenKey = "volatile.last_state.frozen";

/** What the lifecycle needs of the service that owns the records. */
export interface Records {
  find(name: string): InstanceRecord | undefined;
  expanded(record: InstanceRecord): Expanded;
  /** Reads, changes and writes a record in one step. */
  change(name: string, next: (record: InstanceRecord) => InstanceRecord): void;
  /** Deletes an ephemeral instance that has ended. */
  deleteStopped(name: string): Promise<void>;
}

export class Lifecycle {
  readonly running = new Running();
  readonly #restarts = new Set<Promise<void>>();
  /** While the daemon shuts its containers down, they keep their power state, so that the next start brings them back. */
  isShuttingDown = false;
  /** Starts under way, by name. */
  readonly #starting = new Map<string, Promise<void>>();

  constructor(
    private readonly context: Context,
    private readonly records: Records,
    readonly groups: ParentGroups,
    private readonly seccompDir: string,
  ) {}

  group(name: string): string {
    return `${this.groups.name}/${name}`;
  }

  isRunning(name: string): boolean {
    return this.running.get(name) !== undefined;
  }

  /** Whether it runs, or is about to by the configuration that it has now. */
  isActive(name: string): boolean {
    return this.isRunning(name) || this.#starting.has(name);
  }

  /** Resolves when no start is under way. */
  async noneStarts(): Promise<void> {
    await Promise.allSettled(this.#starting.values());
  }

  /** @throws ApiError BAD_REQUEST "Instance is not running" */
  need(name: string): RunningInstance {
    const running = this.running.get(name);
    if (running === undefined) throw badRequest("Instance is not running");
    return running;
  }

  async start(record: InstanceRecord, requestor?: Requestor): Promise<void> {
    const { name } = record;
    if (this.isRunning(name)) throw badRequest("The instance is already running");
    if (this.isShuttingDown) throw badRequest("Cannot start instance: the daemon is shutting down.");
    const starting = this.#start(record, requestor);
    this.#starting.set(name, starting);
    try {
      await starting;
    } finally {
      this.#starting.delete(name);
    }
  }

  async #start(record: InstanceRecord, requestor: Requestor | undefined): Promise<void> {
    const { name } = record;
    const expanded = this.records.expanded(record);
    const config = withHwaddrs(record.config, expanded.devices);
    const nics = planNics(config, expanded.devices);
    const online = parseCpuList(readFileSync("/sys/devices/system/cpu/online", "utf8").trim());
    const cpus = chooseCpus(expanded.config["limits.cpu"], online, this.running.boundCpus());
    mkdirSync(this.context.dirs.logs(name), { recursive: true, mode: 0o700 });
    try {
      const ops = this.#ops({ ...record, config }, expanded, nics, cpus);
      await this.announce(name, nics);
      await applyTemplates(this.context, { ...record, config }, "start");
      const cell = await this.context.native.startContainer(ops);
      this.running.add(name, cell, cpus === undefined ? undefined : parseCpuList(cpus), (exit) =>
        this.#ended(name, exit),
      );
    } catch (error) {
      const { code, message, details } = toApiError(error);
      this.#log(name, `Cannot start: ${message}`);
      this.context.native.clear(name);
      throw new ApiError(code, `Cannot start instance "${name}": ${message}`, { details, cause: error });
    }
    this.records.change(name, (now) => ({
      ...now,
      lastUsedAt: nowText(),
      config: withoutPause({ ...now.config, ...config, ...hostNames(nics), [powerKey]: "RUNNING" }),
    }));
    this.#tell("instance-started", name, requestor);
  }

  #ops(record: InstanceRecord, expanded: Expanded, nics: readonly Nic[], cpus: string | undefined) {
    const { dirs, storagePools } = this.context;
    const { layout } = this.groups;
    const group = this.group(record.name);
    this.groups.make();
    mkdirSync(dirs.cell(record.name), { recursive: true, mode: 0o700 });
    return startOps({
      name: record.name,
      config: expanded.config,
      devices: expanded.devices,
      root: storagePools.root(record.pool, { type: "containers", name: record.name }),
      ids: idRange(expanded.config, record.config),
      nics,
      layout,
      group,
      limits: limitWrites(layout, group, expanded.config, cpus),
      controlDir: dirs.cell(record.name),
      consoleLog: path.join(dirs.logs(record.name), "console.log"),
      seccompDir: this.seccompDir,
      hasDevice: (device) => existsSync(path.join("/dev", device)),
    });
  }

  /** Makes the nics known to DHCP and DNS before the container can ask. */
  async announce(name: string, nics: readonly Nic[]): Promise<void> {
    for (const nic of nics) {
      const network = nic.network ?? nic.bridge;
      if (!this.context.networks.isManaged(network)) continue;
      const host = { instance: name, device: nic.device, hwaddr: nic.hwaddr, ...(nic.ipv4 ? { ipv4: nic.ipv4 } : {}) };
      await this.context.networks.addHost(network, host);
    }
  }

  /** Takes a container over that an earlier daemon started. @returns whether it is running */
  async adopt(record: InstanceRecord): Promise<boolean> {
    const cell = await this.context.native.adopt(record.name);
    if (cell === undefined) return false;
    this.running.add(record.name, cell, this.#boundCpus(record), (exit) => this.#ended(record.name, exit));
    this.#followLimits(record);
    const wanted = record.config[frozenKey] === "true";
    const found = isFrozen(this.groups.layout, this.group(record.name));
    if (wanted && found) this.running.update(record.name, { isFrozen: true });
    if (wanted && !found) this.#noteFrozen(record.name, false);
    // The earlier daemon was killed while it copied the root.
    if (found && !wanted) await setFrozen(this.groups.layout, this.group(record.name), false);
    return true;
  }

  /** The earlier daemon may have been killed between a change in the database and that of the control files, or the other way round. */
  #followLimits(record: InstanceRecord): void {
    try {
      this.applyLimits(record.name, this.records.expanded(record).config);
    } catch (error) {
      this.context.log.warning("Cannot bring the limits of a running container in line", { name: record.name, error });
    }
  }

  /** The processors that limits.cpu bound a container to which an earlier daemon started. */
  #boundCpus(record: InstanceRecord): number[] | undefined {
    if (!this.records.expanded(record).config["limits.cpu"]) return undefined;
    const dir = controllerDir(this.groups.layout, "cpuset", this.group(record.name));
    const file = dir && path.join(dir.path, "cpuset.cpus");
    // Without one, or with one that has just ended, nothing is bound.
    const list = file !== undefined && existsSync(file) ? readFileSync(file, "utf8").trim() : "";
    return list === "" ? undefined : parseCpuList(list);
  }

  #noteFrozen(name: string, isPaused: boolean): void {
    this.records.change(name, (now) => ({
      ...now,
      config: { ...withoutPause(now.config), ...(isPaused ? { [frozenKey]: "true" } : {}) },
    }));
  }

  /** Asks the init to power off and waits. Not under the instance's lock, so that a forced stop can overtake it. */
  async stop(name: string, timeoutMs: number, requestor?: Requestor): Promise<void> {
    const running = this.#needForStop(name);
    if (running.isFrozen) throw badRequest("Instance is frozen");
    const record = this.records.find(name);
    const raw = parseRawLxc(record && this.records.expanded(record).config["raw.lxc"]);
    const over = new AbortController();
    const late = delay(timeoutMs < 0 ? defaultStopMs : timeoutMs, "late" as const, { signal: over.signal });
    const ended = running.gone.then(() => "ended" as const);
    void askToHalt(running.cell, raw, over.signal).catch((error: unknown) =>
      this.context.log.debug("The init of a container cannot be asked to halt", { name, error }),
    );
    const outcome = await Promise.race([ended, late]).finally(() => {
      late.catch(() => undefined);
      over.abort();
    });
    if (outcome === "late")
      throw internal(
        'Failed shutting down instance, status is "Running": context deadline exceeded. Stop it with force, or look why its init does not end.',
      );
    this.#tell("instance-shutdown", name, requestor);
  }

  /** Kills every process and waits until the container is gone. */
  async kill(name: string, requestor?: Requestor): Promise<void> {
    const running = this.#needForStop(name);
    if (running.isFrozen) await this.setFrozen(name, false);
    running.cell.kill();
    const over = new AbortController();
    const late = delay(killMs, true, { signal: over.signal }).catch(() => false);
    const isLate = await Promise.race([running.gone.then(() => false), late]).finally(() => over.abort());
    if (isLate)
      throw internal(
        "Failed to stop instance: a process in it was killed and does not end. It may wait for a disk or a server; try again later.",
      );
    this.#tell("instance-stopped", name, requestor);
  }

  #needForStop(name: string): RunningInstance {
    const running = this.running.get(name);
    if (running === undefined) throw badRequest("The instance is already stopped");
    return running;
  }

  async setFrozen(name: string, wanted: boolean, requestor?: Requestor): Promise<void> {
    const running = this.need(name);
    if (running.isFrozen === wanted)
      throw badRequest(wanted ? "The instance is already frozen" : "The instance is not frozen");
    await setFrozen(this.groups.layout, this.group(name), wanted);
    this.running.update(name, { isFrozen: wanted });
    this.#noteFrozen(name, wanted);
    this.#tell(wanted ? "instance-paused" : "instance-resumed", name, requestor);
  }

  /** Runs the work while the container does not run; freezes a running one meanwhile. */
  async whileStill<T>(name: string, work: () => Promise<T>): Promise<T> {
    const running = this.running.get(name);
    if (running === undefined || running.isFrozen) return work();
    await setFrozen(this.groups.layout, this.group(name), true);
    try {
      return await work();
    } finally {
      if (this.isRunning(name)) await setFrozen(this.groups.layout, this.group(name), false);
    }
  }

  /** Brings a running container's limits in line. @param config expanded */
  applyLimits(name: string, config: Config): void {
    const online = parseCpuList(readFileSync("/sys/devices/system/cpu/online", "utf8").trim());
    const cpus = chooseCpus(config["limits.cpu"], online, this.running.boundCpus(name));
    applyWrites(limitWrites(this.groups.layout, this.group(name), config, cpus));
    this.running.update(name, { cpus: cpus === undefined ? undefined : parseCpuList(cpus) });
  }

  async #ended(name: string, exit: Exit): Promise<void> {
    try {
      this.context.native.clear(name);
      this.#log(name, `Ended: ${JSON.stringify(exit)}`);
      await this.noteEnd(name, exit);
    } catch (error) {
      this.context.log.error("Cannot take note of an ended container", { name, error });
    }
  }

  /** The rules of an end: an ephemeral instance goes, a reboot starts again, the rest is stopped. */
  async noteEnd(name: string, exit: Exit): Promise<void> {
    const record = this.records.find(name);
    if (record === undefined) return;
    const isReboot = exit.reason === "reboot" && !this.isShuttingDown;
    if (record.ephemeral && !isReboot) {
      await this.records.deleteStopped(name);
      return;
    }
    const power: Record<string, string> = this.isShuttingDown || isReboot ? {} : { [powerKey]: "STOPPED" };
    this.records.change(name, (now) => ({
      ...now,
      config: { ...withoutPause(withoutHostNames(now.config)), ...power },
    }));
    if (exit.reason === "halt" || exit.reason === "exit") this.#tell("instance-stopped", name);
    const isSoon = Date.now() - Date.parse(record.lastUsedAt) < soonMs;
    if (isReboot) this.#restartLater(name, isSoon ? rebootPauseMs : 0);
  }

  #restartLater(name: string, pauseMs: number): void {
    const start = async () => {
      const record = this.records.find(name);
      if (record !== undefined && !this.isRunning(name)) await this.start(record);
      this.#tell("instance-restarted", name);
    };
    const restart = delay(pauseMs)
      .then(() => this.context.locks.run(`instance/${name}`, start))
      .catch((error: unknown) => this.context.log.error("Cannot restart a container that rebooted", { name, error }))
      .finally(() => this.#restarts.delete(restart));
    this.#restarts.add(restart);
  }

  /** Waits for containers that are between their end and their next start, so that no daemon leaves them there. */
  async settle(): Promise<void> {
    await Promise.all(this.#restarts);
  }

  #log(name: string, text: string): void {
    const file = path.join(this.context.dirs.logs(name), "lxc.log");
    // A guest may reboot as often as it likes.
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > logBytes) renameSync(file, `${file}.old`);
    appendFileSync(file, `${nowText()} ${name} ${text.replaceAll("\n", " ")}\n`, { mode: 0o600 });
  }

  #tell(action: string, name: string, requestor?: Requestor): void {
    this.context.events.lifecycle({ action, source: `/1.0/instances/${name}`, ...(requestor ? { requestor } : {}) });
  }
}

const withoutPause = ({ [frozenKey]: _, ...config }: Config): Config => config;

/** Whether an instance was on when the host or the daemon went down. */
export const wasRunning = (record: InstanceRecord): boolean => record.config[powerKey] === "RUNNING";
