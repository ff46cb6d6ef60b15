/**
 * Isolated: where the gateway of an isolated network is, with its DHCP and DNS: in a network namespace of dnsmasq's own, joined to the bridge by a
 * veth pair. The host has no address in the network and no route to it, so that several such networks may have one subnet. The namespace
 * lives as long as dnsmasq does, and the pair with it: nothing is left to be cleared.
 */
import { createHash, randomBytes } from "node:crypto";
import { networkConfig } from "../../../sdk/api/config/network";
import { run } from "../../platform/processes/run";
import { mtuOf } from "./config";
import type { NetworkPlace } from "./driver";

/** Inside, the interface is called as the bridge: dnsmasq is told the same as anywhere. */
const script = 'set -e; ip -batch -; exec dnsmasq "$@"';

/** The same at each start, so that guests that know it find it again; another one than the bridge's, which would keep the frames. */
function gatewayHwaddr(name: string): string {
  const hash = createHash("sha256").update(`gateway of ${name}`).digest("hex");
  return `00:16:3e:${hash.slice(0, 2)}:${hash.slice(2, 4)}:${hash.slice(4, 6)}`;
}

/** Starts dnsmasq there. @throws ApiError INTERNAL */
export async function startInside({ name, config }: NetworkPlace, args: readonly string[]): Promise<void> {
  // Another name each time: the kernel takes a namespace apart some time after its last process.
  const outer = `vi${randomBytes(6).toString("hex")}`;
  const commands = [
    "link set dev lo up",
    `link add name ${name} address ${gatewayHwaddr(name)} type veth peer name ${outer} netns ${process.pid}`,
    `link set dev ${name} mtu ${mtuOf(config)} up`,
    `address add ${networkConfig(config).get("ipv4.address")} broadcast + dev ${name}`,
  ];
  await run("unshare", ["--net", "sh", "-c", script, "sh", ...args], { input: `${commands.join("\n")}\n` });
  await run("ip", ["-batch", "-"], { input: `link set dev ${outer} mtu ${mtuOf(config)} master ${name} up\n` });
}
