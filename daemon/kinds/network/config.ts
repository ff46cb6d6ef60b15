/** What a network's configuration means where a key is unset. */
import type { Config } from "../../../sdk/api/common";
import { isTrue } from "../../../sdk/api/config/values";

/** Keys that count as true when unset. */
export const isOn = (config: Config, key: "ipv4.dhcp" | "ipv4.firewall" | "ipv4.routing"): boolean =>
  config[key] === undefined || config[key] === "" || isTrue(config[key]);

export const hasIpv4 = (config: Config): boolean => !["", "none"].includes(config["ipv4.address"] ?? "");

export type DnsMode = "managed" | "dynamic" | "none";

/** managed: we name the addresses; dynamic: the guests do; none: nobody. */
export const dnsModeOf = (config: Config): DnsMode => (config["dns.mode"] || "managed") as DnsMode;

export const domainOf = (config: Config): string => config["dns.domain"] || "lxd";
