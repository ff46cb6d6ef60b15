/** Fork: a copy of a whole environment as it was at a snapshot, with the same addresses, in a network that the host does not see. */
import type { Client, Device } from "../sdk";
import { allOf } from "./all-of";
import type { Ground, Made } from "./builder";
import { Container } from "./container";
import { clearGround, layGround } from "./ground";
import { type Snapshot, waitingOf } from "./snapshot";
import { waitUntilReady } from "./wait";

/** @returns where the copy is, and its containers @throws ApiError, and nothing is left then */
export async function forkGround(
  server: Client,
  origin: Ground,
  snapshot: Snapshot,
  ttlMs: number,
): Promise<{ readonly ground: Ground; readonly made: Map<string, Made> }> {
  // The host cannot route one subnet to two bridges: the copy's gateway is in a namespace of its own.
  const network = { "bridge.isolated": "true", "ipv4.address": origin.subnet };
  const beside = async (client: Client) => {
    const copy = async (name: string) => {
      const source = {
        pool: origin.pool,
        name: `${name}/${snapshot.name}`,
        project: origin.project,
        volume_only: true,
      };
      await (await client.copyStorageVolume(origin.pool, { name, source })).wait();
    };
    await allOf(snapshot.volumes.map(copy));
  };
  const ground = await layGround(server, { pool: origin.pool, ttlMs, network, beside });
  const made = new Map<string, Made>();
  try {
    await allOf(
      snapshot.containers.map(async ({ name, isRunning, devices, profiles, made: before }) => {
        const source = {
          type: "copy",
          source: `${name}/${snapshot.name}`,
          project: origin.project,
          instance_only: true,
        };
        const post = {
          name,
          source,
          devices: devicesIn(origin, ground, devices),
          profiles: [...profiles],
          start: isRunning,
        };
        await (await ground.client.createInstance(post)).wait();
        if (before === undefined) return;
        const container = new Container(ground.client, name, before.container.ipv4Address);
        made.set(name, { container, wait: before.wait });
      }),
    );
    await waitUntilReady(ground.client, snapshot.containers.filter(({ isRunning }) => isRunning).map(waitingOf));
    return { ground, made };
  } catch (error) {
    await clearGround(server, ground);
    throw error;
  }
}

/**
 * Nics of the environment's network are in the copy's; ports of the host are the first one's to have. What a copy does not name it has from its
 * source, so that such a device is named as none.
 */
const devicesIn = (origin: Ground, ground: Ground, devices: Readonly<Record<string, Device>>): Record<string, Device> =>
  Object.fromEntries(
    Object.entries(devices).map(([name, device]): [string, Device] => {
      if (device.type === "proxy") return [name, { type: "none" }];
      const isOurs = device.type === "nic" && device.network === origin.network;
      return [name, isOurs ? { ...device, network: ground.network } : device];
    }),
  );
