/** Label: what a container was started with, and whatever enters it later has. Kept beside its run files, with which it goes. */
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ownFolder } from "../../../platform/folders/aside";
import type { Dirs } from "../../../platform/folders/dirs";
import { readTextNow } from "../../../platform/folders/files";
import type { Op } from "../../../platform/native/index";
import type { Platform } from "../../../platform/platform";
import { type InstanceId, keyOf } from "../record";

const fileOf = (dirs: Dirs, instance: InstanceId): string => path.join(dirs.cell(keyOf(instance)), "apparmor");

const opsOf = (label: string): Op[] => (label === "" ? [] : [["apparmor", label]]);

/** Notes the label of a container that is about to start. @param label empty for none @returns the words for bothy-cell */
export function noteLabel({ dirs, log }: Pick<Platform, "dirs" | "log">, instance: InstanceId, label: string): Op[] {
  ownFolder(log, dirs.cell(keyOf(instance)), 0o700);
  // Whatever is there is of an earlier run, or nobody's: a fifo would keep the writer for ever.
  rmSync(fileOf(dirs, instance), { recursive: true, force: true });
  writeFileSync(fileOf(dirs, instance), label, { mode: 0o600 });
  return opsOf(label);
}

/** The words by which bothy-cell puts what enters a running container below its profile. A container of an earlier version has no note, and no profile. */
export const labelOps = (dirs: Dirs, instance: InstanceId): Op[] => opsOf(readTextNow(fileOf(dirs, instance)) ?? "");
