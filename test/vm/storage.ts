/** Sizes and limits of disks on the guest that BOTHY_VM_GUEST names: what needs a host's own root, and control groups of version 2 alone. */
import assert from "node:assert/strict";
import { get, inside, onGuest, type Part, pidOf, shows } from "./support";

interface State {
  readonly disk: { readonly root: { readonly usage: number; readonly total?: number } };
}

const MiB = 2 ** 20;

const storage: Part = async (t, machine) => {
  /** By emulation on a busy machine some of it takes minutes. */
  const long = 900;
  const must = (script: string) => machine.must(script, long);
  const curl = "curl -sS --unix-socket /var/lib/bothy/unix.socket";
  const totalOf = async (name: string) =>
    ((await get(machine, `/1.0/instances/${name}/state`)) as State).disk.root.total ?? 0;
  /** Sends a change of the root disk. @returns what the answer says */
  const setRoot = (name: string, options: string) =>
    must(
      `${curl} -X PATCH -d '{"devices":{"root":{"type":"disk","path":"/","pool":"default",${options}}}}' http://bothy/1.0/instances/${name}`,
    );

  await shows(t, machine, "a container with a size starts, and is enlarged while it runs", async () => {
    await must("bothy daemon --install");
    await must("bothy launch template:busybox web");
    await must("bothy stop web");
    assert.match(await setRoot("web", '"size":"64MiB"'), /"error_code":0/);
    await must("bothy start web");
    const before = await totalOf("web");
    assert.ok(before > 48 * MiB && before <= 64 * MiB, String(before));
    assert.match(await setRoot("web", '"size":"256MiB"'), /"error_code":0/);
    const after = await totalOf("web");
    assert.ok(after > 200 * MiB && after <= 256 * MiB, String(after));
    assert.equal(
      Math.round(Number(await inside(machine, "web", "df -k / | awk 'END { print $2 }'", long)) / 1024),
      Math.round(after / MiB),
    );
    assert.match(
      await inside(machine, "web", "dd if=/dev/zero of=/big bs=1M count=300 2>&1; true", long),
      /No space left/,
    );
    await inside(machine, "web", "rm /big", long);
  });

  await shows(t, machine, "the limits of its disk are those of its control group", async () => {
    assert.match(
      await setRoot("web", '"size":"256MiB","limits.read":"10MB","limits.write":"50iops"'),
      /"error_code":0/,
    );
    const group = `/sys/fs/cgroup$(sed 's/^0:://' /proc/${await pidOf(machine, "web")}/cgroup)/..`;
    const lines = (await must(`cat ${group}/io.max`)).split("\n").sort();
    // The loop device of its own file system, and the disk of the image below it.
    assert.equal(lines.length, 2, String(lines));
    for (const line of lines) assert.match(line, /^\d+:0 rbps=10000000 wbps=max riops=max wiops=50$/);
    assert.match(lines.join(), /\b7:\d/);
    assert.match(await setRoot("web", '"size":"256MiB"'), /"error_code":0/);
    assert.equal(await must(`cat ${group}/io.max`), "");
  });
};

onGuest(process.env.BOTHY_VM_GUEST, async () => [], [storage]);
