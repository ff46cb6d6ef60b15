/**
 * The lxcfs process of a daemon, and its mount: it outlives the daemon, as containers do that read by it, and is found again by its pid file. It holds the
 * places that it serves for (places.ts), so that the next daemon finds them as well.
 */
import { spawn } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { internal } from "../../../../sdk/api/errors";
import { readText } from "../../../platform/folders/files";
import { mountAt } from "../../../platform/host/mounts";
import { commandOf, hasEnded, send, startTimeOf } from "../../../platform/processes/others";
import { mount, mountAlone, Places, uncover, unmount } from "./places";

/** It serves a tenth of a second after its start; a busy host takes longer. */
const longestStartMs = 10_000;
const lookEveryMs = 5;

/** What it takes to mount, to look into other PID namespaces, and to see which personality a caller of another user has. */
const capabilities = ["dac_read_search", "sys_admin", "sys_chroot", "sys_ptrace"];

export const programs = ["lxcfs", "setpriv", "unshare"];

/** The first of its descriptors that hold the places. */
const firstHeld = 3;

const pidFileOf = (folder: string) => path.join(folder, "pid");
/** A file system of its own, that no other mount namespace has. */
const aloneOf = (folder: string) => path.join(folder, "alone");
const servedBy = (folder: string) => path.join(aloneOf(folder), "lxcfs");
const stageOf = (folder: string) => path.join(aloneOf(folder), "stage");

export const placesFolder = (folder: string): string => path.join(folder, "places");

export interface LxcfsProcess {
  readonly pid: number;
  readonly startTime: number;
}

export interface Serving extends LxcfsProcess {
  readonly places: Places;
}

/** The process that serves, with its places, or nothing when none does. @param folder of lxcfs in the state folder */
export async function findLxcfs(folder: string): Promise<Serving | undefined> {
  const found = await findProcess(folder);
  const places = found && (await Places.heldBy(placesFolder(folder), found.pid, firstHeld));
  return found && places && { ...found, places };
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

/**
 * Starts it in the place of one that is there, and lays on the places what it serves. @param bound puts the process within its bounds
 * @throws ApiError INTERNAL when it does not serve; nothing of it is left then
 */
export async function startLxcfs(
  folder: string,
  places: Places,
  bound: (pid: number) => Promise<void>,
): Promise<LxcfsProcess> {
  await stopLxcfs(folder);
  try {
    await mountAlone(aloneOf(folder));
    await Promise.all([mkdir(servedBy(folder)), mkdir(stageOf(folder))]);
    await launch(folder, places, bound);
    // A bind takes over these flags, and so does each mount that the kernel makes of it in containers.
    await mount("-o", "remount,bind,ro,nosuid,nodev,noexec", servedBy(folder));
    await places.cover(servedBy(folder), stageOf(folder));
    const found = await findProcess(folder);
    if (found === undefined) throw internal("Cannot give containers figures of their own: lxcfs has just ended.");
    return found;
  } catch (error) {
    await stopLxcfs(folder);
    throw error;
  }
}

/** Starts the program, and resolves when it has mounted. */
async function launch(folder: string, places: Places, bound: (pid: number) => Promise<void>): Promise<void> {
  const at = servedBy(folder);
  const only = capabilities.map((name) => `,+${name}`).join("");
  const alone = ["--net", "--ipc", "--uts", "--"];
  const weak = ["setpriv", "--no-new-privs", "--inh-caps=-all", `--bounding-set=-all${only}`, "--"];
  const lxcfs = ["lxcfs", "-f", "-l", "--enable-cfs", "-p", pidFileOf(folder), at];
  // Guests can have it say as much as they like, so nobody keeps what it says.
  const child = spawn("unshare", [...alone, ...weak, ...lxcfs], {
    stdio: ["ignore", "ignore", "ignore", ...places.held],
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

/** Ends it and takes its mounts away; containers see the host's figures. None of it being there is not an error. @throws ApiError INTERNAL */
export async function stopLxcfs(folder: string): Promise<void> {
  await endLxcfs(folder);
  await uncover(placesFolder(folder));
  await unmount(aloneOf(folder));
}

/** Ends it and takes the places away as well: for when no container is left. @throws ApiError INTERNAL */
export async function clearLxcfs(folder: string): Promise<void> {
  await endLxcfs(folder);
  await unmount(placesFolder(folder));
  await unmount(aloneOf(folder));
}

async function endLxcfs(folder: string): Promise<void> {
  const found = await findProcess(folder);
  if (found !== undefined) {
    // It keeps nothing that would be lost, and heeds SIGTERM at the next request only.
    send(found.pid, "SIGKILL");
    await hasEnded(found.pid, String(found.startTime));
  }
  await rm(pidFileOf(folder), { force: true });
}
