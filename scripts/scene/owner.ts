/** Owner: the process that a test's folder belongs to. What is left of one that was killed is taken away by the next. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cellProgram } from "../../sdk/host/package";
import { placeOf, removeTraces } from "./traces";

/** Beginnings of the names of such folders: of tests with a daemon, and of those of bothy-cell alone, whose sockets want short ones. */
export const testPrefix = "bothy-test-";
export const cellPrefix = "cell-";

const ownerFile = (base: string) => path.join(base, "owner");

/** Where the state folder of a test's daemon is. */
export const stateDirOf = (base: string): string => path.join(base, "state");

/** Notes that a folder belongs to this process. */
export const own = (base: string): void => writeFileSync(ownerFile(base), `${process.pid} ${startOf(process.pid)}`);

/** Keeps a folder for whoever wants to look at it. */
export const disown = (base: string): void => rmSync(ownerFile(base), { force: true });

/** Takes away what test processes left that were killed: folders, processes, mounts, control groups. @param folder that holds theirs */
export async function sweepOrphans(folder: string): Promise<void> {
  for (const name of readdirSync(folder)) {
    const base = path.join(folder, name);
    const isTests = [testPrefix, cellPrefix].some((prefix) => name.startsWith(prefix));
    if (isTests && isOrphan(base) && isClaimed(base)) await remove(base);
  }
}

function isOrphan(base: string): boolean {
  const [pid, start] = (read(ownerFile(base)) ?? "").split(" ");
  return pid !== undefined && start !== undefined && startOf(Number(pid)) !== start;
}

/** Another process may sweep at the same time; the first who renames has it. */
function isClaimed(base: string): boolean {
  try {
    renameSync(ownerFile(base), `${ownerFile(base)}.${process.pid}`);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

async function remove(base: string): Promise<void> {
  await removeTraces(placeOf(existsSync(stateDirOf(base)) ? stateDirOf(base) : base));
  execFileSync(cellProgram, ["remove", base]);
}

/** When a process began, in ticks since the host did (proc_pid_stat(5)): a later one of the same number is another. */
export const startOf = (pid: number): string | undefined =>
  read(`/proc/${pid}/stat`)?.split(") ").at(-1)?.split(" ")[19];

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}
