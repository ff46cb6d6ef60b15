/**
 * The lxcfs process of a daemon, and its mounts: it outlives the daemon, as containers do that read by it, and is found again by its pid file.
 * What it serves is mounted once more file by file, in a tmpfs of ours: who mounts one of these into a container asks nothing of lxcfs, so a start neither
 * waits for it nor hangs with it.
 */
import { spawn } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { internal } from "../../../../sdk/api/errors";
import { ignoring, readText } from "../../../platform/folders/files";
import { mountAt, mountsBelow } from "../../../platform/host/mounts";
import { commandOf, hasEnded, send, startTimeOf } from "../../../platform/processes/others";
import { run } from "../../../platform/processes/run";
import { together } from "../../../platform/processes/together";
import { figures, readyPath } from "./figures";

/** It serves a tenth of a second after its start; a busy host takes longer. */
const longestStartMs = 10_000;
const lookEveryMs = 5;

/** What it takes to mount, to look into other PID namespaces, and to see which personality a caller of another user has. */
const capabilities = ["dac_read_search", "sys_admin", "sys_chroot", "sys_ptrace"];

export const programs = ["lxcfs", "setpriv", "unshare"];

const pidFileOf = (folder: string) => path.join(folder, "pid");
const mountOf = (ready: string) => path.join(ready, "lxcfs");

/** Folder of the files that containers get. */
export const readyFolder = (folder: string): string => path.join(folder, "ready");

export interface LxcfsProcess {
  readonly pid: number;
  readonly startTime: number;
}

/** The process that serves, or nothing when none does. @param folder of lxcfs in the state folder */
export async function findLxcfs(folder: string): Promise<LxcfsProcess | undefined> {
  const found = await findProcess(folder);
  return found !== undefined && (await isWhole(readyFolder(folder))) ? found : undefined;
}

/** @returns the process whether it serves or not: the pid may have come to be somebody else's */
async function findProcess(folder: string): Promise<LxcfsProcess | undefined> {
  const pid = Number(((await readText(pidFileOf(folder))) ?? "").trim());
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  const [program = "", ...args] = commandOf(pid);
  const startTime = startTimeOf(pid);
  const isOurs = path.basename(program) === "lxcfs" && args.includes(pidFileOf(folder));
  return isOurs && startTime !== undefined ? { pid, startTime: Number(startTime) } : undefined;
}

const mountedAt = (ready: string) => ignoring("ENOENT", mountAt(ready));

/** Whether all is mounted that containers get. */
async function isWhole(ready: string): Promise<boolean> {
  if ((await mountedAt(ready)) === undefined) return false;
  const points = new Set((await mountsBelow(ready)).map(({ point }) => path.basename(point)));
  return figures.every((figure) => points.has(path.basename(readyPath(ready, figure))));
}

/**
 * Starts it in the place of one that is there, and mounts what containers get. @param bound puts the process within its bounds
 * @throws ApiError INTERNAL when it does not serve; nothing is left of it then
 */
export async function startLxcfs(folder: string, bound: (pid: number) => Promise<void>): Promise<LxcfsProcess> {
  await stopLxcfs(folder);
  const ready = readyFolder(folder);
  try {
    await mkdir(ready, { recursive: true, mode: 0o700 });
    await mount("-t", "tmpfs", "-o", "nosuid,nodev,noexec,mode=700,size=64k", "bothy-lxcfs", ready);
    await mkdir(mountOf(ready));
    await launch(folder, bound);
    await together(figures.map((figure) => hold(ready, figure)));
    const found = await findLxcfs(folder);
    if (found === undefined) throw internal("Cannot give containers figures of their own: lxcfs has just ended.");
    return found;
  } catch (error) {
    await stopLxcfs(folder);
    throw error;
  }
}

const mount = (...args: string[]) => run("mount", args, { signal: AbortSignal.timeout(longestStartMs) });

async function hold(ready: string, figure: (typeof figures)[number]): Promise<void> {
  const place = readyPath(ready, figure);
  if (figure.isFolder) await mkdir(place);
  else await writeFile(place, "");
  await mount("--bind", path.join(mountOf(ready), figure.served), place);
}

/** Starts the program, and resolves when it has mounted. */
async function launch(folder: string, bound: (pid: number) => Promise<void>): Promise<void> {
  const at = mountOf(readyFolder(folder));
  const only = capabilities.map((name) => `,+${name}`).join("");
  const alone = ["--net", "--ipc", "--uts", "--"];
  const weak = ["setpriv", "--no-new-privs", "--inh-caps=-all", `--bounding-set=-all${only}`, "--"];
  const lxcfs = ["lxcfs", "-f", "-l", "--enable-cfs", "-p", pidFileOf(folder), at];
  // Guests can have it say as much as they like, so nobody keeps what it says.
  const child = spawn("unshare", [...alone, ...weak, ...lxcfs], {
    stdio: "ignore",
    detached: true,
    cwd: "/",
    env: { PATH: process.env.PATH, LC_ALL: "C" },
  });
  child.unref();
  let failure: Error | undefined;
  child.once("error", (error) => {
    failure = error;
  });
  const { pid } = child;
  if (pid !== undefined) await bound(pid);
  for (const end = Date.now() + longestStartMs; (await mountAt(at)) === undefined; await delay(lookEveryMs)) {
    const why = failure?.message ?? (child.exitCode === null && child.signalCode === null ? undefined : "it has ended");
    if (why === undefined && Date.now() < end) continue;
    if (pid !== undefined) send(pid, "SIGKILL");
    throw internal(
      `Cannot start lxcfs: ${why ?? "it does not mount"}. Run "lxcfs -f FOLDER" with an empty folder to see what it lacks.`,
      { cause: failure },
    );
  }
}

/** Ends it and takes its mounts away; none of it being there is not an error. @throws ApiError INTERNAL */
export async function stopLxcfs(folder: string): Promise<void> {
  const found = await findProcess(folder);
  if (found !== undefined) {
    // It keeps nothing that would be lost, and heeds SIGTERM at the next request only.
    send(found.pid, "SIGKILL");
    await hasEnded(found.pid, String(found.startTime));
  }
  await rm(pidFileOf(folder), { force: true });
  const ready = readyFolder(folder);
  // Lazily, and what is below goes with it: what an lxcfs served that is gone answers nobody.
  while ((await mountedAt(ready)) !== undefined) await run("umount", ["--no-canonicalize", "--lazy", ready]);
}
