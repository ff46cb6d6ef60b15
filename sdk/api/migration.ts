/** Migration: where another server waits for what is sent to it (docs/lxd-api.md, Migration). */
import * as z from "zod";
import { Text } from "./common";
import { means } from "./means";

export const MigrationTarget = z.object({
  operation: Text.meta({ description: "URL of the other server's operation." }),
  certificate: means(Text.optional(), "Certificate of the other server, in PEM."),
  secrets: means(z.record(z.string(), Text), "Secrets of the operation's websockets, by name."),
});
export type MigrationTarget = z.infer<typeof MigrationTarget>;
