/** Server: typed calls about the daemon itself. */
import * as z from "zod";
import { ApiError } from "../api/errors";
import { patchOf } from "../api/patch";
import { Server, ServerPut } from "../api/server";
import { endpointText } from "./address";
import { read } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import { body, type Tagged, type Wire } from "./wire";

/** What everybody is told, trusted or not. */
const Greeting = z.looseObject({ auth: z.string().optional(), environment: z.unknown().optional() });

async function getServer(wire: Wire, options?: CallOptions): Promise<Tagged<Server>> {
  const { value, etag } = await wire.getTagged("/1.0", Greeting, options);
  if (value.auth === "untrusted" && value.environment === undefined) {
    const url = endpointText(wire.endpoint);
    throw new ApiError(
      "FORBIDDEN",
      `Cannot use the server at "${url}": it does not trust this client's certificate. Run "bothy remote add NAME ${url}" with a password, or with a token in place of the address.`,
    );
  }
  return { value: read("GET", "/1.0", Server, value), etag };
}

export const serverCalls = (wire: Wire) => ({
  /** @throws ApiError FORBIDDEN when the server does not trust this client */
  getServer: (options?: CallOptions): Promise<Tagged<Server>> => getServer(wire, options),

  /** Replaces the server's configuration. */
  updateServer: (put: z.input<typeof ServerPut>, options?: WriteOptions): Promise<void> =>
    wire.write("PUT", "/1.0", { ...options, body: body(ServerPut, put) }),

  /** Merges the server's configuration key by key. */
  patchServer: (patch: Partial<ServerPut>, options?: WriteOptions): Promise<void> =>
    wire.write("PATCH", "/1.0", { ...options, body: body(patchOf(ServerPut), patch) }),

  /** Stops every container, cleanly as far as its time goes, and then the daemon; resolves when the containers have stopped. */
  shutDown: ({ force = false, ...options }: CallOptions & { readonly force?: boolean } = {}): Promise<void> =>
    wire.write("PUT", `/internal/shutdown?force=${force}`, options),
});
