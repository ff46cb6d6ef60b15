/** Operation: background work of the daemon (docs/lxd-api.md, Operations and events). */
import * as z from "zod";
import { Time } from "./common";

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
  class: z.enum(["task", "websocket", "token"]),
  description: z.string(),
  created_at: Time,
  updated_at: Time,
  status: z.string(),
  status_code: z.number(),
  resources: z.record(z.string(), z.array(z.string())).nullable().default(null),
  metadata: z.record(z.string(), z.unknown()).nullable().default(null),
  may_cancel: z.boolean(),
  err: z.string(),
  location: z.string(),
});
export type Operation = z.infer<typeof Operation>;

/** Key of a failed operation that tells programs what `err` tells people; stock clients ignore it. */
export const operationErrorKey = "bothy_error";
export const OperationError = z.looseObject({ status: z.number(), details: z.unknown().optional() });

/** Final operations have a code of 200 or more. */
export const isFinal = (operation: Operation): boolean => operation.status_code >= 200;
