/** Smoke, containers: the package's main job on a host as people have it: doctor, service, launch, exec, limits, device rules. */
import assert from "node:assert/strict";
import type { Finding } from "../../../cli/doctor/finding";
import { change, get, inside, type Part, pidOf, shows, showsAtLength } from "../support";

/** A command and a daemon begin with it, each of which takes a while by emulation on a busy machine. */
const installSeconds = 300;

export const containers: Part = async (t, machine) => {
  await showsAtLength(t, machine, "doctor starts a container, enters it, and finds nothing missing", async () => {
    const findings = JSON.parse(await machine.must("bothy doctor --format json")) as Finding[];
    const bad = findings.filter(({ status, subject }) => status !== "ok" && !allowedOff.has(subject));
    assert.deepEqual(bad, []);
    assert.equal(findings.find(({ subject }) => subject === "AppArmor")?.found, "on");
    assert.equal(findings.find(({ subject }) => subject === "trial: container")?.status, "ok");
  });

  await showsAtLength(t, machine, "an ordinary user is told why no daemon starts, and nothing is touched", async () => {
    const { code, stdout, stderr } = await machine.run("setpriv --reuid ann --regid ann --clear-groups bothyd");
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /^bothyd: Cannot start the daemon: .*Have root run: apt-get install uidmap.*\n$/);
    await machine.must("! test -e /var/lib/bothy");
  });

  await shows(
    t,
    machine,
    "the installed service is up when the installation says so, and starts with the host",
    async () => {
      await machine.must("bothy daemon --install", installSeconds);
      assert.equal(await machine.must("systemctl is-active bothyd bothy-containers"), "active\nactive");
      assert.equal(await machine.must("systemctl is-enabled bothyd bothy-containers"), "enabled\nenabled");
      await get(machine, "/1.0");
    },
  );

  await shows(
    t,
    machine,
    "a first launch makes a pool of the driver overlay, and the container's root is one",
    async () => {
      const config = { "limits.memory": "64MiB", "limits.processes": "40" };
      const source = { type: "image", alias: "template:busybox" };
      await change(machine, "POST", "/1.0/instances", { name: "web", source, config });
      await change(machine, "PUT", "/1.0/instances/web/state", { action: "start" });
      const { driver } = (await get(machine, "/1.0/storage-pools/default")) as { driver: string };
      assert.equal(driver, "overlay");
      assert.match(await inside(machine, "web", "grep ' / ' /proc/mounts"), /^\S+ \/ overlay /m);
    },
  );

  await showsAtLength(t, machine, "a command runs in it: as its root, in its groups, with its exit code", async () => {
    assert.equal(await inside(machine, "web", "id -u; hostname; cat /proc/self/cgroup"), "0\nweb\n0::/");
    const { code, stdout, stderr } = await machine.run("echo in | bothy exec web -- sh -c 'cat; echo out >&2; exit 7'");
    assert.deepEqual([code, stdout, stderr], [7, "in\n", "out\n"]);
  });

  await shows(t, machine, "what it is made of and what enters it have its AppArmor profiles, enforced", async () => {
    const label = /^bothy-[0-9a-f]{8}-web\/\/&bothy\.unprivileged-[0-9a-f]{8} \(enforce\)$/;
    assert.match(await machine.must(`cat /proc/${await pidOf(machine, "web")}/attr/apparmor/current`), label);
    assert.match(await inside(machine, "web", "cat /proc/self/attr/apparmor/current"), label);
  });

  await shows(t, machine, "its limits are the kernel's, seen inside and outside", async () => {
    assert.equal(await inside(machine, "web", "cat /sys/fs/cgroup/memory.max /proc/self/cgroup"), "67108864\n0::/");
    // The limits sit on the group above the guest's own.
    const pid = await pidOf(machine, "web");
    const group = `/sys/fs/cgroup$(sed 's/^0:://' /proc/${pid}/cgroup)/..`;
    assert.equal(await machine.must(`cat ${group}/memory.max ${group}/pids.max`), "67108864\n40");
    assert.equal(
      await machine.must("cat /proc/$(systemctl show bothyd --property MainPID --value)/oom_score_adj"),
      "-900",
    );
    assert.equal(await inside(machine, "web", "cat /proc/1/oom_score_adj /proc/self/oom_score_adj"), "0\n0");
  });

  await shows(
    t,
    machine,
    "a process that takes more memory than its limit is killed, and the container goes on",
    async () => {
      assert.equal(await inside(machine, "web", "tail /dev/zero; echo $?"), "137");
    },
  );

  await showsAtLength(t, machine, "more processes than the limit cannot be made", async () => {
    assert.match(await inside(machine, "web", "(for i in $(seq 60); do sleep 5 & done) 2>&1; true"), /can't fork/);
    const group = `/sys/fs/cgroup$(sed 's/^0:://' /proc/${await pidOf(machine, "web")}/cgroup)`;
    await machine.must(`until [ $(cat ${group}/pids.current) -lt 9 ]; do sleep 0.5; done`);
  });

  await showsAtLength(t, machine, "an unprivileged container makes no device node of the host's disk", async () => {
    assert.match(await inside(machine, "web", "mknod /disk b 254 0 2>&1; head -c 1 /disk 2>&1; true"), /not permitted/);
    assert.equal(await inside(machine, "web", "head -c 1 /dev/zero | wc -c; echo x > /dev/null"), "1");
  });

  await showsAtLength(
    t,
    machine,
    "a privileged container makes one and cannot read it; its own devices work",
    async () => {
      await machine.must("bothy launch template:busybox root -c security.privileged=true");
      const numbers = await machine.must("stat -c '%Hr %Lr' /dev/vda");
      const said = await inside(machine, "root", `mknod /disk b ${numbers} 2>&1; head -c 1 /disk 2>&1; true`);
      assert.match(said, /not permitted/);
      assert.doesNotMatch(said, /^.$/m, "not one byte of it");
      assert.equal(await inside(machine, "root", "head -c 1 /dev/zero | wc -c; echo x > /dev/null"), "1");
      await machine.must("bothy delete --force root");
    },
  );

  await showsAtLength(t, machine, "a container is asked to stop, and does", async () => {
    await inside(
      machine,
      "web",
      "printf '#!/bin/sh\\necho in order >> /ends\\n' > /etc/rc.shutdown; chmod +x /etc/rc.shutdown",
    );
    await machine.must("bothy stop web && bothy start web");
    assert.equal(await inside(machine, "web", "cat /ends"), "in order");
  });
};

/** What doctor may find off: what comes later, the kernel's own default, and programs that these guests do without. */
const allowedOff = new Set(["daemon", "limit fs.inotify.max_user_instances", "program mmdebstrap", "program bzip2"]);
