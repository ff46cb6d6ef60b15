/** Snapshot: a container as it was at one moment. */
import * as z from "zod";
import { type Config, InstanceName, never, SnapshotName } from "../../../sdk/api/common";
import type { Snapshot } from "../../../sdk/api/snapshot";
import { checkShape, givenInputs } from "../engine/check";
import { claim, pendingStamp } from "../engine/claim";
import type { Context, Core, Live } from "../engine/core";
import { untilGone } from "../engine/delete";
import { diffProps } from "../engine/diff";
import { hasDryRun } from "../engine/dry-run";
import { ifThere, namingProperty } from "../engine/failure";
import { adopt, endpoint, replacing, timeouts } from "../engine/inputs";
import { withName } from "../engine/name";
import { pendingKey, stampFor } from "../engine/stamp";
import { told } from "../engine/told";
import { compact, hiddenOf, type Props, visibleOf } from "../engine/values";
import { withRetry } from "../engine/write";
import { pick } from "./named";

export const SnapshotInputs = z.strictObject({
  instance: InstanceName.meta(replacing("Container to take the snapshot of.")),
  name: SnapshotName.meta(replacing("Name of the snapshot; made from the resource's name when absent.")),
  expiresAt: z.iso
    .datetime({ offset: true, message: "must be a time such as 2030-01-31T12:00:00Z" })
    .optional()
    .meta({ description: "When the server deletes the snapshot by itself, in RFC 3339; never when absent." }),
  adopt,
  endpoint,
  timeouts,
});

/** Extension of the daemon that keeps keys of a snapshot's own. */
const stampExtension = "bothy_snapshot_config";

const SnapshotOutputs = z.object({
  createdAt: z.string().meta({ description: "When the snapshot was taken, in RFC 3339." }),
});

/** The user's own spelling stands as long as it means the server's time. */
function expiryOf(snapshot: Snapshot, props: Props): string | undefined {
  if (snapshot.expires_at === never) return undefined;
  const own = typeof props.expiresAt === "string" ? props.expiresAt : "";
  return Date.parse(own) === Date.parse(snapshot.expires_at) ? own : snapshot.expires_at;
}

function liveOf(instance: string, snapshot: Snapshot, props: Props): Live {
  const outs = compact({
    ...hiddenOf(props),
    ...pick(props, ["endpoint", "timeouts"]),
    instance,
    name: snapshot.name,
    expiresAt: expiryOf(snapshot, props),
    createdAt: snapshot.created_at,
  });
  const inputs = pick(outs, [...Object.keys(SnapshotInputs.shape), ...Object.keys(hiddenOf(outs))]);
  return { id: `${instance}/${snapshot.name}`, outs, inputs };
}

function partsOf(id: string): [instance: string, name: string] {
  const [instance = "", name = "", ...rest] = id.split("/");
  if (instance === "" || name === "" || rest.length > 0)
    throw new Error(`Cannot read snapshot "${id}": its id is not of the form <instance>/<snapshot>. Correct the id.`);
  return [instance, name];
}

/** Writes what differs. @param stamp keys to merge; none on a server that keeps none for snapshots */
async function write(context: Context, news: Props, stamp: Config): Promise<void> {
  const { client, signal } = context;
  const { instance, name, expiresAt } = SnapshotInputs.parse(visibleOf(news));
  await withRetry(context, async () => {
    const { value, etag } = await client.getSnapshot(instance, name, { signal });
    const isStamped = Object.entries(stamp).every(([key, word]) => (value.config[key] ?? "") === word);
    if (isStamped && Date.parse(expiresAt ?? never) === Date.parse(value.expires_at)) return;
    const put = { expires_at: expiresAt ?? never, ...(isStamped ? {} : { config: stamp }) };
    const operation = await client.updateSnapshot(instance, name, put, { etag, signal });
    await operation.wait({ signal });
  });
}

const named = (error: unknown): unknown =>
  namingProperty(error, [
    [/already exists/i, "name"],
    [/instance not found/i, "instance"],
  ]);

export const snapshot: Core = {
  kind: "snapshot",
  type: "Snapshot",
  description: "A container as it was at one moment; deleted together with its container.",
  inputs: SnapshotInputs,
  outputs: SnapshotOutputs,
  idInputs: ["instance", "name"],
  nameMaxLength: 63,

  async check(olds, news) {
    const named = withName(olds, givenInputs(news), 63);
    return { inputs: named, failures: checkShape(SnapshotInputs, visibleOf(named)) };
  },

  /**
   * `__instanceCreatedAt` tells a container from its replacement of the same name, which has no snapshots. A preview does not know it of a
   * container that only changes; `__instanceId` is known unless the container is made anew.
   */
  diff: (olds, news) =>
    diffProps(
      {
        schema: SnapshotInputs,
        hidden: ["__instanceCreatedAt"],
        hiddenIds: ["__instanceId"],
      },
      olds,
      news,
    ),

  async create(context, news) {
    const { client, signal, server } = context;
    const { instance, name, expiresAt } = SnapshotInputs.parse(visibleOf(news));
    const hasStamp = server.api_extensions.includes(stampExtension);
    const make = async (stamp: Config) => {
      const config = hasStamp && Object.keys(stamp).length > 0 ? { config: stamp } : {};
      const operation = await client.createSnapshot(instance, { name, expires_at: expiresAt, ...config }, { signal });
      await operation.wait({ signal });
    };
    const find = async () => (await ifThere(client.getSnapshot(instance, name, { signal })))?.value.config;
    try {
      const origin = await claim(context, { kind: "snapshot", news, make, find });
      if (origin !== "made") await write(context, news, hasStamp ? pendingStamp("snapshot", news) : {});
    } catch (error) {
      throw named(error);
    }
    const { value } = await client.getSnapshot(instance, name, { signal });
    if (hasStamp) await told(context, news, (after) => write(after, news, { [pendingKey]: "" }));
    return liveOf(instance, value, news);
  },

  async foresee(context, news) {
    if (!hasDryRun(context)) return;
    const { instance, name, expiresAt } = SnapshotInputs.parse(visibleOf(news));
    const { client, signal } = context;
    try {
      await client.checkSnapshot(instance, { name, expires_at: expiresAt }, { signal });
    } catch (error) {
      throw named(error);
    }
  },

  async requireParent({ client, signal }, { instance }) {
    try {
      await client.listSnapshots(String(instance), { signal });
    } catch (error) {
      throw named(error);
    }
  },

  async list({ client, signal }, { instance }) {
    return (await ifThere(client.listSnapshots(String(instance), { signal }))) ?? [];
  },

  async read({ client, signal }, id, props) {
    const [instance, name] = partsOf(id);
    const found = await ifThere(client.getSnapshot(instance, name, { signal }));
    return found && liveOf(instance, found.value, props);
  },

  async update(context, id, _olds, news) {
    const { client, server, signal } = context;
    const [instance, name] = partsOf(id);
    const hasStamp = server.api_extensions.includes(stampExtension);
    await write(context, { ...news, instance, name }, hasStamp ? stampFor("snapshot", news, name) : {});
    const { value } = await client.getSnapshot(instance, name, { signal });
    return liveOf(instance, value, news);
  },

  delete(context, id) {
    const { client, signal } = context;
    const [instance, name] = partsOf(id);
    const remove = async () => {
      const operation = await client.deleteSnapshot(instance, name, { signal });
      await operation.wait({ signal });
    };
    const look = () => client.getSnapshot(instance, name, { signal });
    return untilGone(context, { url: `/1.0/instances/${instance}/snapshots/${name}`, remove, look });
  },
};
