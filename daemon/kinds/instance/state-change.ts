/** State change: what a request for another state of an instance, or of all of a project, comes to. */
import { badRequest, internal } from "../../../sdk/api/errors";
import type { InstanceStatePut } from "../../../sdk/api/instance";
import type { Call } from "../../core/call";
import { toApiError } from "../../platform/errors";
import { timerMs } from "../../platform/time";
import { type InstanceId, type InstanceRecord, instanceRef } from "./record";
import type { InstanceService } from "./service";

export const stateDescriptions = {
  start: "Starting instance",
  stop: "Stopping instance",
  restart: "Restarting instance",
  freeze: "Freezing instance",
  unfreeze: "Unfreezing instance",
} as const;

export interface StateChange {
  /** It waits without the instance's lock, so that a forced one can overtake it. */
  readonly unlocked: boolean;
  readonly work: () => Promise<void>;
}

/** @param running whether an instance runs that is asked to stop @throws ApiError BAD_REQUEST for what no instance can do, in LXD's words for a host without CRIU */
export function requireStateless({ action, stateful }: InstanceStatePut, running = true): void {
  if (!stateful) return;
  if (action === "stop" && !running) throw badRequest("The instance is already stopped");
  throw badRequest(
    `Unable to perform container live migration. CRIU isn't installed: checkpoints are not supported yet. Leave out "stateful".`,
  );
}

export function stateChange(
  instances: InstanceService,
  call: Call,
  id: InstanceId,
  put: InstanceStatePut,
): StateChange {
  const { home, lifecycle } = instances;
  const { book, changes } = home;
  // No patience at all is force, as in LXD.
  const isForced = put.force || put.timeout === 0;
  const timeoutMs = put.timeout < 0 ? -1 : timerMs(put.timeout);
  const work = async () => {
    switch (put.action) {
      case "start":
        return lifecycle.start(book.record(id), call);
      case "stop":
        return isForced ? lifecycle.kill(id, call) : lifecycle.stop(id, timeoutMs, call);
      case "restart":
        return instances.restart(call, id, { isForced, timeoutMs }, (locked) =>
          changes.run(call, { of: [instanceRef(id)], work: locked }),
        );
      case "freeze":
        return lifecycle.setFrozen(id, true, call);
      case "unfreeze":
        return lifecycle.setFrozen(id, false, call);
    }
  };
  return { unlocked: !isForced && (put.action === "stop" || put.action === "restart"), work };
}

/** Those of a project that a change of all of them is for, as in LXD: what is in the wanted state already is passed over. */
export function concernedBy(
  { home }: InstanceService,
  project: string,
  { action }: InstanceStatePut,
): InstanceRecord[] {
  const { book } = home;
  const isConcerned = (record: InstanceRecord): boolean => {
    const running = book.running.get(record);
    if (action === "start") return running === undefined;
    if (action === "unfreeze") return running?.isFrozen === true;
    return running !== undefined && (action !== "freeze" || !running.isFrozen);
  };
  return book.store.list().filter((record) => record.project === project && isConcerned(record));
}

/** Changes the state of several at the same time. @throws ApiError INTERNAL that names each that failed, when all are through */
export async function changeAll(
  instances: InstanceService,
  call: Call,
  records: readonly InstanceRecord[],
  put: InstanceStatePut,
): Promise<void> {
  const { changes } = instances.home;
  const results = await Promise.allSettled(
    records.map((record) =>
      changes.run(call, { of: [instanceRef(record)], ...stateChange(instances, call, record, put) }),
    ),
  );
  const failed = results.flatMap((result, index) =>
    result.status === "rejected"
      ? [` - Instance: ${records[index]?.name}: ${toApiError(result.reason).message}\n`]
      : [],
  );
  if (failed.length > 0) throw internal(`The following instances failed to update state:\n${failed.join("")}`);
}
