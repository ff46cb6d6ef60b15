/** Adopt: containers that an earlier daemon started go on under this one. */

import { urlOf } from "../../../core/ref";
import { isFrozen, setFrozen } from "../../../platform/host/freezer";
import { type RunningCell, Silent } from "../../../platform/native/index";
import { devicesAdopted } from "../devices/devices";
import { applyLimits, foundCpus } from "../limits/live";
import { requireReadable } from "../readable";
import { type InstanceRecord, instanceRef, keyOf } from "../record";
import { noteCell } from "./cell-notes";
import { isPaused, isRestarting, withoutRestart } from "./last-state";
import { endLeftovers, patienceMs, standIn, untilEnded } from "./leftovers";
import type { Life, OnEnd } from "./life";
import { readMadeBy } from "./made-by";
import { notePause } from "./pause";

/** Takes a container over that an earlier daemon started. @returns whether it is running */
export async function adopt(life: Life, record: InstanceRecord, onEnd: OnEnd): Promise<boolean> {
  let cell: RunningCell | undefined;
  try {
    cell = (await life.home.native.adopt(keyOf(record), patienceMs)) ?? (await endLeftovers(life, record));
  } catch (error) {
    if (!(error instanceof Silent)) throw error;
    awaitWord(life, record, onEnd, error);
    return true;
  }
  if (cell === undefined) return false;
  takeOver(life, record, cell, onEnd);
  if (cell.pid !== 0) await followState(life, record);
  return true;
}

/** Shows an instance as running whose supervisor says nothing, and goes on to wait for its word. A kill ends the guest by its groups meanwhile. */
function awaitWord(life: Life, record: InstanceRecord, onEnd: OnEnd, error: Error): void {
  const { native, log, warnings } = life.home;
  const entity = urlOf(instanceRef(record));
  const message = `Instance "${record.name}" runs without being looked after: its supervisor does not answer. Let that process go on, or stop the instance by force`;
  warnings.record("instanceUnknown", { message, entity, error });
  let kill: () => void = () => undefined;
  const ending = new Promise<void>((resolve) => {
    kill = () => void untilEnded(life, record).then(resolve);
  });
  const cell = standIn(ending, kill);
  const made = { cpus: undefined, madeBy: readMadeBy(life.home.dirs, record) };
  life.running.add(
    record,
    cell,
    made,
    () => untilEnded(life, record),
    (exit) => onEnd(record, exit),
  );
  const isWaiting = () => life.running.get(record)?.cell === cell;
  void native
    .adopt(keyOf(record))
    .then(async (found) => {
      if (!isWaiting()) return found?.forget();
      warnings.resolve("instanceUnknown", entity);
      if (found === undefined) return kill();
      takeOver(life, record, found, onEnd);
      await followState(life, record);
    })
    .catch((reason: unknown) =>
      log.error("Cannot take over a container whose supervisor did not answer", { name: record.name, error: reason }),
    );
}

function takeOver(life: Life, record: InstanceRecord, cell: RunningCell, onEnd: OnEnd): void {
  const made = {
    cpus: cell.pid === 0 ? undefined : foundCpus(life, record),
    madeBy: readMadeBy(life.home.dirs, record),
  };
  life.running.add(
    record,
    cell,
    made,
    () => untilEnded(life, record),
    (exit) => onEnd(record, exit),
  );
  if (cell.pid !== 0) noteCell(life, record, cell);
}

/** What the earlier daemon left half done of it. */
async function followState(life: Life, record: InstanceRecord): Promise<void> {
  // Killed before it stopped the container, or just after the start.
  if (isRestarting(record)) life.book.change(record, (now) => ({ ...now, config: withoutRestart(now.config) }));
  followLimits(life, record);
  await followDevices(life, record);
  const wanted = isPaused(record);
  const found = isFrozen(life.groups.layout, life.group(record));
  if (wanted && found) life.running.update(record, { isFrozen: true });
  if (wanted && !found) notePause(life, record, false);
  // The earlier daemon was killed while it copied the root.
  if (found && !wanted) await setFrozen(life.groups.layout, life.group(record), false);
}

/** What a device lacks outside, such as a proxy that was killed. */
async function followDevices(life: Life, record: InstanceRecord): Promise<void> {
  const running = life.running.get(record);
  if (running === undefined) return;
  try {
    const { devices } = life.book.expanded(record);
    const { config } = life.book.expanded(record);
    await life.home.guestGates.follow(record, config, life.book.idsOf(record), running.cell);
    await devicesAdopted(life.home, record, devices, life.book.idsOf(record), running.cell);
    // The earlier daemon may have been killed between a device and its note.
    void life.deviceWatch.follow(record, devices, true);
  } catch (error) {
    life.home.log.warning("Cannot give a running container back what its devices lack", { name: record.name, error });
  }
}

/** The earlier daemon may have been killed between a change in the database and that of the control files, or the other way round. */
function followLimits(life: Life, record: InstanceRecord): void {
  try {
    requireReadable(life.home, "limit", record);
    applyLimits(life, record, life.book.expanded(record).config);
  } catch (error) {
    life.home.log.warning("Cannot bring the limits of a running container in line", { name: record.name, error });
  }
}
