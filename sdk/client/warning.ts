/** Warning: typed calls. */
import { Warning, WarningPut, type WarningStatus } from "../api/warning";
import { listOf } from "./answer";
import type { CallOptions } from "./call-options";
import { urlOf } from "./request";
import { body, type Wire } from "./wire";

const all = "/1.0/warnings";
const one = (uuid: string) => urlOf`/1.0/warnings/${uuid}`;

export const warningCalls = (wire: Wire) => ({
  /** All warnings: new, acknowledged, and those resolved within a day. */
  listWarnings: (options?: CallOptions): Promise<Warning[]> => wire.get(`${all}?recursion=1`, listOf(Warning), options),

  /** @throws ApiError NOT_FOUND */
  getWarning: (uuid: string, options?: CallOptions): Promise<Warning> => wire.get(one(uuid), Warning, options),

  /** Acknowledges a warning, or makes it new again. @throws ApiError NOT_FOUND */
  setWarningStatus: (uuid: string, status: Exclude<WarningStatus, "resolved">, options?: CallOptions): Promise<void> =>
    wire.write("PUT", one(uuid), { ...options, body: body(WarningPut, { status }) }),

  /** Removes a warning; it comes back when its cause is seen again. @throws ApiError NOT_FOUND */
  deleteWarning: (uuid: string, options?: CallOptions): Promise<void> => wire.write("DELETE", one(uuid), options),
});
