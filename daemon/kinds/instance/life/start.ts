/** Start: a plan of devices, processors and operations, then the container. */
import { existsSync } from "node:fs";
import path from "node:path";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { ApiError, badRequest } from "../../../../sdk/api/errors";
import { type Call, ownCall } from "../../../core/call";
import { toApiError } from "../../../platform/errors";
import { ownFile, ownFolder } from "../../../platform/folders/aside";
import { loadModules, moduleNames } from "../../../platform/host/modules";
import { errnoOf } from "../../../platform/native/connection";
import type { GuestGate, IdRange, Op, RunningCell } from "../../../platform/native/index";
import { together } from "../../../platform/processes/together";
import { nowText } from "../../../platform/time";
import { applyAtStart } from "../create/file-templates";
import { idRange } from "../create/idmap";
import { hasPending, withoutPending } from "../create/pending-file-templates";
import { devicesEnded, keptBy, planDevices, withChosenKeys } from "../devices/devices";
import { hasWholeVolume } from "../devices/disk";
import { ownAddresses } from "../devices/own-addresses";
import { afterSteps, beforeSteps, type DevicePlan } from "../devices/step";
import { withoutKept } from "../devices/volatile-keys";
import { gateOps } from "../guest/gates";
import { appendLog } from "../inside/log";
import { confine, guardsMounts } from "../labels/confinement";
import { type DiskLimits, diskLimits, diskLimitWrites } from "../limits/disk-limits";
import { forNewGroup, limitWrites } from "../limits/limits";
import { pickCpus, rebalance } from "../limits/live";
import { limitNics } from "../limits/nic-limits";
import { requireReadable } from "../readable";
import { type Expanded, type InstanceRecord, keyOf } from "../record";
import { settleRootSize } from "../root-size";
import { interceptionRules } from "../spec/interception";
import { resolverFile } from "../spec/oci";
import { isNarrow } from "../spec/process";
import { seccompFile, startFilter, subvolumeRules } from "../spec/seccomp";
import { startOps } from "../spec/start";
import { mountCallRules, permitRules, policyRules, wholeFilter } from "../spec/syscalls";
import { volumeOf } from "../volume";
import { noteCell } from "./cell-notes";
import { runningPower, withoutPause, withoutReady, withoutRestart } from "./last-state";
import { untilEnded } from "./leftovers";
import type { Life, OnEnd } from "./life";
import { fixedPart, noteMadeBy } from "./made-by";
import { checkStart, requireStartable } from "./startable";

export class Starter {
  constructor(
    private readonly life: Life,
    private readonly onEnd: OnEnd,
  ) {}

  /** @throws ApiError BAD_REQUEST when it runs already or the daemon is shutting down */
  async start(record: InstanceRecord, call: Call = ownCall()): Promise<void> {
    if (this.life.running.has(record)) throw badRequest("The instance is already running");
    if (this.life.isShuttingDown) throw badRequest("Cannot start instance: the daemon is shutting down.");
    requireReadable(this.life.home, "start", record);
    const { book, home } = this.life;
    // A volume of it may be moved until it is held; the instance itself is what it was, since its lock is held.
    const now = () => book.find(record) ?? record;
    const start = () => this.life.running.whileStarting(record, this.#start(book.withWideIds(now()), call));
    await home.customVolumes.whileHeld(record.project, () => book.expanded(now()).devices, start);
  }

  async #start(record: InstanceRecord, call: Call): Promise<void> {
    const { home, book, running } = this.life;
    const expanded = book.expanded(record);
    // What a container had of its devices is of a run that is over.
    const owner = { ...record, config: withoutKept(withoutPending(record.config)) };
    let config = withChosenKeys(owner, expanded.devices);
    const ids = idRange(expanded.config, record.config);
    ownFolder(home.log, home.dirs.logs(keyOf(record)), 0o700);
    let devices: readonly DevicePlan[];
    const opened: { gate?: GuestGate | undefined } = {};
    try {
      await checkStart(home, { ...record, config });
      await home.sftp.leaveRoot(record);
      await home.snapshots.takeBeforeStart(record);
      await settleRootSize(home, record, expanded.devices);
      await home.lxcfs.ensure();
      const own = await ownAddresses(home, { ...record, config }, expanded.devices);
      ({ config } = own);
      devices = await planDevices(home, { ...record, config }, expanded.devices, ids, () => true);
      await loadModules(moduleNames(instanceConfig(expanded.config).get("linux.kernel_modules")));
      const cpus = pickCpus(running, expanded.config);
      const madeBy = fixedPart(expanded.config);
      const speeds = await diskLimits(home, record, expanded.devices);
      const isWhole =
        (await home.volumes.mustStayWhole(record.pool, volumeOf(record))) ||
        (await hasWholeVolume(home, record, expanded.devices));
      const label = await confine(home, record, expanded.config);
      const ops = this.#ops({ ...record, config }, expanded, {
        ...{ devices, ids, cpus, speeds, isWhole, label },
        resolver: own.resolver,
        figures: home.lxcfs.forStart(),
      });
      const openGate = async () => {
        opened.gate = await home.guestGates.open(record, expanded.config, ids);
      };
      await together([this.#prepare(devices), applyAtStart(home, record), openGate()]);
      if (hasPending(record.config)) book.change(record, (now) => ({ ...now, config: withoutPending(now.config) }));
      noteMadeBy(home.dirs, record, madeBy);
      const cell = await home.native.startContainer(ops);
      const guarded = home.guestGates.guard(record, opened.gate, cell);
      noteCell(this.life, record, cell);
      const named = { ...record, config: { ...config, ...keptBy(devices) } };
      await this.#complete(record, devices, cell, () => limitNics(home, named, undefined, expanded));
      await guarded;
      running.add(
        record,
        cell,
        { cpus, madeBy },
        () => untilEnded(this.life, record),
        (exit) => this.onEnd(record, exit),
      );
      rebalance(this.life);
    } catch (error) {
      opened.gate?.giveUp();
      const { code, message, details } = toApiError(error);
      appendLog(home, record, `Cannot start: ${message}`);
      // Another supervisor that holds the folder still needs it.
      if (errnoOf(error) !== "EBUSY") home.native.clear(keyOf(record));
      await devicesEnded(home, { ...record, config }, expanded.devices);
      // A device that is not there is a matter of the user's and no fault of the daemon, which would stand in its log.
      if (code === "INTERNAL") await requireStartable(home, record);
      throw new ApiError(code, `Cannot start instance "${record.name}": ${message}`, { details, cause: error });
    }
    book.change(record, (now) => ({
      ...now,
      lastUsedAt: nowText(),
      config: withoutRestart(
        withoutReady(withoutPause({ ...now.config, ...config, ...keptBy(devices), ...runningPower })),
      ),
    }));
    void this.life.deviceWatch.follow(record, expanded.devices);
    this.life.tell(call, "instance-started", record);
  }

  /** One after the other: what is made for one device counts when the next is judged. */
  async #prepare(devices: readonly DevicePlan[]): Promise<void> {
    for (const step of beforeSteps(devices)) await step.run();
  }

  /** What devices need of a container that runs. One that cannot have it is ended. */
  async #complete(
    record: InstanceRecord,
    devices: readonly DevicePlan[],
    cell: RunningCell,
    limit: () => Promise<void>,
  ): Promise<void> {
    try {
      await limit();
      for (const step of afterSteps(devices)) await step.run(cell);
    } catch (error) {
      cell.kill();
      await cell.exited;
      await untilEnded(this.life, record);
      throw error;
    }
  }

  #ops(
    record: InstanceRecord,
    expanded: Expanded,
    {
      devices,
      ids,
      cpus,
      speeds,
      isWhole,
      resolver,
      figures,
      label,
    }: {
      readonly devices: readonly DevicePlan[];
      readonly ids: IdRange | undefined;
      readonly cpus: string | undefined;
      readonly speeds: DiskLimits;
      /** Whether its root must get no subvolumes. */
      readonly isWhole: boolean;
      /** Content of resolv.conf that it is given. */
      readonly resolver: string | undefined;
      readonly figures: readonly Op[];
      readonly label: readonly Op[];
    },
  ) {
    const { dirs, log, seccompDir, volumes } = this.life.home;
    const { groups } = this.life;
    groups.make();
    const { layout } = groups;
    const group = this.life.group(record);
    ownFolder(log, dirs.cell(keyOf(record)), 0o700);
    this.life.home.guestGates.makeFolder(record);
    const consoleLog = path.join(dirs.logs(keyOf(record)), "console.log");
    ownFile(log, consoleLog);
    return startOps({
      name: record.name,
      architecture: record.architecture,
      config: expanded.config,
      devices: expanded.devices,
      plans: devices,
      root: volumes.root(record.pool, volumeOf(record)),
      ids,
      layout,
      group,
      limits: forNewGroup([
        ...limitWrites(layout, group, expanded.config, cpus),
        ...diskLimitWrites(layout, group, speeds),
      ]),
      controlDir: dirs.cell(keyOf(record)),
      figures,
      gate: gateOps(dirs, record),
      resolver: resolverFile(dirs.cell(keyOf(record)), resolver),
      consoleLog,
      label,
      seccomp: startFilter(
        dirs.cell(keyOf(record)),
        seccompFile(seccompDir, expanded.config),
        [
          ...(isWhole ? [subvolumeRules()] : []),
          ...(guardsMounts(this.life.home, expanded.config) ? [mountCallRules(seccompDir)] : []),
          policyRules(seccompDir, expanded.config),
          interceptionRules(seccompDir, expanded.config),
          permitRules(seccompDir, expanded.config, isNarrow(record.architecture)),
        ],
        wholeFilter(seccompDir, expanded.config),
      ),
      hasDevice: (device) => existsSync(path.join("/dev", device)),
    });
  }
}
