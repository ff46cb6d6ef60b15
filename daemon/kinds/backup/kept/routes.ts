/** Routes of kept backups: what is the same whatever it is that is backed up. Making one stands with each of them. */
import type { Readable } from "node:stream";
import type * as z from "zod";
import { BackupPost } from "../../../../sdk/api/backup";
import type { Changes } from "../../../core/changes";
import { type Ref, urlOf } from "../../../core/ref";
import { type ApiRequest, asyncOp, param, type Route, raw, recursionOf, route, sync } from "../../../http/route";
import { answers, recursion } from "../../../http/says";
import type { OperationWork } from "../../../platform/operations";

/** What the calls ask of those who keep backups of one sort of object. */
interface Backups<Owner> {
  list(owner: Owner): readonly { readonly name: string }[];
  get(owner: Owner, name: string): unknown;
  requireFree(owner: Owner, name: string): void;
  open(owner: Owner, name: string): Promise<{ sizeBytes: number; body: Readable }>;
  rename(owner: Owner, from: string, to: string): Promise<void>;
  delete(owner: Owner, name: string): Promise<void>;
}

/** A sort of object that is backed up. */
export interface BackedUp<Owner> {
  /** Path of the list, and the name of the part that comes after it. */
  readonly base: string;
  readonly part: string;
  readonly shown: z.ZodType;
  /** Of whose backups the summaries speak, such as " of a custom volume"; nothing where that goes without saying. */
  readonly ofWhat: string;
  readonly listOf: string;
  /** The call that takes the file. */
  readonly takenBy: string;
  /** First words of lifecycle actions, such as "instance-backup". */
  readonly action: string;
  readonly descriptions: { readonly rename: string; readonly delete: string };
  readonly ownerOf: (request: ApiRequest) => Owner;
  readonly refOf: (owner: Owner, name: string) => Ref;
  /** What an operation on a backup tells. */
  readonly about: (owner: Owner, name: string, description: string) => Omit<OperationWork, "run">;
  /** The former name, as the event of a rename has it. */
  readonly oldName: (owner: Owner, from: string) => string;
}

/** Lists, shows, gives, renames and deletes backups. */
export function keptRoutes<Owner>(backups: Backups<Owner>, changes: Changes, of: BackedUp<Owner>): Route[] {
  const one = `${of.base}/:${of.part}`;
  const { ownerOf, refOf, about } = of;
  const nameOf = (request: ApiRequest) => param(request, of.part);

  function list(request: ApiRequest) {
    const owner = ownerOf(request);
    const found = backups.list(owner);
    return sync(recursionOf(request) === 0 ? found.map(({ name }) => urlOf(refOf(owner, name))) : found);
  }

  async function give(request: ApiRequest) {
    const owner = ownerOf(request);
    const name = nameOf(request);
    const { sizeBytes, body } = await backups.open(owner, name);
    changes.tell(request.call, { action: `${of.action}-retrieved`, of: refOf(owner, name) });
    return raw(body, { "content-length": String(sizeBytes), "content-disposition": "inline;filename=" });
  }

  function rename(request: ApiRequest, { name: to }: BackupPost) {
    const owner = ownerOf(request);
    const from = nameOf(request);
    backups.get(owner, from);
    backups.requireFree(owner, to);
    const target = refOf(owner, to);
    return asyncOp(
      changes.start(request.call, {
        of: [target],
        operation: about(owner, to, of.descriptions.rename),
        told: { action: `${of.action}-renamed`, of: target, context: { old_name: of.oldName(owner, from) } },
        work: () => backups.rename(owner, from, to),
      }),
    );
  }

  function remove(request: ApiRequest) {
    const owner = ownerOf(request);
    const name = nameOf(request);
    backups.get(owner, name);
    const target = refOf(owner, name);
    return asyncOp(
      changes.start(request.call, {
        of: [target],
        operation: about(owner, name, of.descriptions.delete),
        told: { action: `${of.action}-deleted`, of: target },
        work: () => backups.delete(owner, name),
      }),
    );
  }

  const what = `a backup${of.ofWhat}`;
  const file = answers.raw(`a tarball, which \`${of.takenBy}\` takes`);
  return [
    route(
      "GET",
      of.base,
      { summary: `Lists the backups of ${of.listOf}.`, query: recursion, answer: answers.list(of.shown) },
      list,
    ),
    route("GET", one, { summary: `Shows ${what}.`, answer: answers.one(of.shown) }, (request) =>
      sync(backups.get(ownerOf(request), nameOf(request))),
    ),
    route("GET", `${one}/export`, { summary: `Gives the file of ${what}.`, answer: file }, give),
    route("POST", one, { summary: `Renames ${what}.`, body: BackupPost, answer: answers.operation }, rename),
    route("DELETE", one, { summary: `Deletes ${what}.`, answer: answers.operation }, remove),
  ];
}
