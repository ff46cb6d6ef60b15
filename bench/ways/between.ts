/**
 * Between two containers: by a network of Bothy, and by a bare bridge. The bare one is in a network namespace of its own, without a rule, and its two
 * veth pairs lead into the same containers, so that the same processes send by both ways.
 */
import { Netns } from "../../scripts/scene/netns";
import type { Subject } from "../subject";
import { addressIn, launchWith, serveIn, type Way, wayFrom } from "./way";

export const port = 5201;
const network = "benchway";
const [from, to] = ["way-from", "way-to"] as const;
const bareBridge = "bare";

/** Host parts of the addresses of both containers. */
const hosts = { [from]: 11, [to]: 12 };

/** Runs the work with both ways. */
export async function withWaysBetween<T>(
  own: Subject,
  pool: string,
  wire: string,
  work: (ways: readonly Way[]) => Promise<T>,
): Promise<T> {
  await using bare = await Netns.create();
  await own.createNetwork(network, { "ipv4.address": "10.91.2.1/24", "ipv6.address": "none" });
  try {
    for (const name of [from, to]) await launchWith(own, { name, pool, network, wire });
    await bare.run("ip", "link", "add", "name", bareBridge, "type", "bridge", "stp_state", "0", "forward_delay", "0");
    await bare.run("ip", "link", "set", "dev", bareBridge, "up");
    for (const [name, host] of Object.entries(hosts)) {
      const { pid } = await own.state(name);
      const peer = ["peer", "name", "bare0", "netns", String(pid)];
      await bare.run("ip", "link", "add", "name", name, "master", bareBridge, "type", "veth", ...peer);
      await bare.run("ip", "link", "set", "dev", name, "up");
      await addressIn(own, name, "bare0", `10.91.3.${host}/24`);
      await addressIn(own, name, "eth0", `10.91.2.${host}/24`);
    }
    await serveIn(own, to, port);
    return await work([
      wayFrom(own, from, "bothy/network", `10.91.2.${hosts[to]}`),
      wayFrom(own, from, "bare bridge", `10.91.3.${hosts[to]}`),
    ]);
  } finally {
    await own.clear();
    await own.deleteNetwork(network);
  }
}
