/**
 * Made by: keys that a running container was made by and cannot follow. A change of one is taken and counts from the next start on, as in LXD;
 * until then whoever enters the container goes by what it was made by.
 */
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Config } from "../../../../sdk/api/common";
import { instanceKeys } from "../../../../sdk/api/config/instance";
import { findRow } from "../../../../sdk/api/config/table";
import type { Dirs } from "../../../platform/folders/dirs";
import { readTextNow } from "../../../platform/folders/files";
import { type InstanceId, keyOf } from "../record";

const isFixed = (key: string): boolean => findRow(instanceKeys, key)?.applies === "next start";

/** The part of a configuration that a container is made by. */
export const fixedPart = (config: Config): Config =>
  Object.fromEntries(Object.entries(config).filter(([key]) => isFixed(key)));

/** The configuration that counts for a running container. @param now expanded @param madeBy undefined when nobody wrote it down */
export const inForce = (now: Config, madeBy: Config | undefined): Config =>
  madeBy === undefined
    ? now
    : { ...Object.fromEntries(Object.entries(now).filter(([key]) => !isFixed(key))), ...madeBy };

/** Beside the run files of the container, with which it goes. */
const fileOf = (dirs: Dirs, instance: InstanceId): string => path.join(dirs.cell(keyOf(instance)), "made-by");

/** Writes down what a container is made by, before it is started: the next daemon has to know. */
export function noteMadeBy(dirs: Dirs, instance: InstanceId, madeBy: Config): void {
  // Whatever is there is of an earlier run, or nobody's: a fifo would keep the writer for ever.
  rmSync(fileOf(dirs, instance), { recursive: true, force: true });
  writeFileSync(fileOf(dirs, instance), JSON.stringify(madeBy), { mode: 0o600 });
}

/** @returns nothing for a container of a daemon that refused to change such keys while it ran, or when the file was lost */
export function readMadeBy(dirs: Dirs, instance: InstanceId): Config | undefined {
  try {
    const read = Config.safeParse(JSON.parse(readTextNow(fileOf(dirs, instance)) ?? "null"));
    return read.success ? read.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
