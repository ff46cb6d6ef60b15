/** security.syscalls.intercept.bpf.devices: what programs for devices a guest has on groups of its own, and what it does not get by them. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { readCgroupLayout } from "../../daemon/platform/host/cgroups";
import type { Client, Devices } from "../../sdk/index";
import { preparePool, withDaemon } from "../support/daemon";
import { compileGuest } from "../support/guest";
import { needs } from "../support/needs";
import { until } from "../support/until";

const skip = needs("root", "cgroup-programs");
const folder = mkdtempSync(path.join(tmpdir(), "bothy-bpf-"));
const program = path.join(folder, "device-program");
const asked = { "security.syscalls.intercept.bpf": "true", "security.syscalls.intercept.bpf.devices": "true" };

before(() => {
  const source = path.resolve(__dirname, "../../../test/isolation/guest/device-program.c");
  if (skip === false) compileGuest(source, program, "-pthread");
});
after(() => rmSync(folder, { recursive: true }));

async function start(client: Client, name: string, config: Record<string, string>, devices: Devices = {}) {
  const source = { type: "image", alias: "template:busybox" };
  await (await client.createInstance({ name, source, config, devices })).wait();
  await (await client.setInstanceState(name, { action: "start" })).wait();
  await client.putFile(name, "/bin/device-program", readFileSync(program), { mode: 0o755 });
  return async (script: string, user = 0): Promise<string> => {
    const { stdout, stderr } = await client.execOutput(name, { command: ["sh", "-c", `{ ${script}; } 2>&1`], user });
    assert.equal(String(stderr), "");
    return String(stdout).trim();
  };
}

/** Where the guest finds groups of v2. */
const base = "base=/sys/fs/cgroup; [ -d $base/unified ] && base=$base/unified";
const [EPERM, EACCES, EFAULT, EINVAL] = [1, 13, 14, 22];

test("a guest's program takes devices away from a group of its own, until it is detached", { skip }, () =>
  withDaemon({ bare: true }, async (daemon) => {
    await preparePool(daemon, "dir");
    for (const [name, config] of [
      ["plain", {}],
      ["nesting", { "security.nesting": "true" }],
      ["strict", { "security.syscalls.profile": "strict" }],
    ] as const) {
      const inside = await start(daemon.client, name, { ...asked, ...config });
      const deny = `${base}; mkdir -p $base/own/deeper; device-program deny $base/own/deeper /dev/null`;
      assert.equal(await inside(deny), `0 ${EPERM} 0 0`, name);
      assert.equal(await inside("echo >/dev/null && echo still"), "still", "others go on as before");
    }
  }),
);

test(
  "it allows nothing that the container's rules deny, and its root group and others are not its to change",
  { skip },
  () =>
    withDaemon({ bare: true }, async (daemon) => {
      await preparePool(daemon, "dir");
      const inside = await start(daemon.client, "c", asked);
      await inside(`${base}; mkdir $base/own`);
      assert.equal(await inside(`${base}; device-program attach $base/own`), "0");
      // A node that unprivileged containers have no rule for: of the host's memory.
      assert.match(
        await inside(`${base}; echo 0 >$base/own/cgroup.procs; mknod /root/mem c 1 1; cat /root/mem`),
        /Operation not permitted[\s\S]*No such file/,
      );
      for (const other of ["$base", "$base/..", "/proc", "/root", "/sys/fs/cgroup/memory", "/nowhere"])
        assert.match(await inside(`${base}; device-program attach ${other}`), /^(1|9)$/, other);
    }),
);

test("a group of the host that is mounted inside stays as it is, wherever the guest mounts it", { skip }, () =>
  withDaemon({ bare: true }, async (daemon) => {
    await preparePool(daemon, "dir");
    const { v2 } = readCgroupLayout();
    const group = `bothy-other-${process.pid}`;
    mkdirSync(path.join(String(v2), group));
    try {
      const devices = { host: { type: "disk", source: String(v2), path: "/mnt/host" } };
      const inside = await start(daemon.client, "c", asked, devices);
      const attach = (place: string) => inside(`${base}; device-program attach ${place}`);
      assert.equal(await attach(`/mnt/host/${group}`), String(EPERM));
      await inside(`${base}; mkdir $base/own; mount --bind /mnt/host/${group} $base/own`);
      assert.equal(
        await attach("$base/own"),
        String(EPERM),
        "above where it is mounted lies the container's own group",
      );
      await inside(`${base}; umount $base/own`);
      assert.equal(await attach("$base/own"), "0");
    } finally {
      rmdirSync(path.join(String(v2), group));
    }
  }),
);

test("a program that does more than compare numbers is not loaded, nor one of another kind", { skip }, () =>
  withDaemon({ bare: true }, async (daemon) => {
    await preparePool(daemon, "dir");
    const inside = await start(daemon.client, "c", asked);
    assert.deepEqual(
      Object.fromEntries((await inside("device-program shapes")).split("\n").map((line) => line.split(" "))),
      {
        open_all: "0",
        no_null: "0",
        ...Object.fromEntries(
          "from_pointer pointer_and_number stack call map loop beyond no_answer no_end unreached perhaps_pointer"
            .split(" ")
            .map((name) => [name, String(EACCES)]),
        ),
        other_answer: String(EINVAL),
        socket_filter: String(EPERM),
        wild: String(EFAULT),
        map_create: String(EPERM),
      },
    );
    // Who has no capability gets nothing, and neither does the root of a namespace below.
    assert.equal(await inside("device-program attach /", 1000), String(EPERM));
    assert.equal(await inside("unshare -U -r device-program attach /"), String(EPERM));
    // What is asked for by one key alone is not there.
    const without = await start(daemon.client, "half", { "security.syscalls.intercept.bpf": "true" });
    assert.equal(await without("device-program attach /"), String(EPERM));
  }),
);

test("programs that a guest keeps are charged to its own memory", { skip }, () =>
  withDaemon({ bare: true }, async (daemon) => {
    await preparePool(daemon, "dir");
    const inside = await start(daemon.client, "c", { ...asked, "limits.memory": "64MiB" });
    const used = async () => (await daemon.client.getInstanceState("c")).memory.usage ?? 0;
    const before = await used();
    const kept = 400;
    await inside(`device-program many ${kept} >/tmp/kept 2>&1 </dev/null & :`);
    await until(async () => (await inside("cat /tmp/kept")) === String(kept));
    const withThem = await used();
    assert.ok(withThem - before >= kept * 4096, `${before} bytes, and with ${kept} programs ${withThem}`);
    await inside("killall device-program");
    await until(async () => (await used()) < withThem - (kept * 4096) / 2);
  }),
);
