/** The kinds live on a real LXD or Incus as on our own daemon: plans stay clean. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { Client } from "../../sdk";
import { hostLifecycles } from "../provider/support/host-lifecycles";
import { throughBothDoors } from "../provider/support/lifecycle";
import { networkLifecycles } from "../provider/support/network-lifecycles";
import { serverLifecycles } from "../provider/support/server-lifecycles";
import { withDaemon } from "../support/daemon";
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

test("containers, and what they are made of, live on a real LXD or Incus, through both doors", {
  skip,
}, async (t) => {
  await using client = new Client({ endpoint: socket });
  await using undo = new AsyncDisposableStack();
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-provider-lxd-"));
  undo.defer(() => rmSync(folder, { recursive: true }));
  const [pool, network, image] = ["bothy-kinds", "bothykinds", "bothy-kinds"];
  await client.createStoragePool({ name: pool, driver: "dir", config: {} });
  undo.defer(() => client.deleteStoragePool(pool));
  await client.createNetwork({ name: network, type: "bridge", config: { "ipv6.address": "none" } });
  undo.defer(() => client.deleteNetwork(network));
  const file = path.join(folder, "busybox.tar");
  await withDaemon({}, async (daemon) => {
    await (await daemon.client.createImage({ source: { type: "template", template: "busybox" } })).wait();
    const [made] = await daemon.client.listImages();
    const url = `http://bothy/1.0/images/${made?.fingerprint}/export`;
    execFileSync("curl", ["--silent", "--fail", "--unix-socket", daemon.socket, "--output", `${file}.zst`, url]);
    // Not each LXD has zstd.
    execFileSync("zstd", ["--quiet", "--decompress", `${file}.zst`]);
  });
  const { metadata } = await (await client.createImageFromFile(file)).wait();
  const fingerprint = String((metadata as { fingerprint: string }).fingerprint);
  undo.defer(async () => void (await (await client.deleteImage(fingerprint)).wait()));
  await client.createImageAlias({ name: image, target: fingerprint });
  const devices = {
    root: { type: "disk", path: "/", pool },
    eth0: { type: "nic", nictype: "bridged", parent: network },
  };
  await throughBothDoors(t, client, socket, hostLifecycles({ folder, image, pool, devices }));
});
