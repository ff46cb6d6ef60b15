/** activateifneeded: reaches for the daemon's socket, so that a service manager starts it, when there is something to do for it. */
import { existsSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isTrue } from "../../sdk/api/config/values";
import { ask } from "./ask";

/** Whether a daemon has the database. */
function isHeld(dir: string): boolean {
  const file = fileOf(dir);
  if (!existsSync(file)) return false;
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    database.prepare("SELECT count(*) FROM server").get();
    return false;
  } catch (error) {
    if (/locked/.test((error as Error).message)) return true;
    throw error;
  } finally {
    database.close();
  }
}

const fileOf = (dir: string): string => path.join(dir, "database", "bothy.db");

type Config = Readonly<Record<string, string>>;

/** What there may be that waits for a daemon, wherever it was read. */
interface Kept {
  readonly server: Config;
  /** What instances come to, and profiles that instances have. */
  readonly instances: readonly Config[];
  readonly volumes: readonly Config[];
}

const startsItself = ({ "boot.autostart": autostart, "volatile.last_state.power": power }: Config): boolean =>
  isTrue(autostart) || (autostart === undefined && power === "RUNNING");

const isScheduled = ({ "snapshots.schedule": schedule = "" }: Config): boolean => schedule !== "";

/** @returns what waits for a daemon, in LXD's words; nothing when nothing does */
function whyNeeded({ server, instances, volumes }: Kept): string | undefined {
  for (const key of ["core.https_address", "core.metrics_address"]) if (server[key]) return `${key} set`;
  if (instances.some(startsItself)) return "auto-started instances";
  if (instances.some(isScheduled)) return "scheduled instance snapshots";
  return volumes.some(isScheduled) ? "scheduled volume snapshots" : undefined;
}

/** What the database of a daemon that does not run keeps; nothing where there is none. */
function keptIn(dir: string): Kept | undefined {
  if (!existsSync(fileOf(dir))) return undefined;
  const database = new DatabaseSync(fileOf(dir), { readOnly: true });
  try {
    const configs = (from: string) =>
      database
        .prepare(`SELECT config FROM ${from}`)
        .all()
        .map(({ config }) => JSON.parse(String(config)) as Config);
    const server = database.prepare("SELECT key, value FROM server WHERE key LIKE 'config.%'").all();
    return {
      server: Object.fromEntries(server.map(({ key, value }) => [String(key).slice("config.".length), String(value)])),
      instances: [
        ...configs("instances"),
        ...configs("profiles WHERE name IN (SELECT value FROM instances, json_each(instances.profiles))"),
      ],
      volumes: configs("storage_volumes"),
    };
  } finally {
    database.close();
  }
}

/** The same of a daemon that runs. */
async function keptBy(socketPath: string): Promise<Kept> {
  const told = async <T>(url: string) => (await ask(socketPath, "GET", url)).metadata as T;
  const pools = await told<{ name: string }[]>("/1.0/storage-pools?recursion=1");
  const volumes = pools.map(({ name }) =>
    told<{ config: Config }[]>(
      `/1.0/storage-pools/${encodeURIComponent(name)}/volumes/custom?recursion=1&all-projects=true`,
    ),
  );
  const instances = await told<{ expanded_config: Config }[]>("/1.0/instances?recursion=1&all-projects=true");
  return {
    server: (await told<{ config: Config }>("/1.0")).config,
    instances: instances.map(({ expanded_config: config }) => config),
    volumes: (await Promise.all(volumes)).flat().map(({ config }) => config),
  };
}

/** Reaches for the daemon when something waits for one. @param tell is told what was found, before it is reached for */
export async function activateIfNeeded(dir: string, socketPath: string, tell: (found: string) => void): Promise<void> {
  // One that runs keeps its database to itself.
  const kept = isHeld(dir) ? await keptBy(socketPath) : keptIn(dir);
  const why = kept === undefined ? undefined : whyNeeded(kept);
  tell(why === undefined ? "No need to start the daemon now" : `Daemon has ${why}, activating...`);
  if (why !== undefined) await ask(socketPath, "GET", "/1.0");
}
