/** The server's configuration as clients read it: of a password that is set they see that there is one. */
import type { Config } from "../../../sdk/api/common";
import { serverConfig } from "../../../sdk/api/config/server";

const passwordKey = "core.trust_password";

/** What stands for a password that is set. */
export const kept = "true";

/** Clients of Incus, by what they call themselves; some parts of them (`incus admin`) are programs in Go that say no name. */
const takesTextsAlone = /\bincus\b|^Go-http-client\//i;

/**
 * LXD shows a password as the boolean `true`. Incus has none, and the clients of its version 6.0 read texts alone: they would do nothing
 * with a server that shows anything else. Programs in Go that speak to LXD read either.
 * @param config in which `true` as a text stands for the password
 * @param client what it calls itself (`User-Agent`)
 */
export function shownConfig(config: Config, client = ""): Record<string, string | true> {
  const showsBoolean = serverConfig(config).has(passwordKey) && !takesTextsAlone.test(client);
  return showsBoolean ? { ...config, [passwordKey]: true } : config;
}
