/** Start: a plan of nics, processors and operations, then the container. */
import { existsSync } from "node:fs";
import path from "node:path";
import { ApiError, badRequest } from "../../../../sdk/api/errors";
import { type Call, ownCall } from "../../../core/call";
import { toApiError } from "../../../platform/errors";
import { ownFile, ownFolder } from "../../../platform/folders/aside";
import { errnoOf } from "../../../platform/native/connection";
import { together } from "../../../platform/processes/together";
import { nowText } from "../../../platform/time";
import { applyAtStart } from "../create/file-templates";
import { idRange } from "../create/idmap";
import { hasPending, withoutPending } from "../create/pending-file-templates";
import { announce } from "../devices/announce";
import { hostNames, type Nic, planNics, withHwaddrs } from "../devices/nics";
import { appendLog } from "../inside/log";
import { limitWrites } from "../limits/limits";
import { pickCpus } from "../limits/live";
import { requireReadable } from "../readable";
import { type Expanded, type InstanceRecord, keyOf } from "../record";
import { startOps } from "../spec/start";
import { volumeOf } from "../volume";
import { noteCell } from "./cell-notes";
import { runningPower, withoutPause, withoutRestart } from "./last-state";
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
    await this.life.running.whileStarting(record, this.#start(record, call));
  }

  async #start(record: InstanceRecord, call: Call): Promise<void> {
    const { home, book, running } = this.life;
    const expanded = book.expanded(record);
    const config = withHwaddrs(withoutPending(record.config), expanded.devices);
    ownFolder(home.log, home.dirs.logs(keyOf(record)), 0o700);
    let nics: readonly Nic[];
    try {
      await checkStart(home, { ...record, config });
      nics = planNics(config, expanded.devices);
      const cpus = pickCpus(running, expanded.config);
      const madeBy = fixedPart(expanded.config);
      const ops = this.#ops({ ...record, config }, expanded, nics, cpus);
      await together([announce(home, record, nics), applyAtStart(home, record)]);
      if (hasPending(record.config)) book.change(record, (now) => ({ ...now, config: withoutPending(now.config) }));
      noteMadeBy(home.dirs, record, madeBy);
      const cell = await home.native.startContainer(ops);
      noteCell(this.life, record, cell);
      running.add(
        record,
        cell,
        { cpus, madeBy },
        () => untilEnded(this.life, record),
        (exit) => this.onEnd(record, exit),
      );
    } catch (error) {
      const { code, message, details } = toApiError(error);
      appendLog(home, record, `Cannot start: ${message}`);
      // Another supervisor that holds the folder still needs it.
      if (errnoOf(error) !== "EBUSY") home.native.clear(keyOf(record));
      void home.networks.nics.closePorts(keyOf(record));
      // A device that is not there is a matter of the user's and no fault of the daemon, which would stand in its log.
      if (code === "INTERNAL") await requireStartable(home, record);
      throw new ApiError(code, `Cannot start instance "${record.name}": ${message}`, { details, cause: error });
    }
    book.change(record, (now) => ({
      ...now,
      lastUsedAt: nowText(),
      config: withoutRestart(withoutPause({ ...now.config, ...config, ...hostNames(nics), ...runningPower })),
    }));
    this.life.tell(call, "instance-started", record);
  }

  #ops(record: InstanceRecord, expanded: Expanded, nics: readonly Nic[], cpus: string | undefined) {
    const { dirs, log, volumes } = this.life.home;
    const { groups } = this.life;
    groups.make();
    const { layout } = groups;
    const group = this.life.group(record);
    ownFolder(log, dirs.cell(keyOf(record)), 0o700);
    const consoleLog = path.join(dirs.logs(keyOf(record)), "console.log");
    ownFile(log, consoleLog);
    return startOps({
      name: record.name,
      architecture: record.architecture,
      config: expanded.config,
      devices: expanded.devices,
      root: volumes.root(record.pool, volumeOf(record)),
      ids: idRange(expanded.config, record.config),
      nics,
      layout,
      group,
      limits: limitWrites(layout, group, expanded.config, cpus),
      controlDir: dirs.cell(keyOf(record)),
      consoleLog,
      seccompDir: this.life.home.seccompDir,
      hasDevice: (device) => existsSync(path.join("/dev", device)),
    });
  }
}
