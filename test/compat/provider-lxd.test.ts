/** Networks, what is about them, and what is of the server itself live on a real LXD or Incus as on our own daemon: plans stay clean. */
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Client } from "../../sdk";
import { throughBothDoors } from "../provider/support/lifecycle";
import { networkLifecycles } from "../provider/support/network-lifecycles";
import { serverLifecycles } from "../provider/support/server-lifecycles";
import { requireFeature } from "../support/require";

/** State folder of an LXD or Incus that runs; the test makes things of its own in it. */
const socket = path.join(process.env.BOTHY_TEST_LXD_DIR ?? "", "unix.socket");
const skip = requireFeature("lxd", existsSync(socket));

test("networks, and what is of the server itself, live on a real LXD or Incus, through both doors", {
  skip,
}, async (t) => {
  await using client = new Client({ endpoint: socket });
  const { environment, api_extensions } = (await client.getServer()).value;
  const networks = networkLifecycles("2.0.192.in-addr.arpa").filter(
    ({ kind }) => kind !== "network-address-set" || api_extensions.includes("network_address_set"),
  );
  const server = serverLifecycles("127.0.0.1:8443", { hasPassword: environment.server !== "incus" });
  await throughBothDoors(t, client, socket, [...networks, ...server]);
});
