/** Stacks: what programs made, by the stamps on it. */
import type { Kind } from "../sdk/api/kind";
import { kinds } from "../sdk/api/kinds";
import { storageVolumeKind } from "../sdk/api/storage-volume";
import {
  ApiError,
  type Client,
  type Config,
  deviceStampPrefix,
  nameBefore,
  type Server,
  stampKeys,
} from "../sdk/index";
import type { Column, Output } from "./output";

interface Row {
  /** "" where stacks are kept without organizations. */
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
  readonly resource: string;
  /** "container" */
  readonly kind: string;
  readonly name: string;
  /** Whether it was made and its program's engine has not heard of it: the next up takes it over. */
  readonly unfinished: boolean;
  /** What the object was called that the program made; this one was copied from it or renamed, by hand. "" for the one itself. */
  readonly madeAs: string;
}

/** "shop/dev", or "acme/shop/dev". */
const stackOf = ({ organization, project, stack }: Row): string =>
  [organization, project, stack].filter((word) => word !== "").join("/");

const noteOf = ({ unfinished, madeAs }: Row): string =>
  [unfinished ? "unfinished" : "", madeAs && `copied or renamed from ${madeAs}`].filter(Boolean).join(", ") || "-";

const columns: readonly Column<Row>[] = [
  { title: "STACK", cell: stackOf },
  { title: "RESOURCE", cell: ({ resource }) => resource },
  { title: "KIND", cell: ({ kind }) => kind },
  { title: "NAME", cell: ({ name }) => name },
  {
    title: "NOTE",
    cell: noteOf,
    colour: ({ unfinished }) => (unfinished ? "yellow" : undefined),
  },
];

/** Reads a stamp; nothing for an object that no program made. @param parent name of what the object lies in */
function rowOf(kind: string, name: string, config: Config, parent?: string): Row[] {
  const { organization, project, stack, resource } = stampKeys;
  if (!config[stack] || config[stampKeys.kind] !== kind) return [];
  return [
    {
      organization: config[organization] ?? "",
      project: config[project] ?? "",
      stack: config[stack],
      resource: config[resource] ?? "",
      kind,
      name: parent === undefined ? name : `${parent}/${name}`,
      unfinished: config[stampKeys.pending] !== undefined,
      madeAs: nameBefore(config, name) ?? "",
    },
  ];
}

type Shown = Readonly<Record<string, unknown>> & { readonly config?: Config };

/** What lies in no other object, or in each of several. */
async function rowsOf(client: Client, kind: Kind, server: Server): Promise<Row[]> {
  if (kind.extension !== undefined && !server.api_extensions.includes(kind.extension)) return [];
  const within = kinds.find(({ name }) => kind.parent !== undefined && name.endsWith(kind.parent));
  const parents =
    within === undefined
      ? [undefined]
      : (await listed(client, within)).map((one) => String(one[within.field ?? "name"]));
  const rows = await Promise.all(
    parents.map(async (parent) =>
      (await listed(client, kind, parent)).flatMap((one) => {
        const name = String(one[kind.field ?? "name"]);
        return rowOf(kind.name, name, one.config ?? {}, parent);
      }),
    ),
  );
  return rows.flat();
}

/** A host's own interfaces are among the networks, and have no forwards; one type of networks has no peers. */
async function listed(client: Client, kind: Kind, parent?: string): Promise<Shown[]> {
  try {
    const all = (await client.of(kind, parent).list()) as Shown[];
    return all.filter(({ managed }) => managed !== false);
  } catch (error) {
    if (ApiError.is(error) && ["BAD_REQUEST", "NOT_FOUND"].includes(error.code)) return [];
    throw error;
  }
}

/** Devices that are resources of their own, by the marks in their owner's configuration. */
const devicesOf = (owner: string, config: Config): Row[] =>
  Object.entries(config).flatMap(([key, text]) => {
    if (!key.startsWith(deviceStampPrefix)) return [];
    const stamp = stampIn(text);
    return stamp.of === owner ? rowOf("device", key.slice(deviceStampPrefix.length), stamp, owner) : [];
  });

function stampIn(text: string): Config {
  try {
    return JSON.parse(text) as Config;
  } catch {
    // Somebody has written there by hand: that is no stamp.
    return {};
  }
}

/** Kinds whose objects bear a stamp and are listed by calls of their own; the others are those of sdk/api/kinds.ts. */
async function othersIn(client: Client): Promise<Row[]> {
  const [instances, profiles, images] = await Promise.all([
    client.listInstancesFull(),
    client.listProfiles(),
    client.listImages(),
  ]);
  return [
    ...instances.flatMap(({ name, config }) => rowOf("container", name, config)),
    ...instances.flatMap(({ name, snapshots }) =>
      (snapshots ?? []).flatMap((one) => rowOf("snapshot", one.name, one.config, name)),
    ),
    ...[...instances, ...profiles].flatMap(({ name, config }) => devicesOf(name, config)),
    ...images.flatMap(({ fingerprint, properties }) => rowOf("image", fingerprint.slice(0, 12), properties)),
  ];
}

/** Kinds of sdk/api/kinds.ts and volumes, whose calls are written by hand; an alias is a part of its image. */
const stamped: readonly Kind[] = [...kinds, storageVolumeKind].filter(({ name }) => name !== "image-alias");

/** Every kind that is listed, as stamps call it. */
export const listedKinds: readonly string[] = [
  "container",
  "snapshot",
  "device",
  "image",
  ...stamped.map(({ name }) => name),
];

async function rowsIn(client: Client): Promise<Row[]> {
  const { value: server } = await client.getServer();
  const all = await Promise.all([othersIn(client), ...stamped.map((kind) => rowsOf(client, kind, server))]);
  return all.flat();
}

const order = (row: Row) => [stackOf(row), row.kind, row.name].join("\0");

/**
 * Lists what belongs to which stack.
 * @param wanted name of a stack, or project/stack; "" for all @param names beginnings of the objects' names; all when none are given
 */
export async function listStacks(
  client: Client,
  output: Output,
  wanted: string,
  names: readonly string[],
): Promise<number> {
  const isWanted = (row: Row) =>
    (wanted === "" || `/${stackOf(row)}`.endsWith(`/${wanted}`)) &&
    (names.length === 0 || names.some((one) => row.name.startsWith(one)));
  const rows = (await rowsIn(client)).filter(isWanted).sort((a, b) => (order(a) < order(b) ? -1 : 1));
  if (rows.length > 0) output.list(rows, columns);
  else if (output.format === "json") output.json([]);
  else output.say(wanted === "" ? "No stack has anything here." : `The stack "${wanted}" has nothing here.`);
  return 0;
}
