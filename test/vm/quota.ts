/**
 * Project quotas on the guest that BOTHY_VM_GUEST names: pools of the drivers dir and overlay on an ext4 and an xfs that have them, which takes a kernel with
 * quota formats. BOTHY_VM_ONLY chooses parts: ext4, xfs, or contract, the suite of sizes of storage drivers, which runs inside.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { testsDisk } from "../../scripts/vm/tests-disk";
import { buildGuest } from "../support/guest";
import { get, inside, onGuest, type Part, shows } from "./support";

type Machine = Parameters<Part>[1];

const MiB = 2 ** 20;

/** By emulation on a busy machine some of it takes minutes. */
const long = 900;

/** How a file system that has project quotas is made and mounted. */
const fileSystems = {
  ext4: { make: "mkfs.ext4 -q -O project,quota -E quotatype=prjquota", options: "loop,prjquota" },
  xfs: { make: "mkfs.xfs -q", options: "loop,prjquota" },
} as const;

type Type = keyof typeof fileSystems;

const mountPoint = (type: Type) => `/srv/${type}`;

const mounted = (machine: Machine, type: Type) => {
  const { make, options } = fileSystems[type];
  const point = mountPoint(type);
  return machine.must(
    `mkdir -p ${point}; truncate -s 1G ${point}.img; ${make} ${point}.img; mount -o ${options} ${point}.img ${point}`,
    long,
  );
};

interface Answer {
  readonly type: string;
  readonly operation?: string;
  readonly error?: string;
}

/** Sends a change, and waits for its operation. @returns why it failed, "" when it did not */
async function change(machine: Machine, method: string, url: string, body: object = {}): Promise<string> {
  const curl = "curl -sS --unix-socket /var/lib/bothy/unix.socket";
  const text = await machine.must(`${curl} -X ${method} -d '${JSON.stringify(body)}' http://bothy${url}`, long);
  const { type, operation, error } = JSON.parse(text) as Answer;
  if (type === "error") return error ?? "";
  if (type !== "async") return "";
  const ended = await machine.must(`${curl} http://bothy${operation}/wait`, long);
  return (JSON.parse(ended) as { metadata: { err: string } }).metadata.err;
}

async function must(machine: Machine, method: string, url: string, body: object = {}): Promise<void> {
  assert.equal(await change(machine, method, url, body), "", `${method} ${url}`);
}

/** What the file system says of a folder, by bothy-cell of the installed package. */
async function projectOf(machine: Machine, folder: string): Promise<{ project: number; own: boolean; limit: number }> {
  const cell = '"$(dirname "$(dirname "$(readlink -f "$(command -v bothy)")")")"/native/build/x86_64/bothy-cell';
  return JSON.parse(await machine.must(`${cell} project ${folder}`)) as {
    project: number;
    own: boolean;
    limit: number;
  };
}

/** Ids of ours of which the file system holds anything or a limit. */
async function idsInUse(machine: Machine, type: Type): Promise<string[]> {
  const report = await machine.must(`xfs_quota -f -x -c 'report -p -n -N -b' ${mountPoint(type)}`);
  const rows = report.split("\n").map((line) => line.trim().split(/\s+/));
  return rows
    .filter(([id = "", used, , hard]) => Number(id.slice(1)) >= 2 ** 30 && (used !== "0" || hard !== "0"))
    .map(([id = ""]) => id);
}

const fillUp = "dd if=/dev/zero of=/big bs=1M count=200 2>&1; sync; true";

async function life(t: Parameters<Part>[0], machine: Machine, type: Type, driver: "dir" | "overlay"): Promise<void> {
  const pool = `${type}-${driver}`;
  const name = `c-${pool}`;
  const folder = `${mountPoint(type)}/${driver}/containers/${name}`;
  const root = (size: string | undefined) => ({
    devices: { root: { type: "disk", path: "/", pool, ...(size && { size }) } },
  });
  const disk = async (of: string) => {
    const state = (await get(machine, `/1.0/instances/${of}/state`)) as {
      disk: { root?: { usage: number; total?: number } };
    };
    return state.disk.root ?? { usage: 0 };
  };
  const say = (title: string, show: () => Promise<void>) => shows(t, machine, `${pool}: ${title}`, show);

  await say("a root with a size gets a project, and no file system of its own", async () => {
    await machine.must(`mkdir ${mountPoint(type)}/${driver}`);
    const config = { source: `${mountPoint(type)}/${driver}` };
    await must(machine, "POST", "/1.0/storage-pools", { name: pool, driver, config });
    await machine.must(`bothy launch template:busybox ${name} --storage ${pool}`, long);
    await machine.must(`bothy stop ${name}`, long);
    assert.equal((await projectOf(machine, folder)).project, 0);
    await must(machine, "PATCH", `/1.0/instances/${name}`, root("32MiB"));
    const { own, limit } = await projectOf(machine, folder);
    assert.deepEqual([own, limit], [true, 32 * MiB]);
    await machine.must(`! test -e ${folder}/disk.img; bothy start ${name}`, long);
  });

  await say("df inside shows the size, and nothing more than that gets in", async () => {
    assert.equal(Number(await inside(machine, name, "df -k / | awk 'END { print $2 }'", long)), 32 * 1024);
    assert.match(await inside(machine, name, fillUp, long), /quota exceeded|No space left/i);
    const { usage, total } = await disk(name);
    assert.ok(total === 32 * MiB && usage <= 32 * MiB && usage > 24 * MiB, `${usage} of ${total}`);
  });

  await say("the size of a running container grows, and shrinks to what it holds", async () => {
    await must(machine, "PATCH", `/1.0/instances/${name}`, root("64MiB"));
    assert.equal(Number(await inside(machine, name, "df -k / | awk 'END { print $2 }'", long)), 64 * 1024);
    await inside(machine, name, "dd if=/dev/zero of=/more bs=1M count=20; sync", long);
    assert.match(await change(machine, "PATCH", `/1.0/instances/${name}`, root("16MiB")), /it holds \d+ bytes/);
    await inside(machine, name, "rm /big /more; sync", long);
    await must(machine, "PATCH", `/1.0/instances/${name}`, root("24MiB"));
    assert.equal((await disk(name)).total, 24 * MiB);
  });

  await say("root of an unprivileged container changes neither project nor what inherits it", async () => {
    await machine.must(
      `curl -sS --unix-socket /var/lib/bothy/unix.socket -H 'X-LXD-mode: 0755' --data-binary @/root/project 'http://bothy/1.0/instances/${name}/files?path=/project'`,
      long,
    );
    const said = await inside(machine, name, "/project /", long);
    const [before = "", ...rest] = said.split("\n");
    assert.match(before, /^before \d+ inherits$/);
    assert.equal(rest.at(-1), before.replace("before", "after"));
    for (const line of rest.slice(0, -1)) assert.doesNotMatch(line, / 0$/, said);
  });

  await say("a snapshot has no size, a restored root keeps its own, a copy has what it is given", async () => {
    await inside(machine, name, "echo then > /note; sync", long);
    await must(machine, "POST", `/1.0/instances/${name}/snapshots`, { name: "s" });
    assert.equal((await projectOf(machine, `${mountPoint(type)}/${driver}/containers-snapshots/${name}/s`)).project, 0);
    await machine.must(`bothy stop ${name}`, long);
    await must(machine, "PUT", `/1.0/instances/${name}`, { restore: "s" });
    assert.equal((await projectOf(machine, folder)).limit, 24 * MiB);
    await must(machine, "POST", "/1.0/instances", {
      name: `${name}-2`,
      source: { type: "copy", source: name },
      ...root("48MiB"),
    });
    const copy = await projectOf(machine, `${folder}-2`);
    assert.deepEqual([copy.own, copy.limit], [true, 48 * MiB]);
    assert.notEqual(copy.project, (await projectOf(machine, folder)).project);
    await machine.must(`bothy start ${name}`, long);
    assert.equal(await inside(machine, name, "cat /note", long), "then");
  });

  await say("a custom volume is bounded too, and keeps its project when it is renamed", async () => {
    const volumes = `/1.0/storage-pools/${pool}/volumes`;
    await must(machine, "POST", volumes, { name: "data", type: "custom", config: { size: "8MiB" } });
    await must(machine, "POST", `${volumes}/custom/data`, { name: "other" });
    const { own, limit } = await projectOf(machine, `${mountPoint(type)}/${driver}/custom/default_other`);
    assert.deepEqual([own, limit], [true, 8 * MiB]);
    await must(machine, "DELETE", `${volumes}/custom/other`);
  });

  await say("a size is taken away while the container runs; deleted, all ids are given back", async () => {
    await must(machine, "PATCH", `/1.0/instances/${name}`, root("0"));
    assert.equal((await projectOf(machine, folder)).limit, 0);
    assert.equal((await disk(name)).total, undefined);
    await must(machine, "PATCH", `/1.0/instances/${name}`, root("24MiB"));
    assert.ok((await idsInUse(machine, type)).length >= 2);
    await machine.must(`bothy stop ${name}; bothy delete ${name} ${name}-2`, long);
    assert.deepEqual(await idsInUse(machine, type), []);
  });
}

/** Brings the program by which containers try to change their project. */
async function prepare(machine: Machine): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-project-"));
  try {
    buildGuest("project", path.join(folder, "project"), "-s");
    const text = readFileSync(path.join(folder, "project")).toString("base64");
    await machine.must(`base64 -d > /root/project <<'END'\n${text}\nEND\nchmod 755 /root/project`, long);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const lives =
  (type: Type): Part =>
  async (t, machine) => {
    await prepare(machine);
    await machine.must("bothy daemon --install", long);
    await mounted(machine, type);
    for (const driver of ["overlay", "dir"] as const) await life(t, machine, type, driver);
  };

/** Without CAP_SYS_RESOURCE, since ext4 lets whoever has it write beyond a limit. */
const contract: Part = async (t, machine) => {
  await t.test("the contract of storage drivers holds for sizes by project quotas, inside", async (inner) => {
    await machine.must("mkdir -p /mnt/tests && mount -o ro LABEL=tests /mnt/tests");
    await machine.must(`findmnt ${mountPoint("ext4")} || true`);
    if ((await machine.run(`mountpoint ${mountPoint("ext4")}`)).code !== 0) await mounted(machine, "ext4");
    const words =
      "--disable-warning=ExperimentalWarning --test --test-reporter=spec --test-name-pattern='^(dir|overlay)\\b'";
    const { code, stdout, stderr } = await machine.run(
      `cd /mnt/tests && BOTHY_TEST_LONG=1 TMPDIR=${mountPoint("ext4")} setpriv --bounding-set=-sys_resource node ${words} dist/test/daemon/storage-pool-size.test.js`,
      2400,
    );
    inner.diagnostic(stdout);
    assert.equal(code, 0, `${stdout.slice(-20_000)}\n${stderr}`);
    assert.match(stdout, /^ℹ pass [1-9]/m, "something was tested");
  });
};

const only = process.env.BOTHY_VM_ONLY ?? "";
const parts = { ext4: lives("ext4"), xfs: lives("xfs"), contract };

onGuest(
  process.env.BOTHY_VM_GUEST,
  async () => ("contract".includes(only) ? [await testsDisk()] : []),
  Object.entries(parts).flatMap(([name, part]) => (name.includes(only) ? [part] : [])),
);
