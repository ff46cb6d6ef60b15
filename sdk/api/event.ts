/** Event: one message of GET /1.0/events (docs/lxd-api.md, Operations and events). */
import * as z from "zod";
import { Time } from "./common";
import { means } from "./means";

export const EventType = z.enum(["operation", "lifecycle", "logging"]);
export type EventType = z.infer<typeof EventType>;

export const Event = z.looseObject({
  type: z.string(),
  timestamp: Time,
  metadata: means(z.unknown(), "The operation, the lifecycle event, or the line of the log."),
  location: means(z.string().optional(), "Always `none`: there is no cluster."),
  project: means(z.string().optional(), "Absent when it is of the whole server."),
});
export type Event = z.infer<typeof Event>;

export const Lifecycle = z.looseObject({
  action: means(z.string(), "Such as `instance-started`."),
  source: means(z.string(), "Path of the object."),
  name: means(z.string().optional(), "Of an instance: its name."),
  project: means(z.string().optional(), "Of an instance: its project."),
  context: means(z.record(z.string(), z.unknown()).optional(), "More of it, such as `old_name` of a rename."),
  requestor: means(
    z.looseObject({ username: z.string(), protocol: z.string(), address: z.string().optional() }).optional(),
    "Who asked for it.",
  ),
});
export type Lifecycle = z.infer<typeof Lifecycle>;
