import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import type {
  ContainerArgs,
  InstanceConfigKey,
  NetworkArgs,
  Profile,
  ProfileArgs,
  StoragePoolArgs,
} from "../../../provider";
import * as native from "../../../provider/native";
import { didYouMean, nearest, nearestKey } from "../../../sdk/api/config/near";

test("programs may write configuration and devices in every way that they used to, and as numbers and booleans", () => {
  // Compiling is the test: keys that are known, families, keys from elsewhere, maps of text, outputs.
  const key: InstanceConfigKey = "limits.memory";
  const texts: Record<string, string> = { [key]: "64MiB", "user.any": "1" };
  const copied = (profile: Profile): ProfileArgs => ({ config: profile.config, devices: profile.devices });
  const all: [ContainerArgs, ContainerArgs, NetworkArgs, StoragePoolArgs] = [
    {
      image: "i",
      config: { "limits.cpu": 2, "security.nesting": true, "user.x": pulumi.output("y"), "some.future.key": "z" },
      devices: {
        eth0: { type: "nic", network: "n", mtu: 1400 },
        root: { type: "disk", path: "/", pool: pulumi.output("p"), readonly: false },
        other: { type: "some-future-type", option: "x" },
      },
    },
    { image: "i", config: pulumi.output(texts) },
    { config: { "ipv4.address": "auto", "ipv4.nat": true } },
    { driver: "dir", config: texts },
  ];
  assert.equal(all.length, 4);
  assert.equal(typeof copied, "function");
});

test("the classes of the plugin take what those of the dynamic door take, and resources in the place of names", () => {
  const copied = (web: native.Container, base: native.Profile, pool: native.StoragePool): native.ContainerArgs[] => [
    { image: "i", profiles: [base, "default", pulumi.output("p")], config: { "limits.cpu": 2, "user.x": "y" } },
    { source: { instance: web, snapshot: "s" }, devices: { root: { type: "disk", path: "/", pool } } },
    { image: "i", profiles: web.profiles, wait: { for: "nothing" }, files: { "/a": { content: pulumi.output("x") } } },
  ];
  const filtered = (
    acl: native.NetworkAcl,
    lan: native.Network,
  ): native.NetworkArgs & { forward: native.NetworkForwardArgs } => ({
    config: { "security.acls": [acl, "other"], "ipv4.nat": true },
    forward: { network: lan, listenAddress: "192.0.2.1", ports: [{ listenPort: 80, targetAddress: "10.0.0.2" }] },
  });
  assert.equal(typeof filtered, "function");
  const volume = (pool: native.StoragePool): native.StorageVolumeArgs => ({ pool, config: { size: "1GiB" } });
  const address = (lan: native.Network) =>
    native.getNetworkOutput({ name: lan.id }).leases.apply((leases) => leases[0]?.address);
  assert.deepEqual([typeof copied, typeof volume, typeof address], ["function", "function", "function"]);
});

test("near misses find the word that was meant, and other words find nothing", () => {
  const keys = ["limits.cpu", "limits.memory", "limits.memory.enforce", "environment.", "user."];
  for (const [wrong, right] of [
    ["limits.mem", "limits.memory"],
    ["limit.memory", "limits.memory"],
    ["Limits.Memory", "limits.memory"],
    ["memory", "limits.memory"],
    ["limits.cpus", "limits.cpu"],
    ["enviroment.PATH", "environment.PATH"],
    ["colour", undefined],
    ["x", undefined],
  ] as const)
    assert.equal(nearestKey(wrong, keys), right, wrong);
  assert.equal(nearest("btfrs", ["btrfs", "dir"]), "btrfs");
  assert.equal(nearest("dir", ["btrfs", "dir"]), undefined);
  assert.equal(didYouMean("busibox", ["busybox", "debian/12"]), ' Did you mean "busybox"?');
});
