/** Which nodes of the host a device is about: cards and USB devices, chosen by numbers and addresses from trees like those of /sys and /dev. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { findGpuNodes } from "../../../daemon/kinds/instance/devices/gpu";
import { infinibandCause } from "../../../daemon/kinds/instance/devices/infiniband";
import { findHotplugNodes } from "../../../daemon/kinds/instance/devices/unix-hotplug";
import { findUsbNodes } from "../../../daemon/kinds/instance/devices/usb";
import { driverFolders, usbFolders } from "../../../daemon/platform/hardware/usb-nodes";
import type { Device } from "../../../sdk/api/common";
import { Hardware } from "../../support/hardware";

type Found = Awaited<ReturnType<typeof findGpuNodes>>;

const placesOf = (found: Found): string[] => {
  assert.ok(!("cause" in found), JSON.stringify(found));
  return found.map(({ place }) => place);
};

const causeOf = (found: Found): string => ("cause" in found ? found.cause : "none");

/** Two cards, of which the second one is NVIDIA's with its own driver. Nodes are links to 1:3 and 1:5. */
function withCards(): Hardware {
  const host = new Hardware();
  host.card("0000:00:02.0", ["8086", "5916"], { card0: "1:3", renderD128: "1:5" });
  host.card("0000:01:00.0", ["10de", "1eb8"], { card1: "1:3" });
  host.link("/dev/null", "dev/dri/card0");
  host.link("/dev/zero", "dev/dri/renderD128");
  host.link("/dev/null", "dev/dri/card1");
  host.files("proc/driver/nvidia/gpus/0000:01:00.0", { information: "Model: \t T4\nDevice Minor: \t 0" });
  host.link("/dev/null", "dev/nvidia0");
  host.link("/dev/zero", "dev/nvidiactl");
  host.link("/dev/null", "dev/nvidia1");
  host.folder("dev/nvidia-caps");
  return host;
}

test("a gpu is chosen by vendor, product, number or PCI address, and is all cards without them", async () => {
  using host = withCards();
  const find = async (options: Device) => placesOf(await findGpuNodes(host.roots, { type: "gpu", ...options }));
  const intel = ["/dev/dri/card0", "/dev/dri/renderD128"];
  const nvidia = ["/dev/dri/card1", "/dev/nvidia0", "/dev/nvidiactl"];
  assert.deepEqual(await find({}), [...intel, ...nvidia]);
  assert.deepEqual(await find({ vendorid: "8086" }), intel);
  assert.deepEqual(await find({ vendorid: "10de", productid: "1eb8" }), nvidia);
  assert.deepEqual(await find({ productid: "5916" }), intel);
  assert.deepEqual(await find({ id: "1" }), nvidia);
  assert.deepEqual(await find({ pci: "0000:01:00.0" }), nvidia);
  assert.deepEqual(await find({ pci: "00:02.0" }), intel);
});

test("a node has the numbers that the kernel says, and one that is not there or another is none", async () => {
  using host = withCards();
  const nodes = await findGpuNodes(host.roots, { type: "gpu", id: "0" });
  assert.deepEqual(nodes, [
    { node: "c 1:3", place: "/dev/dri/card0" },
    { node: "c 1:5", place: "/dev/dri/renderD128" },
  ]);
  rmSync(host.at("dev/dri/card0"));
  // udev has not made it anew yet.
  host.link("/dev/full", "dev/dri/card0");
  assert.deepEqual(placesOf(await findGpuNodes(host.roots, { type: "gpu", id: "0" })), ["/dev/dri/renderD128"]);
});

test("a gpu that no card of the host is, and a PCI address of nothing, are told in LXD's words", async () => {
  using host = withCards();
  const cause = async (options: Device) => causeOf(await findGpuNodes(host.roots, { type: "gpu", ...options }));
  const absent: Device[] = [{ vendorid: "1002" }, { id: "7" }, { vendorid: "8086", productid: "1eb8" }];
  for (const options of absent) assert.match(await cause(options), /^Failed to detect requested GPU device/);
  assert.match(await cause({ pci: "0000:09:00.0" }), /^Invalid PCI address \(no device found\): 0000:09:00\.0$/);
  using bare = new Hardware();
  assert.match(causeOf(await findGpuNodes(bare.roots, { type: "gpu" })), /^Failed to detect requested GPU device/);
});

test("a virtual function of a card is no card of its own", async () => {
  using host = withCards();
  host.link("sys/devices/pci0000:00/0000:00:02.0", "sys/devices/pci0000:00/0000:01:00.0/physfn");
  assert.match(causeOf(await findGpuNodes(host.roots, { type: "gpu", id: "1" })), /^Failed to detect/);
});

test("a card that is not on a PCI bus is chosen by its number alone", async () => {
  using host = new Hardware();
  host.files("sys/devices/platform/vkms/drm/card0", { dev: "1:3" });
  host.link("sys/devices/platform/vkms", "sys/devices/platform/vkms/drm/card0/device");
  host.link("sys/devices/platform/vkms/drm/card0", "sys/class/drm/card0");
  host.link("/dev/null", "dev/dri/card0");
  assert.deepEqual(placesOf(await findGpuNodes(host.roots, { type: "gpu", id: "0" })), ["/dev/dri/card0"]);
  assert.match(causeOf(await findGpuNodes(host.roots, { type: "gpu", vendorid: "8086" })), /^Failed to detect/);
});

/** A stick, a serial adapter and the hub that they are on. */
function withUsb(): Hardware {
  const host = new Hardware();
  host.usb("usb1", ["1d6b", "0002"], ["1", "1"], "1:3");
  const stick = host.usb("1-1", ["0781", "5567"], ["1", "2"], "1:5");
  const serial = host.usb("1-2", ["0403", "6001"], ["1", "12"], "1:7");
  host.link("/dev/null", "dev/bus/usb/001/001");
  host.link("/dev/zero", "dev/bus/usb/001/002");
  host.link("/dev/full", "dev/bus/usb/001/012");
  host.driverNode(serial, "tty", "ttyUSB0", "char", "1:8");
  host.driverNode(stick, "usbmisc", "usb/hiddev0", "char", "1:9");
  host.driverNode("sys/devices/virtual/mem", "mem", "null", "char", "1:3");
  host.link("/dev/random", "dev/ttyUSB0");
  host.link("/dev/urandom", "dev/usb/hiddev0");
  return host;
}

test("USB devices are chosen by vendor and product, and are all of them without these", async () => {
  using host = withUsb();
  const find = async (options: Device) => placesOf(await findUsbNodes(host.roots, { type: "usb", ...options }));
  assert.deepEqual(await find({}), ["/dev/bus/usb/001/001", "/dev/bus/usb/001/002", "/dev/bus/usb/001/012"]);
  assert.deepEqual(await find({ vendorid: "0781" }), ["/dev/bus/usb/001/002"]);
  assert.deepEqual(await find({ productid: "6001" }), ["/dev/bus/usb/001/012"]);
  assert.deepEqual(await find({ vendorid: "0781", productid: "6001" }), []);
  assert.match(
    causeOf(await findUsbNodes(host.roots, { type: "usb", vendorid: "ffff", required: "true" })),
    /^Required USB device not found$/,
  );
  // Whatever is plugged in: the bus's folder is where it comes.
  assert.deepEqual(usbFolders(host.roots), [host.at("dev/bus/usb"), host.at("dev/bus/usb/001")]);
});

test("what drivers made of a USB device is found by its numbers, and nodes of USB itself and of other hardware are not", async () => {
  using host = withUsb();
  const find = async (options: Device) =>
    placesOf(await findHotplugNodes(host.roots, { type: "unix-hotplug", ...options }));
  assert.deepEqual(await find({ vendorid: "0403" }), ["/dev/ttyUSB0"]);
  assert.deepEqual(await find({ productid: "6001" }), ["/dev/ttyUSB0"]);
  assert.deepEqual(await find({ vendorid: "0781" }), []);
  assert.match(
    causeOf(await findHotplugNodes(host.roots, { type: "unix-hotplug", vendorid: "0781", required: "true" })),
    /^Required Unix Hotplug device not found$/,
  );
  assert.deepEqual(driverFolders(host.roots).sort(), [host.at("dev"), host.at("dev/bus"), host.at("dev/usb")]);
});

test("a port of InfiniBand is refused with what the host lacks, and one that is there as not here yet", async () => {
  using host = new Hardware();
  host.files("sys/class/net/eth0", { type: "1" });
  host.files("sys/class/net/ib0", { type: "32" });
  const cause = (options: Device) =>
    infinibandCause(host.roots, { type: "infiniband", nictype: "physical", ...options });
  assert.equal(await cause({ parent: "ib9", name: "ib0" }), "Parent device 'ib9' doesn't exist");
  assert.equal(await cause({ parent: "eth0", name: "ib0" }), `Specified infiniband device "eth0" not found`);
  assert.match(
    await cause({ parent: "ib0", name: "ib0", nictype: "sriov" }),
    /^All virtual functions on parent device are already in use/,
  );
  assert.match(await cause({ parent: "ib0", name: "ib0" }), /not handed on to containers yet/);
});
