/** Event: one message of GET /1.0/events (docs/lxd-api.md, Operations and events). */
import * as z from "zod";
import { Time } from "./common";

export const EventType = z.enum(["operation", "lifecycle", "logging"]);
export type EventType = z.infer<typeof EventType>;

export const Event = z.looseObject({
  type: z.string(),
  timestamp: Time,
  metadata: z.unknown(),
  location: z.string().optional(),
  project: z.string().optional(),
});
export type Event = z.infer<typeof Event>;

export const Lifecycle = z.looseObject({
  action: z.string(),
  source: z.string(),
  context: z.record(z.string(), z.unknown()).optional(),
  requestor: z.looseObject({ username: z.string(), protocol: z.string(), address: z.string().optional() }).optional(),
});
export type Lifecycle = z.infer<typeof Lifecycle>;
