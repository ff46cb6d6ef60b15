/** Erase: what an instance has on disk and in its networks goes, for good. */
import { rm } from "node:fs/promises";
import type { Context } from "../../../context";
import type { Volume } from "../../storage-pool/driver";
import type { InstanceRecord } from "../record";
import { volumeOf } from "../service";
import { removeLinks } from "./links";

/** Removes volumes, addresses, links and logs. Beside its volumes nothing is worth keeping an instance for. @throws ApiError while a volume stays */
export async function eraseInstance(context: Context, record: InstanceRecord): Promise<void> {
  const { dirs, log, networks, snapshots } = context;
  for (const snapshot of snapshots.names(record.name))
    await deleteVolume(context, record.pool, { type: "containers-snapshots", name: `${record.name}/${snapshot}` });
  await deleteVolume(context, record.pool, volumeOf(record.name));
  const rest: readonly [string, () => Promise<void>][] = [
    ["Cannot forget the addresses of a deleted instance", () => networks.forgetInstance(record.name)],
    ["Cannot remove the links of a deleted instance", () => removeLinks(context, record.name)],
    [
      "Cannot remove the logs of a deleted instance",
      () => rm(dirs.logs(record.name), { recursive: true, force: true }),
    ],
  ];
  await Promise.all(
    rest.map(([message, remove]) =>
      remove().catch((error: unknown) => log.error(message, { name: record.name, error })),
    ),
  );
}

async function deleteVolume(context: Context, pool: string, volume: Volume): Promise<void> {
  if (isPoolKnown(context, pool)) await context.volumes.delete(pool, volume);
}

/** Whether the database still has a pool; one that it has not holds no volume to remove. */
export const isPoolKnown = ({ storagePools }: Context, pool: string): boolean =>
  storagePools.records().some(({ name }) => name === pool);
