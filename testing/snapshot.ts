/** Snapshot: containers and volumes of an environment as one state. */
import { ApiError, type Client, type Device } from "../sdk";
import { allOf } from "./all-of";
import type { Ground, Made } from "./builder";
import { type Waiting, waitUntilReady } from "./wait";

interface Kept {
  readonly name: string;
  readonly isRunning: boolean;
  readonly devices: Readonly<Record<string, Device>>;
  readonly profiles: readonly string[];
  readonly made: Made | undefined;
}

/** What was there, beyond what the server's own snapshots of that name hold. */
export interface Snapshot {
  readonly name: string;
  readonly containers: readonly Kept[];
  readonly volumes: readonly string[];
}

const setState = async (client: Client, name: string, action: "freeze" | "unfreeze" | "start"): Promise<void> => {
  await (await client.setInstanceState(name, { action })).wait();
};

const stop = async (client: Client, name: string): Promise<void> => {
  await (await client.setInstanceState(name, { action: "stop", force: true })).wait();
};

/**
 * Takes a snapshot of all. Every container that runs is frozen before the first snapshot is taken and thawed after the last: nothing that one of
 * them has told another is in one snapshot and not in the other.
 * @throws ApiError, and nothing of the snapshot is left then
 */
export async function takeSnapshot(
  { client, pool }: Ground,
  name: string,
  made: ReadonlyMap<string, Made>,
): Promise<Snapshot> {
  const [instances, volumes] = await Promise.all([client.listInstances(), volumesOf(client, pool)]);
  const running = instances.filter(({ status }) => status === "Running").map((one) => one.name);
  const frozen: string[] = [];
  try {
    await allOf(
      running.map(async (one) => {
        await setState(client, one, "freeze");
        frozen.push(one);
      }),
    );
    await allOf([
      ...instances.map(async (one) => (await client.createSnapshot(one.name, { name })).wait()),
      ...volumes.map(async (one) => (await client.createStorageVolumeSnapshot(pool, one, { name })).wait()),
    ]);
  } catch (error) {
    await dropSnapshot(
      { client, pool },
      name,
      instances.map((one) => one.name),
      volumes,
    );
    throw error;
  } finally {
    await allOf(frozen.map((one) => setState(client, one, "unfreeze")));
  }
  const containers = instances.map((one) => ({
    name: one.name,
    isRunning: running.includes(one.name),
    devices: one.devices,
    profiles: one.profiles ?? [],
    made: made.get(one.name),
  }));
  return { name, containers, volumes };
}

/** What is waited for when it has started. */
export const waitingOf = ({ name, made }: Kept): Waiting => ({
  name,
  wait: made?.wait,
  hasNic: made?.container.ipv4Address !== undefined,
});

const volumesOf = async (client: Client, pool: string): Promise<string[]> =>
  // The list has snapshots of volumes too, as "volume/snapshot".
  (await client.listStorageVolumes(pool, "custom")).map(({ name }) => name).filter((name) => !name.includes("/"));

/** What is not there is no error. */
async function dropSnapshot(
  { client, pool }: Pick<Ground, "client" | "pool">,
  name: string,
  instances: readonly string[],
  volumes: readonly string[],
): Promise<void> {
  const drop = async (work: Promise<{ wait(): Promise<unknown> }>) => {
    try {
      await (await work).wait();
    } catch (error) {
      if (!ApiError.is(error) || error.code !== "NOT_FOUND") throw error;
    }
  };
  await allOf([
    ...instances.map((one) => drop(client.deleteSnapshot(one, name))),
    ...volumes.map((one) => drop(client.deleteStorageVolumeSnapshot(pool, one, name))),
  ]);
}

/**
 * Puts all back. What runs is killed first, so that nobody sees one part of the old state and another of the new; what was made since goes. Those
 * that ran start again, from their beginning: a snapshot holds disks, no processes.
 */
export async function restoreSnapshot({ client, pool }: Ground, snapshot: Snapshot): Promise<void> {
  const [instances, volumes] = await Promise.all([client.listInstances(), volumesOf(client, pool)]);
  await allOf(instances.filter(({ status }) => status !== "Stopped").map((one) => stop(client, one.name)));
  const kept = new Set(snapshot.containers.map(({ name }) => name));
  await allOf(
    instances.filter(({ name }) => !kept.has(name)).map(async ({ name }) => (await client.deleteInstance(name)).wait()),
  );
  await allOf([
    ...snapshot.containers.map(async ({ name }) => (await client.restoreSnapshot(name, snapshot.name)).wait()),
    ...snapshot.volumes.map((volume) => client.restoreStorageVolume(pool, volume, snapshot.name)),
    ...volumes
      .filter((volume) => !snapshot.volumes.includes(volume))
      .map((volume) => client.deleteStorageVolume(pool, volume)),
  ]);
  const running = snapshot.containers.filter(({ isRunning }) => isRunning);
  await allOf(running.map(({ name }) => setState(client, name, "start")));
  await waitUntilReady(client, running.map(waitingOf));
}
