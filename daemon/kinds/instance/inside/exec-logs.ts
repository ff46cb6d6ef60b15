/** Exec logs: files that keep what a command printed (docs/lxd-api.md, Exec), bounded in size and number. */
import { rm, stat } from "node:fs/promises";
import path from "node:path";
import { entries, ignoring } from "../../../platform/folders/files";
import type { InstanceHome } from "../home";
import { type InstanceId, keyOf } from "../record";

/** Of one stream of one command. */
export const recordedBytes = 16 * 1024 * 1024;

/** Of one instance, all its commands together: older files give way to newer ones. */
const keptFiles = 200;
const keptBytes = 4 * recordedBytes;

const pattern = /^exec_[0-9a-f-]{36}\.(stdout|stderr)$/;

export const isExecLog = (name: string): boolean => pattern.test(name);

/** Removes the oldest files until the rest is within the bounds. One that a command still writes to goes on without its name. */
export async function pruneExecLogs({ dirs }: InstanceHome, instance: InstanceId): Promise<void> {
  const folder = dirs.logs(keyOf(instance));
  const names = (await entries(folder)).filter(isExecLog);
  const found = await Promise.all(
    names.map(async (name) => {
      const file = path.join(folder, name);
      const about = await ignoring("ENOENT", stat(file));
      return about === undefined ? [] : [{ file, bytes: about.size, changedAt: about.mtimeMs }];
    }),
  );
  const newestFirst = found.flat().sort((a, b) => b.changedAt - a.changedAt);
  let bytes = 0;
  for (const [index, one] of newestFirst.entries()) {
    bytes += one.bytes;
    if (index >= keptFiles || bytes > keptBytes) await rm(one.file, { force: true });
  }
}
