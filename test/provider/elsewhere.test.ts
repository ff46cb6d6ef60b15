/** Kinds that Bothy's own server has not: they live on a server that has them, and each other one is told apart by what it lacks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "../../sdk";
import { withDaemon } from "../support/daemon";
import { DynamicProcess } from "./support/dynamic-process";
import { withElsewhere } from "./support/elsewhere";
import { found, type Lifecycle, lastOf, throughBothDoors } from "./support/lifecycle";
import { PluginProcess } from "./support/plugin-process";

const extensions = ["storage_buckets", "network_peer", "network_load_balancer", "clustering_groups"];

const lifecycles: Lifecycle[] = [
  {
    kind: "cluster-group",
    inputs: () => ({ name: "fast", members: ["n2", "n1"], description: "one" }),
    update: { members: ["n1"], description: "two" },
    replace: () => ({ name: "faster" }),
    replacing: ["name"],
    drift: (client, id) => client.patchClusterGroup(id, { members: [] }),
    remove: async (client, id) => {
      await client.updateClusterGroup(id, { members: [] });
      await client.deleteClusterGroup(id);
    },
    isThere: (client, id) => found(client.getClusterGroup(id)),
    output: "name",
    refused: {
      inputs: () => ({ name: "fast" }),
      error: /Cannot create cluster group "fast": name: .*already exists\. .*"adopt: true"/,
    },
  },
  {
    kind: "network-peer",
    missingId: "net0/none",
    inputs: () => ({ network: "net0", name: "p", targetNetwork: "net1", config: { "user.note": "a" } }),
    update: { description: "two", config: { "user.note": "b" } },
    replace: () => ({ targetNetwork: "net2", name: "p2", targetProject: "lab" }),
    replacing: ["network", "name", "targetNetwork"],
    drift: async (client, id) => {
      const { config } = (await client.getNetworkPeer("net0", lastOf(id))).value;
      await client.updateNetworkPeer("net0", lastOf(id), { config, description: "by hand" });
    },
    remove: (client, id) => client.deleteNetworkPeer("net0", lastOf(id)),
    isThere: (client, id) => found(client.getNetworkPeer("net0", lastOf(id))),
    output: "status",
    refused: {
      inputs: () => ({ network: "net0", name: "p3", type: "remote", targetIntegration: "ic" }),
      error: /Cannot create network peer "p3": the server "far" .*lacks the API extension "network_integrations"/,
    },
  },
  {
    kind: "network-load-balancer",
    missingId: "net0/192.0.2.99",
    inputs: () => ({
      network: "net0",
      listenAddress: "192.0.2.10",
      backends: [{ name: "a", targetAddress: "10.0.0.2", targetPort: 8080 }],
      ports: [{ listenPort: "80, 443", targetBackends: ["a"] }],
    }),
    update: {
      backends: [{ name: "b", targetAddress: "10.0.0.3", description: "two" }],
      ports: [{ listenPort: 53, protocol: "udp", targetBackends: ["b"] }],
      description: "two",
      config: { "user.note": "x" },
    },
    replace: () => ({ listenAddress: "192.0.2.11" }),
    replacing: ["network", "listenAddress"],
    drift: async (client, id) => {
      const { config } = (await client.getNetworkLoadBalancer("net0", lastOf(id))).value;
      await client.updateNetworkLoadBalancer("net0", lastOf(id), { config });
    },
    remove: (client, id) => client.deleteNetworkLoadBalancer("net0", lastOf(id)),
    isThere: (client, id) => found(client.getNetworkLoadBalancer("net0", lastOf(id))),
    output: "location",
    refused: {
      inputs: () => ({ network: "nowhere", listenAddress: "192.0.2.12" }),
      error: /Cannot create network load balancer "192\.0\.2\.12": network: .*not found/,
    },
  },
  {
    kind: "storage-bucket",
    missingId: "pool0/none",
    inputs: () => ({ pool: "pool0", name: "data", description: "one" }),
    update: { description: "two", config: { size: "1GiB", "user.note": "x" } },
    replace: () => ({ name: "data2" }),
    replacing: ["pool", "name"],
    drift: (client, id) => client.patchStorageBucket("pool0", lastOf(id), { description: "by hand" }),
    remove: (client, id) => client.deleteStorageBucket("pool0", lastOf(id)),
    isThere: (client, id) => found(client.getStorageBucket("pool0", lastOf(id))),
    output: "s3Url",
    refused: {
      inputs: () => ({ pool: "pool0", name: "data" }),
      error: /Cannot create storage bucket "data": name: .*already exists/,
    },
  },
  {
    kind: "storage-bucket-key",
    prepare: async (client) => {
      await client.createStorageBucket("pool0", { name: "data" });
      return () => client.deleteStorageBucket("pool0", "data");
    },
    missingId: "pool0/data/none",
    inputs: () => ({ pool: "pool0", bucket: "data", name: "reader" }),
    update: { description: "two" },
    replace: () => ({ role: "admin", name: "writer" }),
    replacing: ["pool", "bucket", "name"],
    drift: async (client, id) => {
      const { value } = await client.getStorageBucketKey("pool0", "data", lastOf(id));
      await client.updateStorageBucketKey("pool0", "data", lastOf(id), { ...value, description: "by hand" });
    },
    remove: (client, id) => client.deleteStorageBucketKey("pool0", "data", lastOf(id)),
    isThere: (client, id) => found(client.getStorageBucketKey("pool0", "data", lastOf(id))),
    output: "secretKey",
    refused: {
      inputs: () => ({ pool: "pool0", bucket: "nowhere", name: "k" }),
      error: /Cannot create storage bucket key "k": bucket: .*not found/,
    },
  },
];

test("kinds that only other servers have live on one that has them, through both doors", (t) =>
  withElsewhere(extensions, async (socket) => {
    await using client = new Client({ endpoint: socket });
    await throughBothDoors(t, client, socket, lifecycles);
  }));

test("the client calls what such a server has", () =>
  withElsewhere(extensions, async (socket) => {
    await using client = new Client({ endpoint: socket });
    await client.createClusterGroup({ name: "a", members: ["n1"] });
    await client.renameClusterGroup("a", "b");
    assert.deepEqual(
      (await client.listClusterGroups()).map(({ name, members }) => [name, members]),
      [["b", ["n1"]]],
    );
    await client.createNetworkPeer("net0", { name: "p", target_network: "net1" });
    await client.patchNetworkPeer("net0", "p", { description: "d" });
    assert.deepEqual(
      (await client.listNetworkPeers("net0")).map(({ description }) => description),
      ["d"],
    );
    await client.createNetworkLoadBalancer("net0", { listen_address: "192.0.2.1" });
    await client.patchNetworkLoadBalancer("net0", "192.0.2.1", { description: "d" });
    assert.deepEqual(
      (await client.listNetworkLoadBalancers("net0")).map(({ description }) => description),
      ["d"],
    );
    await client.createStorageBucket("pool0", { name: "data" });
    await client.updateStorageBucket("pool0", "data", { description: "d" });
    assert.deepEqual(
      (await client.listStorageBuckets("pool0")).map(({ description }) => description),
      ["d"],
    );
    await client.createStorageBucketKey("pool0", "data", { name: "k", role: "admin" });
    assert.deepEqual(
      (await client.listStorageBucketKeys("pool0", "data")).map(({ role }) => role),
      ["admin"],
    );
  }));

test("a server that lacks a kind is named with what it lacks, and bothyd is one", (t) =>
  withDaemon({ bare: true }, async (daemon) => {
    const options = { env: { BOTHY_ENDPOINT: `unix://${daemon.socket}` } };
    await using dynamic = await DynamicProcess.start(options);
    await using plugin = await PluginProcess.start(options);
    // It knows of peers, and refuses them on every network that it has, as LXD does on bridges.
    for (const { kind, inputs, missingId = "none" } of lifecycles.filter((one) => one.kind !== "network-peer"))
      await t.test(`a ${kind}`, async () => {
        const words = kind.replaceAll("-", " ");
        const lacks = new RegExp(
          `^(?:Error: )?Cannot create ${words} "[^"]+": the server "[^"]+" .* at "${daemon.socket}" has no such ${words}: it lacks the API extension "(?:${extensions.join("|")})"\\. Give the resource the endpoint`,
        );
        for (const door of [dynamic, plugin]) {
          const checked = await door.checked(kind, inputs());
          await assert.rejects(door.create(kind, checked), (error: Error) => lacks.test(error.message));
          await assert.rejects(door.read(kind, missingId ?? "", {}, {}), /lacks the API extension/);
        }
      });
  }));
