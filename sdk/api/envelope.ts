/** Envelope: the frame of every JSON answer (docs/lxd-api.md, Answers). */
import * as z from "zod";

export const Envelope = z.looseObject({
  type: z.enum(["sync", "async", "error"]),
  status: z.string().default(""),
  status_code: z.number().default(0),
  operation: z.string().default(""),
  error_code: z.number().default(0),
  error: z.string().default(""),
  metadata: z.unknown(),
});
export type Envelope = z.infer<typeof Envelope>;

/** Key of an error's envelope that tells programs what `error` tells people; stock clients ignore it. */
export const detailsKey = "bothy_details";
