/** GET /1.0/resources, against a made-up host and against this one. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir, totalmem } from "node:os";
import path from "node:path";
import { test } from "node:test";
import type { ApiRequest } from "../../../daemon/http/route";
import { resourcesRoutes } from "../../../daemon/kinds/resources/routes";
import { readResources } from "../../../daemon/kinds/resources/service";
import { Resources } from "../../../sdk/api/resources";

/** A host as a folder: path to content. */
async function withHost(files: Record<string, string>, work: (resources: Resources) => void): Promise<void> {
  const root = mkdtempSync(path.join(tmpdir(), "bothy-resources-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
      writeFileSync(path.join(root, name), text);
    }
    work(await readResources({ proc: path.join(root, "proc"), sys: path.join(root, "sys") }));
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
        cores: [
          {
            core: 0,
            frequency: 3100,
            threads: [
              { id: 0, thread: 0, online: true, numa_node: 0 },
              { id: 1, thread: 1, online: true, numa_node: 0 },
            ],
          },
        ],
      },
      {
        socket: 1,
        name: "Test CPU @ 2GHz: fast",
        vendor: "TestVendor",
        cores: [
          {
            core: 0,
            frequency: 2000,
            threads: [
              { id: 2, thread: 0, online: true, numa_node: 1 },
              { id: 3, thread: 1, online: false, numa_node: 0 },
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
  assert.equal(memory.total, totalBytes);
  assert.ok(memory.total >= totalmem() && memory.used > 0 && memory.used < memory.total);
});
