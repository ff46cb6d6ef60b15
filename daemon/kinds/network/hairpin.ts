/**
 * Hairpin: whether a bridge sends a frame back by the port that it came from. Where br_netfilter shows frames of bridges to the rules of
 * IP, what a guest sends to a forward that leads back to it is turned around on the bridge itself (br_nf_pre_routing_finish), and never
 * reaches the host's routes. Without that module nobody needs it.
 */
import { existsSync } from "node:fs";
import { run } from "../../platform/processes/run";

/** Shown in the network namespace of whoever reads it, while the module is loaded. */
const brNetfilter = "/proc/sys/net/bridge";

/** @param ports names of interfaces; those that are gone, or not there yet, are passed over */
export async function setHairpin(ports: readonly string[], isOn: boolean): Promise<void> {
  if (ports.length === 0 || !existsSync(brNetfilter)) return;
  const input = ports.map((name) => `link set dev ${name} type bridge_slave hairpin ${isOn ? "on" : "off"}\n`).join("");
  await run("ip", ["-force", "-batch", "-"], { input, accept: [0, 1] });
}
