/** Operation: background work of the daemon (docs/lxd-api.md, Operations and events). */
import * as z from "zod";
import { Time } from "./common";
import { means } from "./means";

export const statusCodes = {
  Success: 200,
  Failure: 400,
  Cancelled: 401,
  "Operation created": 100,
  Started: 101,
  Stopped: 102,
  Running: 103,
  Cancelling: 104,
  Pending: 105,
  Starting: 106,
  Stopping: 107,
  Aborting: 108,
  Freezing: 109,
  Frozen: 110,
  Thawed: 111,
  Error: 112,
  Ready: 113,
} as const;
export type StatusName = keyof typeof statusCodes;

export const Operation = z.looseObject({
  id: z.string(),
  class: means(z.enum(["task", "websocket", "token"]), "`websocket` for one with streams to connect to."),
  description: z.string(),
  created_at: Time,
  updated_at: Time,
  status: means(z.string(), "In words, such as `Running` or `Success`."),
  status_code: means(z.number(), "Below 200 it goes on; 200 is success, 400 failure, 401 cancelled."),
  resources: means(
    z.record(z.string(), z.array(z.string())).nullable().default(null),
    "Paths of what it is about, by kind.",
  ),
  metadata: means(
    z.record(z.string(), z.unknown()).nullable().default(null),
    "What the work tells, such as its progress and its result.",
  ),
  may_cancel: z.boolean(),
  err: means(z.string(), "Why it failed; empty otherwise."),
  location: means(z.string(), "Always `none`: there is no cluster."),
});
export type Operation = z.infer<typeof Operation>;

/** Lists of operations by their status in small letters, such as "running". */
export const OperationsByStatus = z.record(z.string(), z.array(Operation));

/** Key of a failed operation that tells programs what `err` tells people; stock clients ignore it. */
export const operationErrorKey = "bothy_error";
export const OperationError = z.looseObject({ status: z.number(), details: z.unknown().optional() });

/** Final operations have a code of 200 or more. */
export const isFinal = (operation: Operation): boolean => operation.status_code >= 200;
