/** Warning: something that the daemon cannot put right by itself (docs/lxd-api.md, Warnings). */
import * as z from "zod";
import { Time } from "./common";

export const WarningSeverity = z.enum(["low", "moderate", "high"]);
export type WarningSeverity = z.infer<typeof WarningSeverity>;

export const WarningStatus = z.enum(["new", "acknowledged", "resolved"]);
export type WarningStatus = z.infer<typeof WarningStatus>;

/** What a client may change: acknowledge a warning, or make it new again. */
export const WarningPut = z.object({ status: z.string().default("") });
export type WarningPut = z.infer<typeof WarningPut>;

export const Warning = z.looseObject({
  uuid: z.string(),
  status: z.string(),
  severity: z.string(),
  /** What kind it is, in words, such as "Storage pool unavailable". */
  type: z.string(),
  last_message: z.string(),
  /** How often it was seen. */
  count: z.number(),
  first_seen_at: Time,
  last_seen_at: Time,
  /** Path of the object that it is about; empty for the server itself. */
  entity_url: z.string(),
  project: z.string(),
  location: z.string(),
});
export type Warning = z.infer<typeof Warning>;
