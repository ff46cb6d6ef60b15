/** Proxies: by which proxy a server elsewhere is reached: core.proxy_*, else what the daemon's environment says. */
import { BlockList, isIP } from "node:net";
import type { Config } from "../../../../sdk/api/common";
import { serverConfig } from "../../../../sdk/api/config/server";

/** This host itself is never behind a proxy. */
const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** @param config of the server @returns the proxy's address, or nothing for a server that is reached straight */
export function proxyFor(url: URL, config: Config, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const set = serverConfig(config);
  const isHttps = url.protocol === "https:";
  const chosen = isHttps ? set.get("core.proxy_https") : set.get("core.proxy_http");
  const fallback = isHttps ? env.HTTPS_PROXY || env.https_proxy : env.HTTP_PROXY || env.http_proxy;
  const proxy = chosen || fallback;
  const ignored = set.get("core.proxy_ignore_hosts") || env.NO_PROXY || env.no_proxy || "";
  if (!proxy || isLocal(url) || isIgnored(url, ignored)) return undefined;
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
}

const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, "").toLowerCase();

function isLocal(url: URL): boolean {
  const host = hostOf(url);
  const version = isIP(host);
  return host === "localhost" || (version !== 0 && loopback.check(host, version === 4 ? "ipv4" : "ipv6"));
}

/** @param list hosts and domains, with a port or without: "example.org, .lab, 10.0.0.5:8443"; "*" is all */
function isIgnored(url: URL, list: string): boolean {
  const host = hostOf(url);
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return list
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => {
      if (entry === "") return false;
      if (entry === "*") return true;
      const plain = entry.endsWith(`:${port}`) ? entry.slice(0, -port.length - 1) : entry;
      const name = plain.replace(/^\[|\]$/g, "").replace(/^\./, "");
      return host === name || host.endsWith(`.${name}`);
    });
}
