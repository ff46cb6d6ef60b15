/** GET /1.0/resources, against a made-up host and against this one. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, release, tmpdir, totalmem } from "node:os";
import path from "node:path";
import { test } from "node:test";
import type { ApiRequest } from "../../../daemon/http/route";
import { resourcesRoutes } from "../../../daemon/kinds/resources/routes";
import { readResources } from "../../../daemon/kinds/resources/service";
import { Resources } from "../../../sdk/api/resources";

/** A host as a folder: path to content. @param links path to target */
async function withHost(
  files: Record<string, string | Buffer>,
  work: (resources: Resources) => void,
  links: Record<string, string> = {},
): Promise<void> {
  const root = mkdtempSync(path.join(tmpdir(), "bothy-resources-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
      writeFileSync(path.join(root, name), text);
    }
    for (const [name, target] of Object.entries(links)) {
      mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
      symlinkSync(target, path.join(root, name));
    }
    const at = (name: string) => path.join(root, name);
    work(await readResources({ proc: at("proc"), sys: at("sys"), dev: at("dev"), share: at("share") }));
  } finally {
    rmSync(root, { recursive: true });
  }
}

const processor = (id: number, socket: number, core: number) =>
  `processor\t: ${id}\nvendor_id\t: TestVendor\nmodel name\t: Test CPU @ 2GHz: fast\ncpu MHz\t\t: 2000.49\nphysical id\t: ${socket}\ncore id\t\t: ${core}\n\n`;

const topology = (id: number, socket: number, core: number) => ({
  [`sys/devices/system/cpu/cpu${id}/topology/physical_package_id`]: `${socket}\n`,
  [`sys/devices/system/cpu/cpu${id}/topology/core_id`]: `${core}\n`,
});

test("threads are grouped by core and socket, and those switched off do not count", async () => {
  const files = {
    "proc/cpuinfo": processor(0, 0, 0) + processor(1, 0, 0) + processor(2, 1, 0),
    ...topology(0, 0, 0),
    ...topology(1, 0, 0),
    ...topology(2, 1, 0),
    ...topology(3, 1, 0),
    "sys/devices/system/cpu/cpu1/online": "1\n",
    "sys/devices/system/cpu/cpu2/node1/x": "",
    "sys/devices/system/cpu/cpu3/online": "0\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "3100000\n",
    "sys/devices/system/cpu/cpufreq/boost": "1\n",
  };
  await withHost(files, ({ cpu }) => {
    assert.equal(cpu.total, 3);
    assert.deepEqual(cpu.sockets, [
      {
        socket: 0,
        name: "Test CPU @ 2GHz: fast",
        vendor: "TestVendor",
        frequency: 2550,
        cores: [
          {
            core: 0,
            die: 0,
            frequency: 3100,
            threads: [
              { id: 0, thread: 0, online: true, numa_node: 0, isolated: false },
              { id: 1, thread: 1, online: true, numa_node: 0, isolated: false },
            ],
          },
        ],
      },
      {
        socket: 1,
        name: "Test CPU @ 2GHz: fast",
        vendor: "TestVendor",
        frequency: 2000,
        cores: [
          {
            core: 0,
            die: 0,
            frequency: 2000,
            threads: [
              { id: 2, thread: 0, online: true, numa_node: 1, isolated: false },
              { id: 3, thread: 1, online: false, numa_node: 0, isolated: false },
            ],
          },
        ],
      },
    ]);
  });
});

test("without /sys the processors come from cpuinfo", async () => {
  await withHost({ "proc/cpuinfo": processor(0, 0, 0) + processor(1, 0, 1) }, ({ cpu }) => {
    assert.equal(cpu.total, 2);
    assert.deepEqual(
      cpu.sockets.map(({ cores }) => cores.length),
      [2],
    );
  });
});

test("memory is told in bytes, caches count as unused", async () => {
  const meminfo =
    "MemTotal: 1000 kB\nMemFree: 300 kB\nMemAvailable: 700 kB\nBuffers: 50 kB\nCached: 150 kB\nHugePages_Total: 4\nHugePages_Free: 1\nHugepagesize: 2048 kB\n";
  await withHost({ "proc/meminfo": meminfo }, ({ memory }) => {
    assert.deepEqual(memory, {
      total: 1024000,
      used: 512000,
      hugepages_total: 4 * 2097152,
      hugepages_used: 3 * 2097152,
      hugepages_size: 2097152,
    });
  });
});

test("disks are listed with their partitions, loop devices and the like are not", async () => {
  const files = {
    "sys/block/sda/size": "2048\n",
    "sys/block/sda/dev": "8:0\n",
    "sys/block/sda/ro": "0\n",
    "sys/block/sda/removable": "1\n",
    "sys/block/sda/device/model": "Disk One  \n",
    "sys/block/sda/sda1/size": "1024\n",
    "sys/block/sda/sda1/partition": "1\n",
    "sys/block/sda/sda1/dev": "8:1\n",
    "sys/block/nvme0n1/size": "4096\n",
    "sys/block/nvme0n1/ro": "1\n",
    "sys/block/loop0/size": "100\n",
    "sys/block/odd/dev": "9:9\n",
  };
  await withHost(files, ({ storage }) => {
    assert.equal(storage.total, 3);
    const [nvme, sda] = storage.disks;
    assert.deepEqual([nvme?.id, nvme?.type, nvme?.size, nvme?.read_only], ["nvme0n1", "nvme", 2097152, true]);
    assert.deepEqual(
      [sda?.id, sda?.device, sda?.model, sda?.removable, sda?.partitions],
      ["sda", "8:0", "Disk One", true, [{ id: "sda1", device: "8:1", size: 524288, read_only: false, partition: 1 }]],
    );
    assert.equal(storage.disks.length, 2);
  });
});

test("a host that tells nothing gives empty resources, not an error", async () => {
  await withHost({}, ({ cpu, memory, storage }) => {
    assert.deepEqual([cpu.total, memory.total, storage.total], [0, 0, 0]);
  });
});

test("GET /1.0/resources tells what this machine has", async () => {
  const reply = await resourcesRoutes[0]?.handle({} as ApiRequest);
  const { cpu, memory } = Resources.parse(reply?.type === "sync" ? reply.metadata : undefined);
  assert.ok(cpu.total >= availableParallelism());
  const totalBytes = Number(/^MemTotal:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]) * 1024;
  assert.ok(memory.total >= totalBytes, "the kernel keeps some for itself");
  assert.ok(memory.total >= totalmem() && memory.used > 0 && memory.used < memory.total);
});

/** What LXD 5.0.2 answered on a virtual machine, with the second of each thing left out. */
const ofLxd = {
  cpu: {
    architecture: "x86_64",
    sockets: [
      {
        name: "Intel(R) Xeon(R) Processor",
        vendor: "GenuineIntel",
        socket: 0,
        cache: [{ level: 1, type: "Data", size: 49152 }],
        cores: [{ core: 0, die: 0, threads: [{ id: 0, numa_node: 0, thread: 0, online: true, isolated: false }] }],
      },
    ],
    total: 1,
  },
  memory: {
    nodes: [{ numa_node: 0, hugepages_used: 0, hugepages_total: 0, used: 9619849216, total: 25769803776 }],
    hugepages_total: 0,
    hugepages_used: 0,
    hugepages_size: 2097152,
    used: 3486924800,
    total: 25769803776,
  },
  gpu: { cards: [], total: 0 },
  network: {
    cards: [
      {
        driver: "virtio-pci",
        driver_version: release(),
        numa_node: 0,
        pci_address: "0000:00:03.0",
        vendor_id: "1af4",
        product_id: "1041",
      },
    ],
    total: 1,
  },
  storage: {
    disks: [
      {
        id: "vda",
        device: "254:0",
        type: "virtio",
        read_only: false,
        size: 274877906944,
        removable: false,
        numa_node: 0,
        block_size: 512,
        rpm: 1,
        device_id: "",
        partitions: [],
        pci_address: "0000:00:02.0",
      },
    ],
    total: 1,
  },
  usb: { devices: [], total: 0 },
  pci: {
    devices: [
      {
        driver: "",
        driver_version: "",
        numa_node: 0,
        pci_address: "0000:00:00.0",
        vendor: "",
        vendor_id: "8086",
        product: "",
        product_id: "0d57",
        iommu_group: 0,
        vpd: {},
      },
      {
        driver: "virtio-pci",
        driver_version: release(),
        numa_node: 0,
        pci_address: "0000:00:02.0",
        vendor: "",
        vendor_id: "1af4",
        product: "",
        product_id: "1042",
        iommu_group: 0,
        vpd: {},
      },
      {
        driver: "virtio-pci",
        driver_version: release(),
        numa_node: 0,
        pci_address: "0000:00:03.0",
        vendor: "",
        vendor_id: "1af4",
        product: "",
        product_id: "1041",
        iommu_group: 0,
        vpd: {},
      },
    ],
    total: 3,
  },
  system: {
    uuid: "",
    vendor: "",
    product: "",
    family: "",
    version: "",
    sku: "",
    serial: "",
    type: "container",
    firmware: null,
    chassis: null,
    motherboard: null,
  },
};

const pciFiles = (address: string, [vendor, device, kind]: readonly [string, string, string]) => ({
  [`sys/bus/pci/devices/${address}/vendor`]: `0x${vendor}\n`,
  [`sys/bus/pci/devices/${address}/device`]: `0x${device}\n`,
  [`sys/bus/pci/devices/${address}/class`]: `0x${kind}00\n`,
  [`sys/bus/pci/devices/${address}/numa_node`]: "-1\n",
});

test("the answer is LXD's on a machine that both have seen", async () => {
  const files = {
    "proc/cpuinfo": "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(R) Processor\n\n",
    "proc/self/uid_map": "         0     100000      65536\n",
    "proc/meminfo": `MemTotal: 24684084 kB\nMemFree: ${24684084 - 3405200} kB\nHugePages_Total: 0\nHugepagesize: 2048 kB\n`,
    ...topology(0, 0, 0),
    "sys/devices/system/cpu/isolated": "\n",
    "sys/devices/system/cpu/cpu0/cache/index0/level": "1\n",
    "sys/devices/system/cpu/cpu0/cache/index0/type": "Data\n",
    "sys/devices/system/cpu/cpu0/cache/index0/size": "48K\n",
    "sys/devices/system/node/node0/meminfo": `Node 0 MemTotal:  24684084 kB\nNode 0 MemUsed:   ${9619849216 / 1024} kB\n`,
    "sys/devices/system/node/node0/memory0/online": "1\n",
    "sys/devices/system/memory/memory0/online": "1\n",
    "sys/devices/system/memory/memory1/online": "0\n",
    "sys/devices/system/memory/block_size_bytes": "600000000\n",
    ...pciFiles("0000:00:00.0", ["8086", "0d57", "0600"]),
    ...pciFiles("0000:00:02.0", ["1af4", "1042", "0180"]),
    ...pciFiles("0000:00:03.0", ["1af4", "1041", "0200"]),
    "sys/drivers/virtio-pci/x": "",
    "sys/devices/pci0000:00/0000:00:02.0/virtio1/block/vda/size": "536870912\n",
    "sys/devices/pci0000:00/0000:00:02.0/virtio1/block/vda/dev": "254:0\n",
    "sys/devices/pci0000:00/0000:00:02.0/virtio1/block/vda/queue/rotational": "1\n",
    "sys/block/x": "",
  };
  const links = {
    "sys/bus/pci/devices/0000:00:02.0/driver": "../../../../drivers/virtio-pci",
    "sys/bus/pci/devices/0000:00:03.0/driver": "../../../../drivers/virtio-pci",
    "sys/devices/pci0000:00/0000:00:02.0/virtio1/block/vda/device": "../..",
    "sys/block/vda": "../devices/pci0000:00/0000:00:02.0/virtio1/block/vda",
  };
  await withHost(
    files,
    (resources) =>
      assert.deepEqual(resources, { ...ofLxd, cpu: { ...ofLxd.cpu, architecture: resources.cpu.architecture } }),
    links,
  );
});

const pciIds =
  "# list\n1af4  Red Hat, Inc.\n\t1041  Virtio network device\n\t\t1af4 1041  sub\n10de  NVIDIA Corporation\n\t1eb8  TU104GL\n";

test("cards have their names, ports, virtual functions and nodes", async () => {
  const files = {
    "share/misc/pci.ids": pciIds,
    ...pciFiles("0000:01:00.0", ["1af4", "1041", "0200"]),
    ...pciFiles("0000:01:00.1", ["1af4", "1041", "0200"]),
    ...pciFiles("0000:02:00.0", ["10de", "1eb8", "0302"]),
    "sys/bus/pci/devices/0000:01:00.0/sriov_totalvfs": "8\n",
    "sys/bus/pci/devices/0000:01:00.0/sriov_numvfs": "1\n",
    "sys/bus/pci/devices/0000:02:00.0/mdev_supported_types/t-1/name": "T One\n",
    "sys/bus/pci/devices/0000:02:00.0/mdev_supported_types/t-1/available_instances": "2\n",
    "sys/bus/pci/devices/0000:02:00.0/mdev_supported_types/t-1/device_api": "vfio-pci\n",
    "sys/devices/0000:01:00.0/net/eth9/address": "00:11:22:33:44:55\n",
    "sys/devices/0000:01:00.0/net/eth9/speed": "10000\n",
    "sys/devices/0000:01:00.0/net/eth9/carrier": "1\n",
    "sys/devices/0000:01:00.0/net/eth9/duplex": "full\n",
    "sys/devices/0000:01:00.0/net/eth9/type": "1\n",
    "sys/devices/0000:02:00.0/drm/card1/dev": "226:1\n",
    "sys/class/net/x": "",
    "sys/class/drm/x": "",
  };
  const links = {
    "sys/bus/pci/devices/0000:01:00.1/physfn": "../0000:01:00.0",
    "sys/devices/0000:01:00.0/net/eth9/device": "../..",
    "sys/class/net/eth9": "../../devices/0000:01:00.0/net/eth9",
    "sys/devices/0000:02:00.0/drm/card1/device": "../..",
    "sys/class/drm/card1": "../../devices/0000:02:00.0/drm/card1",
  };
  await withHost(
    files,
    ({ network, gpu, pci }) => {
      const [card] = network?.cards ?? [];
      assert.equal(network?.cards?.length, 1);
      assert.equal(network?.total, 2);
      assert.equal(card?.vendor, "Red Hat, Inc.");
      assert.equal(card?.product, "Virtio network device");
      assert.deepEqual(card?.ports, [
        {
          id: "eth9",
          address: "00:11:22:33:44:55",
          port: 0,
          protocol: "ethernet",
          auto_negotiation: false,
          link_detected: true,
          link_speed: 10000,
          link_duplex: "full",
        },
      ]);
      assert.equal(card?.sriov?.current_vfs, 1);
      assert.deepEqual(
        card?.sriov?.vfs?.map(({ pci_address }) => pci_address),
        ["0000:01:00.1"],
      );
      const [screen] = gpu?.cards ?? [];
      assert.deepEqual(screen?.drm, { id: 1, card_name: "card1", card_device: "226:1" });
      assert.equal(screen?.product, "TU104GL");
      assert.deepEqual(Object.keys((screen?.mdev ?? {}) as object), ["t-1"]);
      assert.equal(pci?.total, 3);
    },
    links,
  );
});

test("the machine, its USB devices and what its cards say of themselves are read", async () => {
  const vpd = Buffer.concat([
    Buffer.from([0x82, 4, 0]),
    Buffer.from("Card"),
    Buffer.from([0x90, 10, 0]),
    Buffer.from("PN"),
    Buffer.from([3]),
    Buffer.from("A-1"),
    Buffer.from("RV"),
    Buffer.from([1, 0]),
    Buffer.from([0x78]),
  ]);
  const files = {
    "proc/cpuinfo": "processor : 0\nflags : fpu hypervisor sse\n\n",
    "proc/self/uid_map": "         0          0 4294967295\n",
    "sys/class/dmi/id/sys_vendor": "QEMU\n",
    "sys/class/dmi/id/product_name": "Standard PC\n",
    "sys/class/dmi/id/chassis_type": "1\n",
    "sys/class/dmi/id/bios_vendor": "SeaBIOS\n",
    ...pciFiles("0000:00:01.0", ["8086", "0d57", "0600"]),
    "sys/bus/pci/devices/0000:00:01.0/vpd": vpd,
    "sys/bus/usb/devices/usb1/busnum": "1\n",
    "sys/bus/usb/devices/1-2/busnum": "1\n",
    "sys/bus/usb/devices/1-2/devnum": "5\n",
    "sys/bus/usb/devices/1-2/idVendor": "0781\n",
    "sys/bus/usb/devices/1-2/idProduct": "5567\n",
    "sys/bus/usb/devices/1-2/product": "Cruzer Blade\n",
    "sys/bus/usb/devices/1-2/speed": "480\n",
    "sys/bus/usb/devices/1-2/1-2:1.0/bInterfaceClass": "08\n",
    "sys/bus/usb/devices/1-2/1-2:1.0/bInterfaceNumber": "00\n",
    "sys/bus/usb/devices/1-2/1-2:1.0/bInterfaceSubClass": "06\n",
  };
  await withHost(files, ({ system, usb, pci }) => {
    assert.equal(system?.type, "virtual-machine");
    assert.deepEqual(system?.firmware, { vendor: "SeaBIOS", date: "", version: "" });
    assert.equal(system?.chassis?.type, "Other");
    assert.deepEqual(usb?.devices, [
      {
        bus_address: 1,
        device_address: 5,
        interfaces: [
          {
            class: "Mass Storage",
            class_id: 8,
            driver: "",
            driver_version: "",
            number: 0,
            subclass: "",
            subclass_id: 6,
          },
        ],
        vendor: "",
        vendor_id: "0781",
        product: "Cruzer Blade",
        product_id: "5567",
        speed: 480,
      },
    ]);
    assert.deepEqual(pci?.devices?.[0]?.vpd, { product_name: "Card", entries: { PN: "A-1" } });
  });
});

test("a host that tells nonsense is told as far as it makes sense", async () => {
  const nonsense = "\u0000\u00ff nonsense\n";
  const names = [
    "proc/cpuinfo",
    "proc/meminfo",
    "proc/self/uid_map",
    "sys/devices/system/cpu/isolated",
    "sys/devices/system/cpu/cpu0/topology/core_id",
    "sys/devices/system/cpu/cpu0/cache/index0/size",
    "sys/devices/system/memory/block_size_bytes",
    "sys/devices/system/memory/memory0/online",
    "sys/devices/system/node/node0/meminfo",
    "sys/bus/pci/devices/0000:00:01.0/vendor",
    "sys/bus/pci/devices/0000:00:01.0/vpd",
    "sys/bus/pci/devices/0000:00:01.0/sriov_totalvfs",
    "sys/bus/usb/devices/1-2/busnum",
    "sys/block/sda/size",
    "sys/class/net/lo",
    "sys/class/drm",
    "sys/class/dmi/id/chassis_type",
    "dev/disk/by-id",
    "share/misc/pci.ids",
  ];
  await withHost(Object.fromEntries(names.map((name) => [name, nonsense])), (resources) => {
    assert.doesNotThrow(() => Resources.parse(JSON.parse(JSON.stringify(resources))));
  });
  await withHost({}, (resources) => {
    assert.doesNotThrow(() => Resources.parse(JSON.parse(JSON.stringify(resources))));
  });
});
