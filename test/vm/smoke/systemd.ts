/** Smoke, systemd: a distribution's container, whose own systemd reaches `running`. */
import assert from "node:assert/strict";
import { inside, type Part, shows } from "../support";

const bootSeconds = 300;

export const systemd: Part = async (t, machine) => {
  await shows(t, machine, "an image of Debian with systemd is imported", async () => {
    await machine.must("mkdir -p /mnt/images && mount -o ro LABEL=images /mnt/images");
    const curl = "curl -sS --unix-socket /var/lib/bothy/unix.socket";
    await machine.must(
      `operation=$(${curl} -X POST -H 'Content-Type: application/octet-stream' --data-binary @/mnt/images/debian12.tar.zst http://bothy/1.0/images | grep -o '/1.0/operations/[0-9a-f-]*')
answer=$(${curl} "http://bothy$operation/wait"); echo "$answer" | grep -q '"status_code":200' || { echo "$answer" >&2; exit 1; }
echo "$answer" | grep -o '"fingerprint":"[0-9a-f]*"' | head -n 1 | cut -d '"' -f 4 > /root/fingerprint`,
      bootSeconds,
    );
  });

  await shows(t, machine, "its systemd reaches `running`, with no failed unit", async () => {
    await machine.must('bothy launch "$(cat /root/fingerprint)" debian -c limits.memory=512MiB', bootSeconds);
    const wait =
      "until [ -S /run/systemd/private ]; do sleep 0.5; done; systemctl is-system-running --wait; systemctl --failed --plain --no-legend";
    assert.equal(await inside(machine, "debian", wait, bootSeconds), "running");
    // Beside the top group, which systemd can hand the controllers of down only while no process is in it.
    assert.equal(await inside(machine, "debian", "cat /proc/self/cgroup"), "0::/.bothy");
  });

  await shows(t, machine, "its own DHCP client has an address of our network", async () => {
    await inside(machine, "debian", "until ip -4 -o addr show eth0 | grep -q inet; do sleep 0.5; done");
  });

  await shows(t, machine, "a service inside is limited by the controllers that were handed down", async () => {
    const script =
      "systemd-run --quiet --unit small -p MemoryMax=16M -p TasksMax=9 sleep 600; cd /sys/fs/cgroup/system.slice/small.service; cat memory.max pids.max";
    assert.equal(await inside(machine, "debian", script), "16777216\n9");
  });

  await shows(t, machine, "a stop is a power-off of its init", async () => {
    await machine.must("bothy stop debian", bootSeconds);
    await machine.must("bothy delete debian");
  });
};
