/** Devices gpu, usb, unix-hotplug and tpm with hardware as the kernel drives it: that of a guest under qemu (npm run test:vm -- hardware). */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import type { Devices } from "../../sdk/api/common";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { needs } from "../support/needs";
import { until } from "../support/until";

const usbFolder = "/sys/bus/usb/devices";

/** Names on their bus, by vendor and product. */
const usbNames = (ids: string): string[] =>
  (existsSync(usbFolder) ? readdirSync(usbFolder) : []).filter((name) => {
    const read = (file: string) => {
      const at = path.join(usbFolder, name, file);
      return existsSync(at) ? readFileSync(at, "utf8").trim() : "";
    };
    return `${read("idVendor")}:${read("idProduct")}` === ids;
  });

const adapter = "0403:6001";

/** The controller that a USB device is on: to unbind it is to unplug all that is on it. */
function controllerOf(ids: string): string {
  const [name = ""] = usbNames(ids);
  const parts = realpathSync(path.join(usbFolder, name)).split("/");
  return parts[parts.findIndex((part) => /^usb\d+$/.test(part)) - 1] ?? "";
}

const driverFile = (file: "bind" | "unbind") => `/sys/bus/pci/drivers/xhci_hcd/${file}`;

async function launch({ client }: TestDaemon, devices: Devices): Promise<void> {
  const source = { type: "image", alias: "template:busybox" };
  await (await client.createInstance({ name: "box", source, devices })).wait();
  await (await client.setInstanceState("box", { action: "start" })).wait();
}

async function setDevices({ client }: TestDaemon, devices: Devices): Promise<void> {
  const { value } = await client.getInstance("box");
  await (await client.updateInstance("box", { ...value, devices })).wait();
}

async function inside({ client }: TestDaemon, command: string): Promise<string> {
  const { stdout } = await client.execOutput("box", { command: ["sh", "-c", `{ ${command}; } 2>&1`] });
  return String(stdout).trim();
}

test("USB devices and what drivers make of them go with the controller that is unplugged, and come back with it", {
  skip: needs("root", "qemu-usb"),
}, async () => {
  const controller = controllerOf(adapter);
  try {
    await withDaemon({ bare: false }, async (daemon) => {
      await launch(daemon, {
        adapter: { type: "usb", vendorid: "0403", productid: "6001" },
        line: { type: "unix-hotplug", vendorid: "0403" },
      });
      const found = () => inside(daemon, "ls /dev/bus/usb/*/* /dev/ttyUSB* 2>/dev/null | sort");
      const shown = await found();
      assert.match(shown, /^\/dev\/bus\/usb\/\d{3}\/\d{3}\n\/dev\/ttyUSB0$/, "the adapter alone, not the tablet");
      const [node = ""] = shown.split("\n");
      // The device's own descriptor: class, vendor and product.
      assert.match(await inside(daemon, `od -A n -t x1 -N 12 ${node}`), /^12 01 00 0[12].* 03 04 01 60$/);
      writeFileSync(driverFile("unbind"), controller);
      await until(async () => (await found()) === "");
      writeFileSync(driverFile("bind"), controller);
      await until(async () => /^\/dev\/bus\/usb\/\d{3}\/\d{3}\n\/dev\/ttyUSB0$/.test(await found()));
      await setDevices(daemon, {});
      assert.equal(await found(), "");
    });
  } finally {
    if (usbNames(adapter).length === 0) writeFileSync(driverFile("bind"), controller);
  }
});

test("a card's nodes are in the container, and its driver answers there", {
  skip: needs("root", "qemu-gpu"),
}, async () => {
  await withDaemon({ bare: false }, async (daemon) => {
    await launch(daemon, { card: { type: "gpu", id: "0", mode: "0666" } });
    assert.match(await inside(daemon, "ls /dev/dri"), /^card0/);
    assert.equal(await inside(daemon, ": <>/dev/dri/card0 && echo opened"), "opened");
    await setDevices(daemon, {});
    assert.equal(await inside(daemon, "ls /dev/dri/card0 2>/dev/null"), "");
    const vendor = readFileSync("/sys/class/drm/card0/device/vendor", "utf8").trim().replace("0x", "");
    await setDevices(daemon, { card: { type: "gpu", vendorid: vendor } });
    assert.match(await inside(daemon, "ls /dev/dri"), /^card0/);
  });
});

/** TPM2_GetRandom of 8 bytes (TPM 2.0 Library, part 3, 16.1); the answer's head says how it went. */
const ask = (node: string) =>
  `exec 3<>${node}; printf '\\200\\001\\000\\000\\000\\014\\000\\000\\001\\173\\000\\010' >&3; dd bs=64 count=1 <&3 2>/dev/null | od -A n -t x1 | tr -d '\\n'`;

test("a container has a TPM of its own, at a start and by a change while it runs, which keeps what it was told", {
  skip: needs("root", "vtpm"),
}, async () => {
  await withDaemon({ bare: false }, async (daemon) => {
    const chip = { type: "tpm", path: "/dev/tpm0", pathrm: "/dev/tpmrm0" };
    await launch(daemon, { chip });
    // Tag, size and code of an answer that is no failure.
    assert.match(await inside(daemon, ask("/dev/tpmrm0")), /^80 01 00 00 00 14 00 00 00 00 /);
    assert.match(await inside(daemon, ask("/dev/tpm0")), /^80 01 00 00 00 (14|0a) 00 00 0[01] 0[01]/);
    await setDevices(daemon, {});
    assert.equal(await inside(daemon, "ls /dev/tpm* 2>/dev/null"), "");
    await setDevices(daemon, { chip: { ...chip, path: "/dev/own", pathrm: "/dev/ownrm" } });
    assert.match(await inside(daemon, ask("/dev/ownrm")), /^80 01 00 00 00 14 00 00 00 00 /);
    // It outlives the daemon, which finds it again.
    await daemon.kill();
    await daemon.start();
    assert.match(await inside(daemon, ask("/dev/ownrm")), /^80 01 00 00 00 14 00 00 00 00 /);
    const before = readdirSync("/sys/class/tpm").length;
    await (await daemon.client.setInstanceState("box", { action: "stop", force: true })).wait();
    assert.equal(readdirSync("/sys/class/tpm").length, before - 1, "it ends with the container");
    await (await daemon.client.deleteInstance("box")).wait();
  });
});
