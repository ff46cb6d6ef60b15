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

/**
 * Arguments: commands of `ip` for inside, those for the host, and dnsmasq's own. Inside, the interface is called as the bridge, so that dnsmasq is told
 * the same as anywhere. All by one process of the daemon's: each costs it more than the shell.
 */
const script = `set -e
inside=$1 outside=$2
shift 2
unshare --net sh -c 'set -e; echo "$0" | ip -batch -; exec dnsmasq "$@"' "$inside" "$@"
echo "$outside" | ip -batch -`;

/** The same at each start, so that guests that know it find it again; another one than the bridge's, which would keep the frames. */
function gatewayHwaddr(name: string): string {
  const hash = createHash("sha256").update(`gateway of ${name}`).digest("hex");
  return `00:16:3e:${hash.slice(0, 2)}:${hash.slice(2, 4)}:${hash.slice(4, 6)}`;
}

/** Starts dnsmasq there. @throws ApiError INTERNAL */
export async function startInside({ name, config }: NetworkPlace, args: readonly string[]): Promise<void> {
  // Another name each time: the kernel takes a namespace apart some time after its last process.
  const outer = `vi${randomBytes(6).toString("hex")}`;
  const mtu = mtuOf(config);
  const inside = [
    "link set dev lo up",
    `link add name ${name} address ${gatewayHwaddr(name)} type veth peer name ${outer} netns ${process.pid}`,
    `link set dev ${name} mtu ${mtu} up`,
    `address add ${networkConfig(config).get("ipv4.address")} broadcast + dev ${name}`,
  ];
  const outside = `link set dev ${outer} mtu ${mtu} master ${name} up`;
  await run("sh", ["-c", script, "sh", inside.join("\n"), outside, ...args], { isSmall: true });
}
