/** Server: typed calls about the daemon itself. */
import type * as z from "zod";
import { patchOf } from "../api/patch";
import { Server, ServerPut } from "../api/server";
import type { CallOptions, WriteOptions } from "./call-options";
import { body, type Tagged, type Wire } from "./wire";

export const serverCalls = (wire: Wire) => ({
  getServer: (options?: CallOptions): Promise<Tagged<Server>> => wire.getTagged("/1.0", Server, options),

  /** Replaces the server's configuration. */
  updateServer: (put: z.input<typeof ServerPut>, options?: WriteOptions): Promise<void> =>
    wire.write("PUT", "/1.0", { ...options, body: body(ServerPut, put) }),

  /** Merges the server's configuration key by key. */
  patchServer: (patch: Partial<ServerPut>, options?: WriteOptions): Promise<void> =>
    wire.write("PATCH", "/1.0", { ...options, body: body(patchOf(ServerPut), patch) }),

  /** Stops every container, cleanly as far as its time goes, and then the daemon; resolves when the containers have stopped. */
  shutDown: (options?: CallOptions): Promise<void> => wire.write("PUT", "/internal/shutdown", options),
});
