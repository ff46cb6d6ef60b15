/** Logs of networks: typed calls. */
import type * as z from "zod";
import { NetworkAclLogEntry, NetworkEgressLogEntry } from "../api/network-log";
import { linesOf } from "./answer";
import type { CallOptions } from "./call-options";
import { urlOf } from "./request";
import type { Wire } from "./wire";

async function logOf<T extends z.ZodType>(wire: Wire, path: string, entry: T, options?: CallOptions) {
  const request = { method: "GET", path, signal: options?.signal } as const;
  return linesOf(request, await wire.send(request), entry);
}

export const networkLogCalls = (wire: Wire) => ({
  /** What the rules of a network ACL have logged, oldest first, as far back as the log of the host's kernel goes. @throws ApiError NOT_FOUND, FORBIDDEN */
  getNetworkAclLog: (name: string, options?: CallOptions): Promise<NetworkAclLogEntry[]> =>
    logOf(wire, urlOf`/1.0/network-acls/${name}/log`, NetworkAclLogEntry, options),

  /** What `security.egress.allow` of a network and its nics has refused, oldest first. It takes the extension `bothy_network_egress`. @throws ApiError NOT_FOUND, FORBIDDEN */
  getNetworkEgressLog: (name: string, options?: CallOptions): Promise<NetworkEgressLogEntry[]> =>
    logOf(wire, urlOf`/1.0/networks/${name}/egress/log`, NetworkEgressLogEntry, options),
});
