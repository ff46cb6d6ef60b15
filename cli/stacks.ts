/** Stacks: what programs made, by the stamps on it. */
import { type Client, type Config, nameBefore, stampKeys } from "../sdk/index";
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

/** Reads a stamp; nothing for an object that no program made. */
function rowOf(kind: string, name: string, config: Config): Row[] {
  const { organization, project, stack, resource } = stampKeys;
  if (!config[stack] || config[stampKeys.kind] !== kind) return [];
  return [
    {
      organization: config[organization] ?? "",
      project: config[project] ?? "",
      stack: config[stack],
      resource: config[resource] ?? "",
      kind,
      name,
      unfinished: config[stampKeys.pending] !== undefined,
      madeAs: nameBefore(config, kind === "snapshot" ? (name.split("/").at(-1) ?? "") : name) ?? "",
    },
  ];
}

async function rowsIn(client: Client): Promise<Row[]> {
  const [instances, profiles, pools, networks, images] = await Promise.all([
    client.listInstancesFull(),
    client.listProfiles(),
    client.listStoragePools(),
    client.listNetworks(),
    client.listImages(),
  ]);
  return [
    ...instances.flatMap(({ name, config }) => rowOf("container", name, config)),
    ...instances.flatMap(({ name, snapshots }) =>
      (snapshots ?? []).flatMap((one) => rowOf("snapshot", `${name}/${one.name}`, one.config)),
    ),
    ...profiles.flatMap(({ name, config }) => rowOf("profile", name, config)),
    ...pools.flatMap(({ name, config }) => rowOf("storage-pool", name, config)),
    ...networks.flatMap(({ name, config }) => rowOf("network", name, config)),
    ...images.flatMap(({ fingerprint, properties }) => rowOf("image", fingerprint.slice(0, 12), properties)),
  ];
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
