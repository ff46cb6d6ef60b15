/** Answers: what the core says, in the messages of the protocol. */

import { propertyPath } from "../core/engine/check";
import type { CheckFailure, Diff } from "../core/engine/core";
import { InitFailed, messageOf } from "../core/engine/failure";
import { Any, type Grpc, grpc, type Messages, provider, Status } from "./grpc";
import { structOf } from "./values";

export function failureOf({ property, reason }: CheckFailure): Messages.CheckFailure {
  const failure = new provider.CheckFailure();
  failure.setProperty(property);
  failure.setReason(reason);
  return failure;
}

const kinds = () => {
  const { ADD, ADD_REPLACE, DELETE, DELETE_REPLACE, UPDATE, UPDATE_REPLACE } = provider.PropertyDiff.Kind;
  return { add: [ADD, ADD_REPLACE], delete: [DELETE, DELETE_REPLACE], update: [UPDATE, UPDATE_REPLACE] } as const;
};

/**
 * Tells each change by its path. The engine looks there for what `replaceOnChanges` names, and then asks nobody whether the old object must
 * go first, so that is said in any case.
 */
export function diffAnswer({
  changes,
  replaces,
  details = [],
  deleteFirst,
  deleteBeforeReplace,
}: Diff): Messages.DiffResponse {
  const answer = new provider.DiffResponse();
  const { DIFF_NONE, DIFF_SOME } = provider.DiffResponse.DiffChanges;
  answer.setChanges(changes ? DIFF_SOME : DIFF_NONE);
  answer.setReplacesList([...replaces]);
  answer.setDeletebeforereplace(replaces.length > 0 ? deleteBeforeReplace : deleteFirst === true);
  if (!changes) return answer;
  answer.setDiffsList([...new Set(details.map(({ path }) => String(path[0])))]);
  const tell = (path: string, kind: keyof ReturnType<typeof kinds>, isReplacing: boolean) => {
    const diff = new provider.PropertyDiff();
    diff.setKind(kinds()[kind][isReplacing ? 1 : 0]);
    answer.getDetaileddiffMap().set(path, diff);
  };
  for (const { path, kind } of details) tell(propertyPath(path), kind, replaces.includes(String(path[0])));
  for (const name of replaces.filter((one) => !details.some(({ path }) => path[0] === one)))
    tell(propertyPath([name]), "update", true);
  // Without any the engine compares by itself.
  answer.setHasdetaileddiff(answer.getDetaileddiffMap().getLength() > 0);
  return answer;
}

/** An error as gRPC carries it, with a code that the engine reads nothing from; an object that is there and does not work yet goes along, so that the engine keeps it. */
export function errorAnswer(error: unknown): Partial<Grpc.StatusObject> {
  const details = messageOf(error);
  if (!(error instanceof InitFailed)) return { code: grpc.status.UNKNOWN, details };
  const failed = new provider.ErrorResourceInitFailed();
  failed.setId(error.id);
  failed.setProperties(structOf(error.properties));
  failed.setReasonsList(error.reasons);
  const detail = new Any();
  detail.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new Status();
  status.setCode(grpc.status.UNKNOWN);
  status.setMessage(details);
  status.addDetails(detail);
  const metadata = new grpc.Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return { code: grpc.status.UNKNOWN, details, metadata };
}
