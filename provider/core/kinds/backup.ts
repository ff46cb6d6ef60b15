/**
 * Backup: a container or a custom volume as it was at one moment, packed, kept by the server until it expires, and as a file of this machine
 * where the program names one. A backup keeps nothing that tells whose it is.
 */
import { createWriteStream, existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import * as z from "zod";
import { BackupName } from "../../../sdk/api/backup";
import { InstanceName, never, PoolName, Text, VolumeName } from "../../../sdk/api/common";
import { badRequest, conflict } from "../../../sdk/api/errors";
import { checkShape, givenInputs, withDefaults } from "../engine/check";
import type { CheckFailure, Context, Core, Live } from "../engine/core";
import { untilGone } from "../engine/delete";
import { diffProps } from "../engine/diff";
import { ifThere, messageOf, namingProperty } from "../engine/failure";
import { adopt, endpoint, replacing, timeouts } from "../engine/inputs";
import { withName } from "../engine/name";
import { progressTo } from "../engine/progress";
import { compact, hiddenOf, type Props, visibleOf } from "../engine/values";
import { pick } from "./named";

export const BackupInputs = z.strictObject({
  instance: InstanceName.optional().meta(
    replacing("Container that is packed. Exactly one of `instance` and `volume` is given."),
  ),
  volume: VolumeName.optional().meta(replacing("Custom volume that is packed, of the pool `pool`.")),
  pool: PoolName.optional().meta(replacing("Storage pool of the volume.")),
  name: BackupName.refine((name) => name !== "", { message: "must not be empty" }).meta(
    replacing("Name of the backup; made from the resource's name when absent."),
  ),
  expiresAt: z.iso
    .datetime({ offset: true, message: "must be a time such as 2030-01-31T12:00:00Z" })
    .optional()
    .meta(replacing("When the server deletes the backup by itself, in RFC 3339; never when absent.")),
  snapshots: z.boolean().default(true).meta(replacing("Whether the snapshots are packed too.")),
  compression: Text.min(1)
    .optional()
    .meta(
      replacing(
        "How it is packed: `none`, or a program with its options, such as `zstd -19`; the server's `backups.compression_algorithm` when absent.",
      ),
    ),
  file: Text.refine((path) => path.startsWith("/"), { message: "must be an absolute path" })
    .optional()
    .meta({
      description:
        "File of the machine that runs the program, which the backup is written to as well. It stays when the backup goes, and is written again when it is missing.",
    }),
  adopt,
  endpoint,
  timeouts,
});
type Inputs = z.output<typeof BackupInputs>;

const inputNames = Object.keys(BackupInputs.shape);
const parse = (props: Props): Inputs => BackupInputs.parse(visibleOf(props));

interface Place {
  readonly instance?: string | undefined;
  readonly pool?: string | undefined;
  readonly volume?: string | undefined;
  readonly name: string;
}

const idOf = ({ instance, pool, volume, name }: Place): string =>
  instance === undefined ? `volume/${pool}/${volume}/${name}` : `instance/${instance}/${name}`;

function placeOf(id: string): Place {
  const [of, ...names] = id.split("/");
  if (!names.includes("")) {
    const [first = "", second = "", third = ""] = names;
    if (of === "instance" && names.length === 2) return { instance: first, name: second };
    if (of === "volume" && names.length === 3) return { pool: first, volume: second, name: third };
  }
  throw new Error(
    `Cannot read backup "${id}": its id is not of the form instance/<instance>/<name> or volume/<pool>/<volume>/<name>. Correct the id.`,
  );
}

interface Packed {
  readonly created_at: string;
  readonly expires_at: string;
  /** Whether the snapshots are left out. */
  readonly alone: boolean;
}

/** The calls for backups of an instance or of a volume, in the same words. */
function callsOf({ client, signal }: Context, { instance, pool = "", volume = "", name }: Place) {
  const options = { signal };
  if (instance !== undefined)
    return {
      url: `/1.0/instances/${instance}/backups/${name}`,
      get: async (): Promise<Packed> => {
        const { value } = await client.getBackup(instance, name, options);
        return { ...value, alone: value.instance_only };
      },
      create: (post: Props, alone: boolean) =>
        client.createBackup(instance, { ...post, name, instance_only: alone }, options),
      remove: () => client.deleteBackup(instance, name, options),
      read: () => client.exportBackup(instance, name, options),
    };
  return {
    url: `/1.0/storage-pools/${pool}/volumes/custom/${volume}/backups/${name}`,
    get: async (): Promise<Packed> => {
      const { value } = await client.getStorageVolumeBackup(pool, volume, name, options);
      return { ...value, alone: value.volume_only };
    },
    create: (post: Props, alone: boolean) =>
      client.createStorageVolumeBackup(pool, volume, { ...post, name, volume_only: alone }, options),
    remove: () => client.deleteStorageVolumeBackup(pool, volume, name, options),
    read: () => client.exportStorageVolumeBackup(pool, volume, name, options),
  };
}

/** Writes the file under a name of its own first, so that who reads it finds a whole one. */
async function writeFile(context: Context, place: Place, file: string | undefined): Promise<void> {
  if (file === undefined) return;
  const half = `${file}.part`;
  try {
    await pipeline(await callsOf(context, place).read(), createWriteStream(half), { signal: context.signal });
    await rename(half, file);
  } catch (error) {
    await rm(half, { force: true });
    throw badRequest(`file: it cannot be written: ${messageOf(error)}`);
  }
}

/** The program's own spelling stands as long as it means the server's time. */
function expiryOf(expires: string, { expiresAt }: Props): string | undefined {
  if (Date.parse(expires) === Date.parse(never)) return undefined;
  const isSame =
    typeof expiresAt === "string" &&
    Math.trunc(Date.parse(expiresAt) / 1000) === Math.trunc(Date.parse(expires) / 1000);
  return isSame ? expiresAt : expires;
}

async function readBack(context: Context, id: string, props: Props): Promise<Live> {
  const place = placeOf(id);
  const backup = await callsOf(context, place).get();
  const { file } = props;
  const inputs = compact({
    ...hiddenOf(props),
    ...pick(props, inputNames),
    ...place,
    expiresAt: expiryOf(backup.expires_at, props),
    snapshots: !backup.alone,
    file: typeof file === "string" && existsSync(file) ? file : undefined,
  });
  return { id, outs: { ...inputs, createdAt: backup.created_at }, inputs };
}

function rules({ instance, volume, pool }: Props): CheckFailure[] {
  if (instance === undefined && volume === undefined)
    return [{ property: "instance", reason: 'is required, unless "volume" names what is packed' }];
  if (instance !== undefined && volume !== undefined)
    return [{ property: "volume", reason: 'cannot be combined with "instance": a backup is of one of them' }];
  if (volume !== undefined && pool === undefined) return [{ property: "pool", reason: 'is required beside "volume"' }];
  if (instance !== undefined && pool !== undefined)
    return [{ property: "pool", reason: 'cannot be combined with "instance"' }];
  return [];
}

const culprits = [
  [/instance not found/i, "instance"],
  [/pool not found/i, "pool"],
  [/volume not found/i, "volume"],
  [/already exists/i, "name"],
  [/compress/i, "compression"],
] as const;

export const backup: Core = {
  kind: "backup",
  type: "Backup",
  description:
    "A container or a custom volume as it was at one moment, packed and kept by the server, and as a file where the program names one; deleted together with what it is of.",
  inputs: BackupInputs,
  outputs: z.object({ createdAt: z.string().meta({ description: "When the backup was made, in RFC 3339." }) }),
  idInputs: [],
  idForms: [
    ["instance", "<instance>", "<name>"],
    ["volume", "<pool>", "<volume>", "<name>"],
  ],
  nameMaxLength: 63,
  needs: ({ volume }) => [volume === undefined ? "container_backup" : "custom_volume_backup"],

  async check(olds, news) {
    const named = withName(olds, givenInputs(news), 63);
    const visible = visibleOf(named);
    return {
      inputs: { ...hiddenOf(named), ...withDefaults(BackupInputs, visible) },
      failures: [...checkShape(BackupInputs, visible), ...rules(visible)],
    };
  },

  diff: (olds, news) => diffProps({ schema: BackupInputs }, olds, news),

  async create(context, news) {
    const inputs = parse(news);
    const { instance, pool, volume, name, expiresAt, compression, snapshots, file } = inputs;
    const place = { instance, pool, volume, name };
    const calls = callsOf(context, place);
    try {
      const there = await ifThere(calls.get());
      if (there !== undefined && inputs.adopt !== true)
        throw conflict(`name: The backup "${name}" already exists. Delete it, or take it over with "adopt: true".`);
      if (there === undefined) {
        const post = compact({ expires_at: expiresAt ?? never, compression_algorithm: compression });
        const operation = await calls.create(post, !snapshots);
        await operation.wait({ signal: context.signal, onProgress: progressTo(context.log) });
      }
      await writeFile(context, place, file);
    } catch (error) {
      throw namingProperty(error, culprits);
    }
    return readBack(context, idOf(place), news);
  },

  read: (context, id, props) => ifThere(readBack(context, id, props)),

  async update(context, id, olds, news) {
    const { file } = parse(news);
    if (file !== undefined && (file !== olds.file || !existsSync(file))) await writeFile(context, placeOf(id), file);
    return readBack(context, id, news);
  },

  delete(context, id) {
    const { url, get, remove } = callsOf(context, placeOf(id));
    return untilGone(context, {
      url,
      remove: async () => {
        const operation = await remove();
        await operation.wait({ signal: context.signal });
      },
      look: get,
    });
  },
};
