/** Traces: what a daemon and its containers have on this machine, found by state folder and network namespace. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { hierarchies, lxcfsGroupName, parentGroupName, readCgroupLayout } from "../../daemon/platform/host/cgroups";

export interface Place {
  /** Folder of everything that is ours, resolved: the state folder of the daemon, or one above it. */
  readonly dir: string;
  /** Process that keeps the daemon's network namespace; it does not count. Absent when it has ended. */
  readonly keeperPid: number | undefined;
  /** Control group of the daemon's containers in every hierarchy. */
  readonly group: string;
  /** Process that began before all that is ours, whose elders are not looked at: a look into each process of a machine is slow. Absent when it has ended. */
  readonly begunBy?: number;
}

export function placeOf(stateDir: string, keeperPid?: number, begunBy?: number): Place {
  const dir = realpathSync(stateDir);
  return { dir, keeperPid, group: parentGroupName(dir), begunBy };
}

export interface Traces {
  readonly processes: readonly number[];
  readonly mounts: readonly string[];
  readonly cgroups: readonly string[];
  readonly loops: readonly string[];
  readonly interfaces: readonly string[];
  readonly tables: readonly string[];
}

/** What a kernel puts into each network namespace by itself, those of tunnels once it has their module (net.core.fb_tunnels_only_for_init_net). */
const kernelsOwn = new Set([
  "lo",
  "gre0",
  "gretap0",
  "erspan0",
  "tunl0",
  "sit0",
  "ip6tnl0",
  "ip6gre0",
  "ip_vti0",
  "ip6_vti0",
]);

export function findTraces(place: Place): Traces {
  return {
    processes: processesOf(place),
    mounts: mountsBelow(place.dir),
    cgroups: cgroupsOf(place.group),
    loops: loopsBelow(place.dir),
    interfaces: interfacesInside(place).filter((name) => !kernelsOwn.has(name)),
    tables: linesInside(place, ["nft", "list", "tables"]),
  };
}

const isClean = (traces: Traces): boolean => Object.values(traces).every((items) => items.length === 0);

/**
 * On a busy host it takes its time for the last of what a mount held, such as its loop device: a build of a Debian beside, in mounts of its own, has
 * copies of all mounts as long as it runs.
 */
const settleMs = 120_000;

/** The traces, after the kernel had its time: a veth pair goes some milliseconds after its namespace (docs/kernel.md, Stop and freeze). */
export async function settledTraces(place: Place, isEnough = isClean): Promise<Traces> {
  const deadline = Date.now() + settleMs;
  for (;;) {
    const traces = findTraces(place);
    if (isEnough(traces) || Date.now() > deadline) return traces;
    await delay(50);
  }
}

/** @returns one sentence a kind of trace that is left, with what each process is */
export function describeTraces(traces: Traces): string[] {
  const processes = traces.processes.map((pid) => `${pid} (${commandOf(pid)})`);
  return Object.entries({ ...traces, processes }).flatMap(([kind, items]) =>
    items.length === 0 ? [] : [`${kind} left: ${items.join(", ")}`],
  );
}

/** Takes away what is left after a failure: by what was found to belong to the place, never by name. */
export async function removeTraces(place: Place): Promise<void> {
  for (let round = 0; round < 20 && processesOf(place).length > 0; round += 1) {
    for (const pid of processesOf(place)) ignoring("ESRCH", () => process.kill(pid, "SIGKILL"));
    await delay(50);
  }
  for (const mount of mountsBelow(place.dir).reverse()) execFileSync("umount", ["--lazy", mount]);
  for (const loop of loopsBelow(place.dir)) execFileSync("losetup", ["--detach", loop]);
  for (const group of cgroupsOf(place.group).reverse()) ignoring("EBUSY", () => rmdirSync(group));
}

/** Runs the work; an error of this code means that somebody was faster. */
function ignoring(code: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== code) throw error;
  }
}

/** Living processes in the daemon's network namespace, in its containers' groups, begun with our folder in mind or with a file in it, and what these began. */
export function processesOf({ dir, keeperPid, group, begunBy }: Place): number[] {
  const since = begunBy === undefined ? 0 : startOf(begunBy);
  const netns = keeperPid === undefined ? undefined : readlinkSync(`/proc/${keeperPid}/ns/net`);
  const numbers = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const isOurs = (pid: number) => {
    if (netns !== undefined && readlinkSync(`/proc/${pid}/ns/net`) === netns) return true;
    if (readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(`:/${group}/`)) return true;
    const words = ["cmdline", "environ"].map((file) => readFileSync(`/proc/${pid}/${file}`, "latin1"));
    // A supervisor keeps neither, but a container's console.
    const held = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    return [...words, ...held].some((text) => text.includes(`${dir}/`));
  };
  const found = numbers.map(Number).filter((pid) => {
    if (pid === keeperPid || pid === process.pid) return false;
    return isAlive(pid) && unlessEnded(() => startOf(pid) >= since && isOurs(pid), false);
  });
  return [...new Set(found.flatMap((pid) => [pid, ...childrenOf(pid)]))];
}

/** A container's first process has nothing of its supervisor's about it. */
const childrenOf = (pid: number): number[] =>
  unlessEnded(() => readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8"), "")
    .split(" ")
    .filter(Boolean)
    .map(Number)
    .filter(isAlive)
    .flatMap((child) => [child, ...childrenOf(child)]);

/** When a process began, in ticks since the host did (proc_pid_stat(5)). */
function startOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
}

/** A zombie has no program any more, though it still has its control group: whoever adopted it takes its time. */
const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}/exe`);

/** @param otherwise of a process that has ended meanwhile */
function unlessEnded<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** The words of a process's command. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "ended meanwhile";
  }
}

const isBelow = (dir: string, file: string) => file === dir || file.startsWith(`${dir}/`);

function mountsBelow(dir: string): string[] {
  const points = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => unescaped(line.split(" ")[4] ?? ""));
  return points.filter((point) => isBelow(dir, point));
}

/** As mountinfo writes names: a space is \\040. */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** Group folders of the name in every hierarchy, each before those below it, and those of lxcfs. */
function cgroupsOf(group: string): string[] {
  const names = [group, lxcfsGroupName(group)];
  const tops = hierarchies(readCgroupLayout()).flatMap((mountPoint) =>
    names.map((name) => path.join(mountPoint, name)),
  );
  return tops.filter((top) => existsSync(top)).flatMap((top) => [top, ...foldersBelow(top)]);
}

function foldersBelow(dir: string): string[] {
  const below = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return below.flatMap(({ name }) => [path.join(dir, name), ...foldersBelow(path.join(dir, name))]);
}

function loopsBelow(dir: string): string[] {
  return readdirSync("/sys/block")
    .filter((name) => {
      const file = backingFileOf(name);
      return file !== undefined && isBelow(dir, file);
    })
    .map((name) => `/dev/${name}`);
}

/** Nothing for a device that is not a loop, or has just been let go by somebody else. */
function backingFileOf(device: string): string | undefined {
  try {
    return readFileSync(`/sys/block/${device}/loop/backing_file`, "utf8").trim();
  } catch (error) {
    if (["ENOENT", "ENXIO"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

/** What `ip link` lists, without a process for it: each line but two begins with a name and a colon. */
function interfacesInside({ keeperPid }: Place): string[] {
  if (keeperPid === undefined) return [];
  const lines = readFileSync(`/proc/${keeperPid}/net/dev`, "latin1").split("\n").slice(2).filter(Boolean);
  return lines.map((line) => line.slice(0, line.indexOf(":")).trim());
}

function linesInside({ keeperPid }: Place, command: readonly string[]): string[] {
  if (keeperPid === undefined) return [];
  const output = execFileSync("nsenter", ["--target", String(keeperPid), "--net", ...command], { encoding: "utf8" });
  return output.split("\n").filter(Boolean);
}
