/** Daemon: its start as a list of named stages, and its end. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { FastifyInstance } from "fastify";
import { cellProgram, packageVersion, seccompDir } from "../sdk/host/package";
import type { Context } from "./context";
import { firstStart } from "./first-start";
import { listen } from "./http/listen";
import { buildServer } from "./http/server";
import { closeWebsockets } from "./http/websockets";
import { Damages } from "./platform/damage/damages";
import { DamageStore } from "./platform/damage/store";
import { ImageService } from "./kinds/image/service";
import { wasRunning } from "./kinds/instance/life/last-state";
import { autostart, shutdownAll } from "./kinds/instance/life/power";
import { adoptInstances, recoverInstances, tellUnknown } from "./kinds/instance/life/recovery";
import type { InstanceRecord } from "./kinds/instance/record";
import { InstanceService } from "./kinds/instance/service";
import { NetworkService } from "./kinds/network/service";
import { ProfileService } from "./kinds/profile/service";
import { ServerService } from "./kinds/server/service";
import { SnapshotExpiry } from "./kinds/snapshot/expiry";
import { SnapshotService } from "./kinds/snapshot/service";
import { OpenPools } from "./kinds/storage-pool/open-pools";
import { StoragePoolService } from "./kinds/storage-pool/service";
import { Volumes } from "./kinds/storage-pool/volumes";
import { noteHost } from "./kinds/warning/host";
import { Warnings } from "./kinds/warning/service";
import { WarningStore } from "./kinds/warning/store";
import type { Options } from "./options";
import { DatabaseKeeper } from "./platform/database/keeper";
import { Events } from "./platform/events";
import { Dirs } from "./platform/folders/dirs";
import { ParentGroups, parentGroupName, readCgroupLayout } from "./platform/host/cgroups";
import { notifyReady } from "./platform/host/notify";
import { Locks } from "./platform/locks";
import { Log } from "./platform/log";
import { Native } from "./platform/native/index";
import { Operations } from "./platform/operations";
import { schemas } from "./schemas";
import { noteRestored, tellStrays } from "./strays";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const bootKey = "state.boot_id";
const cleanKey = "state.clean_shutdown";

export class Daemon {
  readonly #context: Mutable<Context>;
  readonly #options: Options;
  readonly #log: Log;
  #app: FastifyInstance | undefined;
  #groups: ParentGroups | undefined;
  #expiry: SnapshotExpiry | undefined;
  readonly #keeper: DatabaseKeeper;
  #stopped: Promise<void> | undefined;
  #stoppedByReboot: InstanceRecord[] = [];
  /** Whether it is known which containers run. */
  #hasAdopted = false;
  /** Called when a client asked the daemon to end. */
  onStop: () => void = () => undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#log = new Log(options.logfile);
    const warnings = new Warnings(this.#log);
    const dirs = new Dirs(options.dir);
    this.#context = { log: this.#log, warnings, dirs, locks: new Locks() } as Mutable<Context>;
    this.#keeper = new DatabaseKeeper(dirs, warnings, this.#log, schemas);
  }

  /** Starts all stages in order; each is logged by name. @throws ApiError of the stage that failed, after the earlier ones are undone */
  async start(): Promise<void> {
    const stages: readonly [string, () => Promise<void> | void][] = [
      ["prepare the state folder", () => this.#context.dirs.make(this.#log)],
      // First: it refuses a second daemon on the folder before that one touches anything of the first.
      ["open the database", () => this.#openDatabase()],
      ["start the spawner", () => this.#startNative()],
      ["make the services", () => this.#makeServices()],
      ["open images", () => this.#context.images.startUp()],
      ["open storage pools", () => this.#context.storagePools.startAll()],
      ["see which storage drivers work", () => this.#askDrivers()],
      ["recover from a crash", () => recoverInstances(this.#context)],
      ["start networks", () => this.#context.networks.startAll()],
      ["find running containers", () => this.#adopt()],
      ["look for strays", () => tellStrays(this.#context)],
      ["prepare a first start", () => firstStart(this.#context, this.#options.bare)],
      ["listen", () => this.#listen()],
      ["tell the service manager", () => notifyReady(this.#log)],
    ];
    const begunAt = Date.now();
    for (const [name, run] of stages) {
      const startedAt = Date.now();
      await run();
      this.#log.debug(`Stage done: ${name}`, { ms: Date.now() - startedAt });
    }
    this.#context.warnings.resolveOlderThan(begunAt);
    this.#log.info("Bothy is ready", { version: packageVersion(), socket: this.#context.dirs.socket });
    this.#keeper.start();
    this.#expiry = new SnapshotExpiry(this.#context);
    this.#expiry.start();
    autostart(this.#context, this.#stoppedByReboot).catch((error: unknown) =>
      this.#log.error("Cannot start containers on their own", { error }),
    );
  }

  async #startNative(): Promise<void> {
    const { dirs } = this.#context;
    const start = (folder: string) => Native.start(cellProgram, dirs, this.#log, folder);
    this.#context.native = await this.#keeper.makeSocket(dirs.cells, start);
  }

  #openDatabase(): void {
    const { warnings } = this.#context;
    const database = this.#keeper.open(this.#options.restoreDatabase);
    this.#context.database = database;
    this.#context.damages = new Damages(new DamageStore(database), warnings, this.#log);
    this.#context.damages.lookThrough(schemas);
    warnings.open(new WarningStore(database));
  }

  #makeServices(): void {
    const context = this.#context;
    this.#groups = new ParentGroups(readCgroupLayout(), parentGroupName(context.dirs.root), this.#log);
    noteHost(context.warnings, this.#groups.layout);
    context.events = new Events(this.#log);
    context.events.onLifecycle((event) => context.warnings.follow(event));
    context.events.onLifecycle((event) => context.damages.follow(event));
    context.operations = new Operations(context.events, this.#log);
    context.server = new ServerService(context);
    if (context.database.isRestored) noteRestored(context);
    context.profiles = new ProfileService(context);
    const pools = new OpenPools(context);
    context.storagePools = new StoragePoolService(context, pools);
    context.volumes = new Volumes(context, pools);
    context.networks = new NetworkService(context);
    context.images = new ImageService(context);
    context.instances = new InstanceService(context, this.#groups, seccompDir);
    context.snapshots = new SnapshotService(context);
    context.shutdown = { containers: () => this.#stopContainers(), daemon: () => this.onStop() };
  }

  async #askDrivers(): Promise<void> {
    const { server, storagePools } = this.#context;
    server.setStorageDrivers(await storagePools.availableDrivers());
    await storagePools.requireRoots();
  }

  /** Containers that a shutdown or a reboot stopped start again; those that were killed with their supervisor do not. */
  async #adopt(): Promise<void> {
    const { instances, networks, server } = this.#context;
    const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const isFresh = server.store.get(bootKey) !== bootId || server.store.get(cleanKey) === "true";
    const stopped = await adoptInstances(this.#context);
    await tellUnknown(this.#context);
    await this.#orLog("Cannot take note of this start", () =>
      this.#context.database.transaction(() => {
        if (server.store.get(bootKey) !== bootId) server.store.set(bootKey, bootId);
        if (server.store.get(cleanKey) !== undefined) server.store.delete(cleanKey);
      }),
    );
    if (isFresh) this.#stoppedByReboot = stopped;
    else
      for (const { name } of stopped.filter(wasRunning))
        await this.#orLog(`Cannot take note of the end of "${name}"`, () =>
          instances.lifecycle.noteEnd(name, { signal: 9, reason: "lost" }),
        );
    await networks.nics.closeLostPorts((name) => instances.lifecycle.isRunning(name));
    this.#hasAdopted = true;
  }

  /** A full disk may take no note; it must not keep the daemon from starting. */
  async #orLog(message: string, work: () => unknown): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#log.error(message, { error });
    }
  }

  async #listen(): Promise<void> {
    const { root, socket } = this.#context.dirs;
    await this.#keeper.makeSocket(root, async (folder) => {
      // A server that could not listen does not listen again.
      this.#app = buildServer(this.#context);
      await listen(this.#app, path.join(folder, path.basename(socket)), this.#options.group, this.#log);
    });
  }

  async #stopContainers(): Promise<void> {
    await shutdownAll(this.#context);
    this.#context.server.store.set(cleanKey, "true");
  }

  /** Logs an error that no request or operation can answer for. */
  reportFault(message: string, error: unknown): void {
    this.#log.error(message, { error });
  }

  /** Ends the daemon. @param withContainers stop them first; else they go on */
  stop(withContainers: boolean): Promise<void> {
    this.#stopped ??= this.#stop(withContainers);
    return this.#stopped;
  }

  async #stop(withContainers: boolean): Promise<void> {
    const { locks, instances, native, networks, storagePools } = this.#context;
    this.#expiry?.stop();
    if (withContainers && instances !== undefined) await this.#stopContainers();
    if (locks.size > 0) this.#log.warning("Stopped in the middle of work", { objects: locks.keys });
    closeWebsockets();
    await this.#app?.close();
    await instances?.lifecycle.settle();
    if (this.#hasAdopted && instances.lifecycle.running.names().length === 0 && locks.size === 0) {
      // Nothing runs that needs them, or is about to.
      await networks.stopAll();
      await storagePools.stopAll();
      this.#groups?.removeEmpty();
    }
    await networks?.release();
    instances?.lifecycle.running.forgetAll();
    await native?.stop();
    await this.#keeper.stop();
    this.#log.info("Bothy has stopped");
    await this.#log.close();
  }
}
