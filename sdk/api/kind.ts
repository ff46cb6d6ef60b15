/** Kind: what one kind of object is on the wire, for everything that treats all kinds alike (routes, client, events). */
import type * as z from "zod";
import type { KeyTable } from "./config/table";

export interface Kind<
  Put extends z.ZodObject = z.ZodObject,
  Post extends z.ZodType = z.ZodType,
  Shown extends z.ZodType = z.ZodType,
> {
  /** LXD's word for one object, as in locks and events ("storage-pool", "storage-pool-created"). */
  readonly name: string;
  /** The same for people, as in "Storage pool not found". */
  readonly title: string;
  /** Path of the collection, such as "/1.0/storage-pools"; of objects that lie in another one with its name as "{pool}". */
  readonly path: string;
  /** Word in braces of the path, and name of the resource's property: what the objects lie in. */
  readonly parent?: string;
  /** The field that tells the objects apart; `name` when absent. */
  readonly field?: string;
  /** The mutable part: what PUT takes whole and PATCH in part. */
  readonly put: Put;
  /** What makes an object. */
  readonly post: Post;
  /** What GET shows. */
  readonly shown: Shown;
  /** Fields of `shown` that the ETag covers (docs/lxd-api.md, Changes). */
  readonly tagged: readonly (keyof z.output<Shown> & string)[];
  /** What gives an object another name. Absent: it keeps the one that it has. */
  readonly rename?: z.ZodType<{ name: string }>;
  /** API extension without which a server has none of them. */
  readonly extension?: string;
  /** Names may hold slashes, which stay as they are in paths. */
  readonly hasSlashes?: true;
  /** Configuration keys, and those of LXD's that are not here yet. Absent where the keys are not the same for all objects. */
  readonly keys?: { readonly table: KeyTable; readonly lxd: readonly string[] };
  /** File of sdk/api that has the definition, where it has not the kind's name. */
  readonly file?: string;
  /** Name of the type of `shown`, where it is not that of the kind. */
  readonly shownName?: string;
  /** What the client's calls say of themselves beyond the usual, each a docstring. */
  readonly says?: Readonly<
    Partial<Record<"list" | "get" | "create" | "update" | "patch" | "rename" | "delete", string>>
  >;
}

/** Names a kind's types once, so that everything else has them by inference. */
export const defineKind = <Put extends z.ZodObject, Post extends z.ZodType, Shown extends z.ZodType>(
  kind: Kind<Put, Post, Shown>,
): Kind<Put, Post, Shown> => kind;

/** The kind of the objects that lie in another one. @param parent its name; nothing where a kind's objects lie in none */
export const kindWithin = <K extends Kind>(kind: K, parent: string | undefined): K =>
  kind.parent === undefined
    ? kind
    : { ...kind, path: kind.path.replace(`{${kind.parent}}`, encodeURIComponent(parent ?? "")) };

/** Path of one object of a kind. @param path the collection's */
export const pathOf = ({ path, hasSlashes }: Pick<Kind, "path" | "hasSlashes">, name: string): string =>
  `${path}/${hasSlashes ? name.split("/").map(encodeURIComponent).join("/") : encodeURIComponent(name)}`;
