/** Resolvers: whom dnsmasq asks for names of the world. */
import { hasUsersIds } from "../../../sdk/host/own-ids";
import { resolverWithin } from "../../../sdk/host/uplink-resolver";
import { readText } from "../../platform/folders/files";

/** resolv.conf(5). */
const file = "/etc/resolv.conf";

const isLoopback = (address: string): boolean => /^(127\.|::1$)/.test(address);

/**
 * dnsmasq itself follows resolv.conf. A user's daemon has a loopback of its own, though, on which no resolver of the host's answers, such as systemd-resolved:
 * that one is asked by way of pasta. Its file stays as it is, whatever the resolver itself asks.
 * @returns arguments of dnsmasq
 */
export async function resolverArguments(): Promise<string[]> {
  if (!hasUsersIds) return [];
  const addresses = [...((await readText(file)) ?? "").matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, at = ""]) => at);
  return addresses.some(isLoopback) ? ["--no-resolv", `--server=${resolverWithin}`] : [];
}
