/** Label: what a container was started with, and whatever enters it later has. Kept beside its run files, with which it goes. */
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ownFolder } from "../../../platform/folders/aside";
import type { Dirs } from "../../../platform/folders/dirs";
import { readTextNow } from "../../../platform/folders/files";
import type { Op } from "../../../platform/native/index";
import type { Platform } from "../../../platform/platform";
import { fileContext } from "../../../platform/selinux/context";
import { selinuxTypes } from "../../../platform/selinux/support";
import { type InstanceId, keyOf } from "../record";

/** By security module: files of notes, and operations of bothy-cell, have its name. */
export type LabelKind = "apparmor" | "selinux";

const kinds: readonly LabelKind[] = ["apparmor", "selinux"];

const fileOf = (dirs: Dirs, key: string, kind: LabelKind): string => path.join(dirs.cell(key), kind);

const opsOf = (kind: LabelKind, label: string): Op[] => (label === "" ? [] : [[kind, label]]);

/** Notes a label of a container that is about to start. @param label empty for none @returns the words for bothy-cell */
export function noteLabel(
  { dirs, log }: Pick<Platform, "dirs" | "log">,
  instance: InstanceId,
  kind: LabelKind,
  label: string,
): Op[] {
  const file = fileOf(dirs, keyOf(instance), kind);
  ownFolder(log, dirs.cell(keyOf(instance)), 0o700);
  // Whatever is there is of an earlier run, or nobody's: a fifo would keep the writer for ever.
  rmSync(file, { recursive: true, force: true });
  writeFileSync(file, label, { mode: 0o600 });
  return opsOf(kind, label);
}

/** A label as it was noted. A container of an earlier version has no note, and no label. */
export const notedLabel = (dirs: Dirs, key: string, kind: LabelKind): string =>
  readTextNow(fileOf(dirs, key, kind)) ?? "";

/** The words by which bothy-cell gives what enters a running container its label. */
export const labelOps = (dirs: Dirs, instance: InstanceId): Op[] =>
  kinds.flatMap((kind) => opsOf(kind, notedLabel(dirs, keyOf(instance), kind)));

/** The words for what is made for a container that has this label of SELinux: files, device nodes and terminals. */
export const fileLabelOps = (context: string): Op[] =>
  context === ""
    ? []
    : [
        [
          "selinux-files",
          ...[selinuxTypes.files, selinuxTypes.devices, selinuxTypes.terminals].map((type) => fileContext(type)),
        ],
      ];

/** The same for one that runs. */
export const runningFileLabelOps = (dirs: Dirs, instance: InstanceId): Op[] =>
  fileLabelOps(notedLabel(dirs, keyOf(instance), "selinux"));
