/** Adopt: containers that an earlier daemon started go on under this one. */

import { noteCell } from "./cell-notes";
import { isFrozen, setFrozen } from "./freezer";
import { isPaused, isRestarting, withoutRestart } from "./last-state";
import { endLeftovers } from "./leftovers";
import type { Life, OnEnd } from "./life";
import { applyLimits, foundCpus } from "./live-limits";
import { readMadeBy } from "./made-by";
import { notePause } from "./pause";
import { requireReadable } from "./readable";
import type { InstanceRecord } from "./record";

/** Takes a container over that an earlier daemon started. @returns whether it is running */
export async function adopt(life: Life, record: InstanceRecord, onEnd: OnEnd): Promise<boolean> {
  const { name } = record;
  const cell = (await life.context.native.adopt(name)) ?? (await endLeftovers(life, name));
  if (cell === undefined) return false;
  const made = {
    cpus: cell.pid === 0 ? undefined : foundCpus(life, record),
    madeBy: readMadeBy(life.context.dirs, name),
  };
  life.running.add(name, cell, made, (exit) => onEnd(name, exit));
  if (cell.pid === 0) return true;
  noteCell(life, name, cell);
  // Killed before it stopped the container, or just after the start.
  if (isRestarting(record)) life.records.change(name, (now) => ({ ...now, config: withoutRestart(now.config) }));
  followLimits(life, record);
  const wanted = isPaused(record);
  const found = isFrozen(life.groups.layout, life.group(name));
  if (wanted && found) life.running.update(name, { isFrozen: true });
  if (wanted && !found) notePause(life, name, false);
  // The earlier daemon was killed while it copied the root.
  if (found && !wanted) await setFrozen(life.groups.layout, life.group(name), false);
  return true;
}

/** The earlier daemon may have been killed between a change in the database and that of the control files, or the other way round. */
function followLimits(life: Life, record: InstanceRecord): void {
  try {
    requireReadable(life.context, "limit", record);
    applyLimits(life, record.name, life.records.expanded(record).config);
  } catch (error) {
    life.context.log.warning("Cannot bring the limits of a running container in line", { name: record.name, error });
  }
}
