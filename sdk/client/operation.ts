/** Operation: typed calls about background work, one's own and others'. */
import * as z from "zod";
import { Operation } from "../api/operation";
import type { CallOptions } from "./call-options";
import { PendingOperation } from "./pending-operation";
import { urlOf } from "./request";
import type { Wire } from "./wire";

/** Lists come keyed by status; an empty one may be null. */
const ByStatus = z.record(z.string(), z.array(Operation).nullable()).nullable();

export const operationCalls = (wire: Wire) => ({
  listOperations: async (options?: CallOptions): Promise<Operation[]> => {
    const byStatus = await wire.get("/1.0/operations?recursion=1", ByStatus, options);
    return Object.values(byStatus ?? {}).flatMap((operations) => operations ?? []);
  },

  /** @throws ApiError NOT_FOUND; finished operations stay readable for some seconds only */
  getOperation: (id: string, options?: CallOptions): Promise<Operation> =>
    wire.get(urlOf`/1.0/operations/${id}`, Operation, options),

  /** Follows an operation that somebody else started. */
  followOperation: async (id: string, options?: CallOptions): Promise<PendingOperation> => {
    await wire.operations.listen(options?.signal);
    const operation = await wire.get(urlOf`/1.0/operations/${id}`, Operation, options);
    return new PendingOperation(wire.write.bind(wire), wire.operations.follow(operation));
  },

  /** @throws ApiError BAD_REQUEST when the operation cannot be cancelled */
  cancelOperation: (id: string, options?: CallOptions): Promise<void> =>
    wire.write("DELETE", urlOf`/1.0/operations/${id}`, options),
});
