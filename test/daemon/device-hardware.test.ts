/** Devices gpu, usb, unix-hotplug, tpm and infiniband on a host that has no such hardware: what is refused, when, and by which words. */
import assert from "node:assert/strict";
import test from "node:test";
import type { Device, Devices } from "../../sdk/api/common";
import { ApiError } from "../../sdk/api/errors";
import { findProgram } from "../../sdk/host/program";
import { Client } from "../../sdk/index";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);

async function create({ client }: TestDaemon, devices: Devices): Promise<void> {
  const source = { type: "image", alias: "template:busybox" };
  await (await client.createInstance({ name: "box", source, devices })).wait();
}

const start = async ({ client }: TestDaemon) => (await client.setInstanceState("box", { action: "start" })).wait();

async function setDevices({ client }: TestDaemon, devices: Devices): Promise<void> {
  const { value } = await client.getInstance("box");
  await (await client.updateInstance("box", { ...value, devices })).wait();
}

const infiniband: Device = { type: "infiniband", nictype: "physical", parent: "ib9", name: "ib0" };
const tpm: Device = { type: "tpm", path: "/dev/tpm0", pathrm: "/dev/tpmrm0" };

test("options that cannot be are refused with the key's name, and nothing is made", { skip }, async () => {
  await withDaemon({ bare: false }, async (daemon) => {
    const wrong: [Device, RegExp][] = [
      [{ type: "gpu", vendorid: "10DE" }, /vendorid: Invalid value, must be four lower case hex characters/],
      [{ type: "gpu", productid: "12345" }, /productid: Invalid value, must be four lower case hex/],
      [{ type: "gpu", pci: "1:0.0" }, /pci: Invalid PCI address/],
      [{ type: "gpu", pci: "0000:01:00.0", id: "0" }, /Cannot use "id" when "pci" is set/],
      [{ type: "gpu", pci: "0000:01:00.0", vendorid: "10de" }, /Cannot use "vendorid" when "pci" is set/],
      [{ type: "gpu", id: "0", productid: "1eb8" }, /Cannot use "productid" when "id" is set/],
      [{ type: "gpu", gputype: "mdev", mdev: "i915-GVTg_V5_4" }, /gputype: Unsupported device type.*virtual machines/],
      [{ type: "gpu", gputype: "sriov" }, /gputype: Unsupported device type.*virtual machines/],
      [{ type: "gpu", gputype: "mig", "mig.uuid": "1" }, /nvidia\.runtime must be set to true/],
      [{ type: "gpu", gputype: "whole" }, /gputype: it must be physical/],
      [{ type: "gpu", mode: "rw" }, /mode: .*octal/],
      [{ type: "gpu", uid: "root" }, /uid: .*whole number/],
      [{ type: "gpu", required: "true" }, /Unknown option "required"/],
      [{ type: "usb", vendorid: "0x46d" }, /vendorid: Invalid value, must be four lower case hex/],
      [{ type: "usb", productid: "C52B" }, /productid: Invalid value/],
      [{ type: "usb", required: "perhaps" }, /required: .*true or false/],
      [{ type: "usb", gid: "-1" }, /gid: .*whole number/],
      [{ type: "usb", busnum: "1" }, /Unknown option "busnum"/],
      [{ type: "unix-hotplug" }, /Unix hotplug devices require a vendorid or a productid/],
      [{ type: "unix-hotplug", vendorid: "403" }, /vendorid: Invalid value/],
      [{ type: "unix-hotplug", vendorid: "0403", path: "/dev/x" }, /Unknown option "path"/],
      [{ type: "tpm" }, /needs the option "path"/],
      [{ type: "tpm", path: "/dev/tpm0" }, /needs the option "pathrm"/],
      [{ type: "tpm", path: "/dev/tpm0", pathrm: "/dev/tpm0" }, /use two paths/],
      [{ ...tpm, path: "/" }, /path of a file/],
      [{ type: "infiniband", parent: "ib0" }, /needs the option "nictype"/],
      [{ type: "infiniband", nictype: "physical" }, /needs the option "parent"/],
      [{ ...infiniband, nictype: "bridged" }, /nictype: .*physical, sriov/],
      [{ ...infiniband, hwaddr: "00:16:3e:01:02:03" }, /hwaddr: Invalid value, must be either 8 or 20 bytes/],
      [{ ...infiniband, mtu: "big" }, /mtu/],
    ];
    for (const [device, message] of wrong)
      await assert.rejects(create(daemon, { d: device }), (error) => {
        assert.ok(ApiError.is(error) && error.code === "BAD_REQUEST", String(error));
        assert.match(error.message, message);
        return true;
      });
    const twice = { d: tpm, also: { type: "unix-char", source: "/dev/null", path: "dev/tpmrm0" } };
    await assert.rejects(create(daemon, twice), /has the path "(\/dev\/tpmrm0|dev\/tpmrm0)" too/);
    assert.deepEqual(await daemon.client.listInstances(), []);
  });
});

test("hardware that the host lacks can be stored, and is refused at a start and by a running container", {
  skip,
}, async () => {
  await withDaemon({ bare: false }, async (daemon) => {
    const none = "ffff";
    const missing: [Device, RegExp][] = [
      [{ type: "gpu", vendorid: none }, /Failed to start device "d": Failed to detect requested GPU device/],
      [
        { type: "gpu", pci: "ffff:1f:1f.7" },
        /Failed to start device "d": Invalid PCI address \(no device found\): ffff:1f:1f\.7/,
      ],
      [{ type: "usb", vendorid: none, required: "true" }, /Failed to start device "d": Required USB device not found/],
      [
        { type: "unix-hotplug", productid: none, required: "true" },
        /Failed to start device "d": Required Unix Hotplug device not found/,
      ],
      [infiniband, /Failed to start device "d": Parent device 'ib9' doesn't exist/],
    ];
    await create(daemon, {});
    for (const [device, message] of missing) {
      await setDevices(daemon, { d: device });
      await assert.rejects(start(daemon), message);
      assert.equal((await daemon.client.getInstance("box")).value.status, "Stopped");
    }
    // Those that need not be there are no hindrance.
    const awaited = { stick: { type: "usb", vendorid: none }, serial: { type: "unix-hotplug", vendorid: none } };
    await setDevices(daemon, awaited);
    await start(daemon);
    for (const [device, message] of missing)
      await assert.rejects(setDevices(daemon, { ...awaited, d: device }), (error) => {
        assert.ok(ApiError.is(error) && error.code === "BAD_REQUEST", String(error));
        assert.match(error.message, message);
        return true;
      });
    assert.deepEqual((await daemon.client.getInstance("box")).value.devices, awaited);
    await setDevices(daemon, {});
  });
});

test("a TPM is refused with what the host lacks for it", {
  skip:
    skip ||
    (findProgram("swtpm") !== undefined && "this host has swtpm: test/daemon/device-real.test.ts is about such"),
}, async () => {
  await withDaemon({ bare: false }, async (daemon) => {
    await create(daemon, { chip: tpm });
    await assert.rejects(
      start(daemon),
      /device "chip": .*Required tool 'swtpm' is missing\. Install the package swtpm/,
    );
    await setDevices(daemon, {});
    await start(daemon);
    await assert.rejects(setDevices(daemon, { chip: tpm }), /device "chip": .*Required tool 'swtpm' is missing/);
    assert.deepEqual((await daemon.client.getInstance("box")).value.devices, {});
  });
});

test("a restricted project has of them what it is allowed by type", { skip }, async () => {
  await withDaemon({ bare: false }, async (daemon) => {
    const { client } = daemon;
    const rows = [
      ["gpu", { type: "gpu" }, "GPU devices are forbidden"],
      ["usb", { type: "usb" }, "USB devices are forbidden"],
      ["unix-hotplug", { type: "unix-hotplug", vendorid: "0403" }, "Unix hotplug devices are forbidden"],
      ["infiniband", infiniband, "Infiniband devices are forbidden"],
    ] as const;
    await client.createProject({ name: "lab", config: { restricted: "true" } });
    await using lab = new Client({ endpoint: daemon.socket, project: "lab" });
    for (const [type, device, message] of rows) {
      const profile = { name: type, devices: { d: device } };
      await assert.rejects(lab.createProfile(profile), new RegExp(message));
      await client.patchProject("lab", { config: { [`restricted.devices.${type}`]: "allow" } });
      await lab.createProfile(profile);
      await assert.rejects(
        client.patchProject("lab", { config: { [`restricted.devices.${type}`]: "block" } }),
        new RegExp(message),
      );
    }
    // It has nothing of the host's.
    await lab.createProfile({ name: "tpm", devices: { d: tpm } });
  });
});
