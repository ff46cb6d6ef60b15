/** Freezer: pause and resume by v2 cgroup.freeze, or by the v1 freezer (docs/kernel.md, Stop and freeze). */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { badRequest, internal } from "../../../sdk/api/errors";
import type { CgroupLayout } from "./cgroups";

const patienceMs = 10_000;

interface Freezer {
  readonly write: { file: string; freeze: string; thaw: string };
  readonly isFrozen: () => boolean;
}

function freezerOf(layout: CgroupLayout, group: string): Freezer {
  if (layout.v2 !== undefined && existsSync(path.join(layout.v2, group, "cgroup.freeze"))) {
    const dir = path.join(layout.v2, group);
    return {
      write: { file: path.join(dir, "cgroup.freeze"), freeze: "1", thaw: "0" },
      isFrozen: () => /^frozen 1$/m.test(readFileSync(path.join(dir, "cgroup.events"), "utf8")),
    };
  }
  const v1 = layout.v1.get("freezer");
  if (v1 === undefined) throw badRequest('Cannot pause instance: this host has no freezer. See "bothy doctor".');
  const file = path.join(v1, group, "freezer.state");
  return {
    write: { file, freeze: "FROZEN", thaw: "THAWED" },
    isFrozen: () => readFileSync(file, "utf8").trim() === "FROZEN",
  };
}

/** Whether groups can be frozen at all; not where none are ours, as for a daemon of an ordinary user. */
export const hasFreezer = ({ v1, v2 }: CgroupLayout): boolean => v2 !== undefined || v1.has("freezer");

/** Whether a group is frozen now. */
export const isFrozen = (layout: CgroupLayout, group: string): boolean =>
  hasFreezer(layout) && freezerOf(layout, group).isFrozen();

/**
 * Freezes or thaws and waits until it holds. The kernel tells by a file only; the wait looks again every few milliseconds.
 * @throws ApiError INTERNAL when a process cannot be frozen within ten seconds; it is thawed again
 */
export async function setFrozen(layout: CgroupLayout, group: string, wanted: boolean): Promise<void> {
  const freezer = freezerOf(layout, group);
  const { file, freeze, thaw } = freezer.write;
  writeFileSync(file, wanted ? freeze : thaw);
  const deadline = Date.now() + patienceMs;
  for (let waitMs = 1; freezer.isFrozen() !== wanted; waitMs = Math.min(50, waitMs * 2)) {
    if (Date.now() > deadline) {
      writeFileSync(file, thaw);
      throw internal("Cannot pause instance: a process in it does not stop. Try again later.");
    }
    await delay(waitMs);
  }
}
