/** End: what follows when a container has ended, by itself or because it was told to. */
import { setTimeout as delay } from "node:timers/promises";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { ownCall } from "../../../core/call";
import type { Exit } from "../../../platform/native/index";
import { devicesEnded } from "../devices/devices";
import { withoutKept } from "../devices/volatile-keys";
import { appendLog } from "../inside/log";
import { rebalance } from "../limits/live";
import { type InstanceId, type InstanceRecord, instanceRef, keyOf } from "../record";
import { Autorestarts } from "./autorestart";
import { isRestarting, stoppedPower, withoutPause, withoutReady, withRestart } from "./last-state";
import type { Life } from "./life";

/** A guest that reboots or ends sooner than this after its start waits a moment, so that one in a loop does not keep the host busy. */
const soonMs = 3000;
const rebootPauseMs = 1000;

export class Ends {
  readonly #restarts = new Set<Promise<void>>();
  readonly #autorestarts = new Autorestarts();

  constructor(
    private readonly life: Life,
    private readonly start: (record: InstanceRecord) => Promise<void>,
  ) {}

  /** Takes note of a container that this daemon watched. Never rejects. */
  async ended(instance: InstanceId, exit: Exit): Promise<void> {
    const { home } = this.life;
    try {
      rebalance(this.life);
      appendLog(home, instance, `Ended: ${JSON.stringify(exit)}`);
      await this.noteEnd(instance, exit, true);
    } catch (error) {
      home.log.error("Cannot take note of an ended container", { name: instance.name, error });
    }
  }

  /**
   * The rules of an end: an ephemeral instance goes, one that reboots or is restarted stays and starts again, the rest is stopped.
   * @param isWatched whether this daemon knows of every wish to stop it; an earlier one may have heard another
   */
  async noteEnd(instance: InstanceId, exit: Exit, isWatched = false): Promise<void> {
    const { home, book, restarting, isShuttingDown } = this.life;
    const record = book.find(instance);
    if (record === undefined) return;
    this.life.deviceWatch.forget(instance);
    const { config: expanded, devices } = book.expanded(record);
    await devicesEnded(home, record, devices);
    const isStartedAgain = restarting.has(keyOf(instance));
    const isKept = isShuttingDown || isStartedAgain;
    const isReboot = !isKept && (exit.reason === "reboot" || isRestarting(record));
    const isUnasked = isWatched && !isKept && !record.ephemeral && !this.life.asked.has(keyOf(instance));
    const wantsAgain = isUnasked && instanceConfig(expanded).get("boot.autorestart");
    const isAgain = isReboot || (wantsAgain && this.#mayAgain(instance));
    if (record.ephemeral && !isReboot && !isStartedAgain) {
      this.#tell(instance, exit);
      await this.life.deleteStopped(instance);
      home.native.clear(keyOf(instance));
      return;
    }
    const power = isKept || isAgain ? {} : stoppedPower;
    book.change(instance, (now) => {
      const config = { ...withoutReady(withoutPause(withoutKept(now.config))), ...power };
      return { ...now, config: isAgain ? withRestart(config) : config };
    });
    // Only now: a daemon that is killed before finds there how the container ended.
    home.native.clear(keyOf(instance));
    this.#tell(instance, exit);
    const isSoon = Date.now() - Date.parse(record.lastUsedAt) < soonMs;
    if (isAgain) this.#restartLater(instance, isSoon ? rebootPauseMs : 0);
  }

  /** Whether an instance may start again by its boot.autorestart; one that has just done so ten times may not. */
  #mayAgain(instance: InstanceId): boolean {
    const may = this.#autorestarts.take(keyOf(instance));
    if (!may)
      this.life.home.log.warning("An instance ends again and again, and is not started any more", {
        name: instance.name,
      });
    return may;
  }

  /** One event and one line, however it ended: as it was asked for, or, as LXD has it, as a shutdown of its own. */
  #tell(instance: InstanceId, exit: Exit): void {
    const asked = this.life.asked.get(keyOf(instance));
    const details = { name: instance.name, reason: reasonOf(exit), asked: asked?.action ?? "no" };
    if (asked === undefined && (exit.reason === "killed" || exit.reason === "lost"))
      this.life.home.log.warning("An instance has ended that nobody asked to stop", details);
    else this.life.home.log.info("An instance has ended", details);
    this.life.tell(asked?.call ?? ownCall(), asked?.action ?? "instance-shutdown", instance);
  }

  #restartLater(instance: InstanceId, pauseMs: number): void {
    const { home, book } = this.life;
    const start = async () => {
      const record = book.find(instance);
      if (record !== undefined && !this.life.running.has(instance)) await this.start(record);
      this.life.tell(ownCall(), "instance-restarted", instance);
    };
    const restart = delay(pauseMs)
      .then(() => home.changes.run(ownCall(), { of: [instanceRef(instance)], work: start }))
      .catch((error: unknown) => home.log.error("Cannot start a container again", { name: instance.name, error }))
      .finally(() => this.#restarts.delete(restart));
    this.#restarts.add(restart);
  }

  /** Waits for containers that are between their end and their next start, so that no daemon leaves them there. */
  async settle(): Promise<void> {
    await Promise.all(this.#restarts);
  }
}

/** Why a container ended, in words. */
function reasonOf({ reason, code, signal, oomKills }: Exit): string {
  if (reason === "halt") return "it powered itself off";
  if (reason === "reboot") return "it rebooted itself";
  if (reason === "lost") return "its supervisor was killed";
  const forMemory =
    oomKills === undefined ? "" : `; memory was short, and the kernel killed ${oomKills} of its processes`;
  if (signal !== undefined) return `its init was killed by signal ${signal}${forMemory}`;
  return `its init left with code ${code ?? 0}`;
}
