/** Daemon: its start as a list of named stages, and its end. */
import { openSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import type { FastifyInstance } from "fastify";
import { cellProgram, packageVersion, seccompDir } from "../sdk/host/package";
import { allReferences, type Ground, makeParts, type Parts, routesOf, schemas, upgradesOf } from "./composition";
import { firstStart } from "./first-start";
import { listen } from "./http/listen";
import { buildServer } from "./http/server";
import { closeWebsockets } from "./http/websockets";
import { GuestServer } from "./kinds/instance/guest/server";
import { wasRunning } from "./kinds/instance/life/last-state";
import { autostart, shutdownAll } from "./kinds/instance/life/power";
import { adoptInstances, recoverInstances, tellUnknown } from "./kinds/instance/life/recovery";
import { type InstanceRecord, instanceOfKey } from "./kinds/instance/record";
import type { Shutdown } from "./kinds/server/shutdown";
import { recoverVolumes } from "./kinds/storage-volume/recovery";
import { noteHost } from "./kinds/warning/host";
import { Warnings } from "./kinds/warning/service";
import { WarningStore } from "./kinds/warning/store";
import { type Upkeep, upkeepOf } from "./on-their-own";
import type { Options } from "./options";
import { Damages } from "./platform/damage/damages";
import { DamageStore } from "./platform/damage/store";
import { DatabaseKeeper } from "./platform/database/keeper";
import { Events } from "./platform/events";
import { ownName } from "./platform/folders/aside";
import { Dirs } from "./platform/folders/dirs";
import { ParentGroups, parentGroupName, readCgroupLayout } from "./platform/host/cgroups";
import { notifyReady } from "./platform/host/notify";
import { userName } from "./platform/host/users";
import { Locks } from "./platform/locks";
import { Log } from "./platform/log";
import { BothyCell } from "./platform/native/index";
import { Operations } from "./platform/operations";
import { launchBy } from "./platform/processes/launcher";
import { timerMs } from "./platform/time";
import { noteRestored } from "./restored";
import { leaveNamespaces } from "./rootless/leave";
import { linkSocket, socketVariable } from "./rootless/socket";
import { noteUplink } from "./rootless/uplink";
import { tellStrays } from "./strays";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const bootKey = "state.boot_id";
const cleanKey = "state.clean_shutdown";

export class Daemon {
  readonly #ground: Mutable<Ground>;
  #made: Parts | undefined;
  readonly #options: Options;
  readonly #log: Log;
  #app: FastifyInstance | undefined;
  #upkeep: readonly Upkeep[] = [];
  #guests: GuestServer | undefined;
  readonly #keeper: DatabaseKeeper;
  #stopped: Promise<void> | undefined;
  #stoppedByReboot: InstanceRecord[] = [];
  /** Whether it is known which containers run. */
  #hasAdopted = false;
  /** Called when a client asked the daemon to end. */
  onStop: () => void = () => undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#log = new Log(options.log);
    const warnings = new Warnings(this.#log);
    const dirs = new Dirs(options.dir);
    this.#ground = { log: this.#log, warnings, dirs, locks: new Locks(), seccompDir } as Mutable<Ground>;
    this.#keeper = new DatabaseKeeper(dirs, warnings, this.#log.of("database"), schemas);
  }

  /** What there is once the services are made. */
  get #parts(): Parts {
    if (this.#made === undefined) throw new Error("The services are not made yet.");
    return this.#made;
  }

  /** Starts all stages in order; each is logged by name. @throws ApiError of the stage that failed, after the earlier ones are undone */
  async start(): Promise<void> {
    const stages: readonly [string, () => Promise<void> | void][] = [
      ["prepare the state folder", () => this.#ground.dirs.make(this.#log)],
      // First: it refuses a second daemon on the folder before that one touches anything of the first.
      ["open the database", () => this.#openDatabase()],
      ["start the spawner", () => this.#startNative()],
      ["make the services", () => this.#makeServices()],
      ["open projects", () => this.#parts.projects.startUp()],
      ["see who refers to what", () => this.#settleReferences()],
      ["open storage pools", () => this.#parts.storagePools.startAll()],
      ["find images and backups", () => this.#parts.server.findHomes()],
      ["open images", () => this.#parts.images.startUp()],
      ["see which storage drivers work", () => this.#askDrivers()],
      ["recover from a crash", () => this.#recover()],
      ["start networks", () => this.#parts.networks.startAll()],
      ["find running containers", () => this.#adopt()],
      ["look for strays", () => tellStrays(this.#parts)],
      ["prepare a first start", () => firstStart(this.#parts, this.#options.bare)],
      ["answer containers", () => this.#answerGuests()],
      ["listen", () => this.#listen()],
      ["listen on the network", () => this.#parts.server.startListening()],
      ["tell the service manager", () => notifyReady(this.#log)],
    ];
    const begunAt = Date.now();
    for (const [name, run] of stages) {
      const startedAt = Date.now();
      await run();
      this.#log.debug(`Stage done: ${name}`, { ms: Date.now() - startedAt });
    }
    this.#ground.warnings.resolveOlderThan(begunAt);
    this.#log.info("Bothy is ready", { version: packageVersion(), socket: this.#ground.dirs.socket });
    this.#keeper.start();
    this.#parts.backupFiles.start();
    this.#upkeep = upkeepOf(this.#parts);
    for (const each of this.#upkeep) each.start();
    autostart(this.#parts.instances, this.#stoppedByReboot).catch((error: unknown) =>
      this.#log.error("Cannot start containers on their own", { error }),
    );
  }

  async #startNative(): Promise<void> {
    const { dirs } = this.#ground;
    const start = (folder: string) => BothyCell.start(cellProgram, dirs, this.#log.of("native"), folder);
    const native = await this.#keeper.makeSocket(dirs.cells, start);
    this.#ground.native = native;
    launchBy((command, input) => native.launch(command, input));
  }

  #openDatabase(): void {
    const { warnings } = this.#ground;
    const database = this.#keeper.open(this.#options.restoreDatabase);
    this.#ground.database = database;
    this.#ground.damages = new Damages(new DamageStore(database), warnings, this.#log);
    this.#ground.damages.lookThrough(schemas);
    warnings.open(new WarningStore(database));
  }

  #makeServices(): void {
    const ground = this.#ground;
    ground.groups = new ParentGroups(readCgroupLayout(), parentGroupName(ground.dirs.root), this.#log);
    noteHost(ground.warnings, ground.groups.layout);
    noteUplink(ground.warnings, process.env);
    ground.events = new Events(this.#log);
    ground.events.onLifecycle((event) => ground.warnings.follow(event));
    ground.events.onLifecycle((event) => ground.damages.follow(event));
    ground.operations = new Operations(ground.events, this.#log.of("operation"));
    this.#made = makeParts(ground);
    if (ground.database.isRestored) noteRestored(this.#made.server);
  }

  readonly #shutdown: Shutdown = {
    operations: (minutes) => this.#ground.operations.settle(timerMs(minutes * 60)),
    containers: () => this.#stopContainers(),
    daemon: () => this.onStop(),
  };

  /** What was damaged, or is of an earlier version, refers to other things than the rows say. */
  #settleReferences(): Promise<void> {
    return this.#orLog("Cannot take note of who refers to what", () =>
      this.#parts.references.settle(allReferences(this.#parts)),
    );
  }

  /** LVM and ZFS are asked by programs of theirs: only who wants to know of them waits for that. */
  async #askDrivers(): Promise<void> {
    const { server, storagePools } = this.#parts;
    server.setStorageDrivers(storagePools.availableDrivers());
    await storagePools.requireRoots();
  }

  async #recover(): Promise<void> {
    await recoverInstances(this.#parts.instances);
    await recoverVolumes(this.#parts.storageVolumes);
  }

  /** Containers that a shutdown or a reboot stopped start again; those that were killed with their supervisor do not. */
  async #adopt(): Promise<void> {
    const { book, instances, networks, server } = this.#parts;
    const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const isFresh = server.store.get(bootKey) !== bootId || server.store.get(cleanKey) === "true";
    const stopped = await adoptInstances(instances);
    await this.#parts.lxcfs.adopt();
    await tellUnknown(this.#parts);
    await this.#orLog("Cannot take note of this start", () =>
      this.#ground.database.transaction(() => {
        if (server.store.get(bootKey) !== bootId) server.store.set(bootKey, bootId);
        if (server.store.get(cleanKey) !== undefined) server.store.delete(cleanKey);
      }),
    );
    if (isFresh) this.#stoppedByReboot = stopped;
    else
      for (const record of stopped.filter(wasRunning))
        await this.#orLog(`Cannot take note of the end of "${record.name}"`, () =>
          instances.lifecycle.noteEnd(record, { signal: 9, reason: "lost" }),
        );
    await networks.nics.closeLostPorts((key) => book.running.has(instanceOfKey(key)));
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
    const { root, socket } = this.#ground.dirs;
    const { doors } = this.#parts;
    const elsewhere = process.env[socketVariable];
    await this.#keeper.makeSocket(elsewhere ?? root, async (folder) => {
      // A server that could not listen does not listen again.
      this.#app = buildServer({
        routes: routesOf(this.#parts, this.#shutdown),
        upgrades: upgradesOf(this.#parts),
        projects: this.#parts.projects,
        peers: { uidOf: (fd) => this.#ground.native.peerOf(fd), nameOf: userName },
        visitorOf: (request) => doors.visitorOf(request),
        cors: () => this.#parts.server.cors,
        log: this.#log.of("http"),
      });
      doors.leadTo(this.#app.server);
      await listen(this.#app, path.join(folder, path.basename(socket)), this.#options.group, this.#log);
      if (elsewhere !== undefined) linkSocket(this.#ground.dirs, folder);
    });
  }

  /** Before anything starts: a container's first program may ask at once. */
  async #answerGuests(): Promise<void> {
    const { log } = this.#ground;
    const { guestSocket, root } = this.#ground.dirs;
    await this.#orLog("Cannot answer containers: they have no use of /dev/lxd/sock", async () => {
      ownName(log, guestSocket);
      rmSync(guestSocket, { force: true });
      this.#guests = new GuestServer(this.#parts);
      await this.#guests.listen(`/proc/self/fd/${openSync(root, "r")}/${path.basename(guestSocket)}`);
    });
  }

  async #stopContainers(): Promise<void> {
    await shutdownAll(this.#parts.instances);
    this.#parts.server.store.set(cleanKey, "true");
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
    const { groups, locks, native } = this.#ground;
    const parts = this.#made;
    for (const each of this.#upkeep) each.stop();
    if (withContainers && parts !== undefined) await this.#stopContainers();
    if (locks.size > 0) this.#log.warning("Stopped in the middle of work", { objects: locks.keys });
    closeWebsockets();
    await Promise.all([
      parts?.doors.close(),
      parts?.dnsDoor.close(),
      this.#app?.close(),
      parts?.sftp.endAll(),
      this.#guests?.close(),
    ]);
    await parts?.instances.lifecycle.settle();
    await parts?.backupFiles.stop();
    const isIdle =
      parts !== undefined && this.#hasAdopted && parts.book.running.list().length === 0 && locks.size === 0;
    if (isIdle) {
      // Nothing runs that needs them, or is about to.
      await parts.networks.stopAll();
      await parts.storagePools.stopAll();
      await parts.lxcfs.stop();
      groups.removeEmpty();
    }
    await parts?.lxcfs.release();
    await parts?.networks.release();
    // What asks bothy-cell for a trial.
    await parts?.server.storageDrivers;
    parts?.instances.lifecycle.release();
    launchBy(undefined);
    await native?.stop();
    await this.#keeper.stop();
    if (isIdle) leaveNamespaces(this.#ground.dirs.root);
    this.#log.info("Bothy has stopped");
    this.#log.close();
  }
}
