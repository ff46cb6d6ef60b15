/**
 * Leftovers: processes of a container whose supervisor is gone. A guest may outlive its supervisor (docs/kernel.md, Signals and the end), so a container
 * has ended when its control groups have: until then its name, its host ids and its volumes are in use.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { urlOf } from "../../../core/ref";
import { type Exit, type RunningCell, Silent } from "../../../platform/native/index";
import type { InstanceHome } from "../home";
import { type InstanceId, instanceOfKey, instanceRef, keyOf } from "../record";
import type { Life } from "./life";

/** bothy-cell itself tries for some seconds; between two such rounds the host gets a rest. */
const pauseMs = 1000;
/** How long a start of the daemon waits for what is killed; nearly always it is gone at once. */
const startPatienceMs = 3000;
/** How long a start of the daemon waits for a supervisor that is there: one that somebody has stopped must not keep it from all others. */
export const patienceMs = 3000;

/** Kills what is left of a container and removes its groups. Does nothing when none are there. @throws ApiError INTERNAL while a process that was killed does not die */
export async function requireEnded({ native, groups }: InstanceHome, instance: InstanceId): Promise<void> {
  const dirs = groups.dirsOf(keyOf(instance));
  if (dirs.length > 0) await native.endGroups(dirs);
}

/** As requireEnded, for as long as it takes, and with a warning meanwhile. Never rejects. */
export async function untilEnded(life: Life, instance: InstanceId): Promise<void> {
  const { warnings } = life.home;
  const entity = urlOf(instanceRef(instance));
  for (;;) {
    try {
      await requireEnded(life.home, instance);
      return warnings.resolve("instanceAlive", entity);
    } catch (error) {
      const message = `Instance "${instance.name}" has not ended: a process in it was killed and does not die`;
      warnings.record("instanceAlive", { message, entity, error });
    }
    await delay(pauseMs, undefined, { ref: false });
  }
}

/**
 * Ends what an instance without supervisor left, when the daemon starts.
 * @returns nothing when all is gone; else a stand-in that has ended when all is
 */
export async function endLeftovers(life: Life, instance: InstanceId): Promise<RunningCell | undefined> {
  if (life.groups.dirsOf(keyOf(instance)).length === 0) return undefined;
  const ending = untilEnded(life, instance);
  const isOver = await Promise.race([ending.then(() => true), delay(startPatienceMs, false, { ref: false })]);
  return isOver ? undefined : standIn(ending);
}

/** Shows as running where nobody can be asked. @param kill what a kill does; nothing for one that is killed already */
export const standIn = (ending: Promise<void>, kill: () => void = () => undefined): RunningCell => ({
  pid: 0,
  startTime: 0,
  protocol: 0,
  unguarded: undefined,
  exited: ending.then((): Exit => ({ signal: 9, reason: "lost" })),
  signal: () => undefined,
  resize: () => undefined,
  kill,
  forget: () => undefined,
});

/**
 * Ends what is left of containers that no instance knows, as after the database was put back to an older copy. One that still has its supervisor goes on; recovery
 * tells of it.
 * @param known keys of all instances @returns first host ids of what was killed and does not die; nobody else may get them
 */
export async function endUnknown(life: Life, known: ReadonlySet<string>): Promise<number[]> {
  const unknown = life.groups.names().filter((key) => !known.has(key));
  return (await Promise.all(unknown.map((key) => endOneUnknown(life, instanceOfKey(key))))).flat();
}

async function endOneUnknown(life: Life, instance: InstanceId): Promise<number[]> {
  const { log, native } = life.home;
  try {
    const cell = await native.adopt(keyOf(instance), patienceMs);
    cell?.forget();
    if (cell !== undefined) return [];
  } catch (error) {
    // It has a supervisor, be it one that says nothing.
    if (!(error instanceof Silent)) throw error;
    return [];
  }
  log.warning("What is left of a container that no instance knows is ended", { name: instance.name });
  let hostIds: number[] = [];
  try {
    hostIds = basesIn(life.groups.dirsOf(keyOf(instance)));
  } catch (error) {
    log.error("Cannot see which host ids a container has that no instance knows", { name: instance.name, error });
  }
  return (await endLeftovers(life, instance)) === undefined ? [] : hostIds;
}

/** First host ids of the user namespaces of the processes in groups. */
function basesIn(dirs: readonly string[]): number[] {
  const pids = dirs.flatMap((dir) =>
    readdirSync(dir, { recursive: true, encoding: "utf8" })
      .filter((file) => path.basename(file) === "cgroup.procs")
      .flatMap((file) => read(path.join(dir, file)).split("\n").filter(Boolean)),
  );
  const maps = [...new Set(pids)].map((pid) => read(`/proc/${pid}/uid_map`).trim().split(/\s+/));
  return [...new Set(maps.map(([, base]) => Number(base)).filter((base) => base > 0))];
}

/** Text of a file of a process or group; nothing when that has just ended. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ESRCH" || code === "ENODEV") return "";
    throw error;
  }
}
