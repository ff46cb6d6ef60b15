/** SELinux: what its policy keeps a container from that file permissions alone would allow, tried from inside. Needs a kernel that has SELinux, and selinux/bothy.cil in its policy. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { preparePool } from "../support/daemon";
import { needs } from "../support/needs";
import { shareDaemon } from "../support/shared-daemon";
import { labelledContainers } from "./labelled";

const skip = needs("root", "selinux");
const privileged = { "security.privileged": "true" };

const shared = skip ? undefined : shareDaemon({ bare: true }, (daemon) => preparePool(daemon, "overlay"));
const client = () => shared!.client;

const { having, inside, pidOf } = labelledContainers(client);
const labelOf = (pid: number | "self"): string => readFileSync(`/proc/${pid}/attr/current`, "utf8").replace("\0", "");
const rangeOf = (label: string): string => label.split(":").slice(3).join(":");

/** What SELinux says: EACCES. Capabilities and user namespaces say EPERM, a mount that is read-only EROFS. */
const byLabel = /Permission denied/;

function must(program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  assert.equal(status, 0, `${program} ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

/** What an administrator has in a folder: nothing that is labelled for containers. */
async function withHostFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-selinux-"));
  try {
    mkdirSync(path.join(folder, "inner"), { mode: 0o777 });
    writeFileSync(path.join(folder, "inner/file"), "the host's\n", { mode: 0o666 });
    must("chcon", "-R", "system_u:object_r:var_t:s0", folder);
    await work(path.join(folder, "inner"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs work beside a process that an administrator puts into a container's namespaces: root like the container's own, with a label of his choice. @param work gets its number inside */
async function withStranger(name: string, label: string, work: (pid: string) => Promise<void>): Promise<void> {
  const pid = await pidOf(name);
  // A program of the container's own: no other one has a type by which such a label is begun.
  const into = ["-t", String(pid), "-p", "runcon", label, `/proc/${pid}/root/bin/busybox`, "sleep", "300"];
  const stranger = spawn("nsenter", into, { stdio: ["ignore", "ignore", "inherit"] });
  const childOf = (parent: number) => readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim();
  try {
    let status = "";
    while (!status.startsWith("Name:\tbusybox")) {
      assert.equal(stranger.exitCode, null, "it is started");
      await delay(100);
      const child = childOf(stranger.pid!);
      if (child !== "") status = readFileSync(`/proc/${child}/status`, "utf8");
    }
    const [, inner = ""] = /^NSpid:.*\t(\d+)$/m.exec(status) ?? [];
    await work(inner);
    assert.equal(stranger.exitCode, null, "it lives");
  } finally {
    stranger.kill("SIGKILL");
  }
}

test("the policy is enforced", { skip }, () => {
  assert.equal(readFileSync("/sys/fs/selinux/enforce", "utf8"), "1");
});

test("the first process, what exec starts and our own reaper have the label of a container", { skip }, async () => {
  for (const [name, config, type] of [
    ["plain", {}, "bothy_container_t"],
    ["root", privileged, "bothy_privileged_t"],
    ["own", { "raw.lxc": "lxc.init.cmd = sleep 1000" }, "bothy_container_t"],
  ] as const)
    await having(name, config, async () => {
      const label = labelOf(await pidOf(name));
      assert.match(label, new RegExp(`^\\w+:\\w+:${type}:s0-s0:c\\d+,c\\d+$`));
      assert.equal(await inside(name, "cat /proc/self/attr/current /proc/1/attr/current"), `${label}\n${label}`);
    });
});

test("a process of another container can be neither read nor signalled", { skip }, () =>
  having("one", privileged, () =>
    having("two", privileged, async () => {
      const [one, two] = [labelOf(await pidOf("one")), labelOf(await pidOf("two"))];
      assert.notEqual(rangeOf(one), rangeOf(two));
      await withStranger("one", two, async (pid) => {
        assert.match(await inside("one", `cat /proc/${pid}/environ`), byLabel);
        assert.match(await inside("one", `kill -TERM ${pid}`), byLabel);
      });
      assert.equal(await inside("one", "sleep 9 & kill -TERM $!; cat /proc/$$/environ > /dev/null && echo own"), "own");
    }),
  ),
);

test("a process of the daemon's can be neither read nor signalled", { skip }, () =>
  having("one", privileged, () =>
    withStranger("one", labelOf("self"), async (pid) => {
      assert.match(await inside("one", `cat /proc/${pid}/environ`), byLabel);
      assert.match(await inside("one", `kill -TERM ${pid}`), byLabel);
    }),
  ),
);

test("a folder of the host is out of reach until its administrator labels it for containers", { skip }, () =>
  withHostFolder((source) =>
    having(
      "shared",
      privileged,
      async () => {
        assert.match(await inside("shared", "cat /mnt/file"), byLabel);
        assert.match(await inside("shared", "echo x > /mnt/new"), byLabel);
        await assert.rejects(client().getFile("shared", "/mnt/file"), /denied|Not Found|Forbidden/i);
        must("chcon", "-R", "system_u:object_r:bothy_container_file_t:s0", source);
        assert.equal(await inside("shared", "cat /mnt/file; echo x > /mnt/new && echo written"), "the host's\nwritten");
        assert.equal((await client().getFile("shared", "/mnt/file")).type, "file");
      },
      { data: { type: "disk", source, path: "/mnt" } },
    ),
  ),
);

test(
  "only nodes that the configuration gives can be opened, though device rules allow another of the same disk",
  { skip },
  () =>
    having(
      "disk",
      privileged,
      async () => {
        assert.equal(await inside("disk", "head -c 512 /dev/whole | wc -c"), "512");
        const [major, minor] = must("stat", "--format=%Hr %Lr", "/dev/vda").split(" ");
        assert.match(await inside("disk", `mknod /node b ${major} ${minor} && head -c 512 /node`), byLabel);
        assert.match(await inside("disk", "mknod /zero c 1 5 && head -c 1 /zero"), byLabel);
      },
      { whole: { type: "unix-block", source: "/dev/vda", path: "/dev/whole" } },
    ),
);

test("nothing of the kernel's is reached, by whatever mount", { skip }, () =>
  having("root", privileged, async () => {
    for (const script of [
      "mkdir -p /p && mount -t proc proc /p && echo h > /p/sysrq-trigger",
      "echo x > /p/sys/kernel/core_pattern",
      "echo 1 > /p/sys/vm/drop_caches",
      "head -c 1 /p/kcore",
      "mkdir -p /s && mount -t sysfs sysfs /s && echo 0 > /s/kernel/mm/ksm/run",
      "mkdir -p /d && mount -t debugfs debugfs /d",
      "mkdir -p /e && mount -t securityfs securityfs /e",
    ])
      assert.match(await inside("root", script), byLabel, script);
  }),
);

test("no process changes the policy, nor its own label", { skip }, () =>
  having("root", privileged, async () => {
    const label = labelOf(await pidOf("root"));
    for (const script of [
      "mkdir -p /x && mount -t selinuxfs selinuxfs /x",
      `echo ${labelOf("self")} > /proc/self/attr/exec`,
      `echo ${labelOf("self")} > /proc/self/attr/current`,
      `echo ${label.replace(/:c.*/, ":c0.c1023")} > /proc/self/attr/current`,
      "echo system_u:object_r:bothy_container_device_t:s0 > /proc/self/attr/fscreate",
    ])
      assert.match(await inside("root", script), byLabel, script);
  }),
);

test("what a machine does with its own is allowed: mounts, terminals, queues, sockets, a device that is plugged in", {
  skip,
}, async () => {
  for (const [name, config] of [
    ["plain", {}],
    ["root", privileged],
  ] as const)
    await having(name, config, async () => {
      const script = [
        "mkdir -p /t && mount -t tmpfs tmpfs /t && echo x > /t/file && chmod 700 /t/file && mkfifo /t/fifo",
        "mount --bind /t /mnt && umount /mnt && mount -o remount,ro,bind /t && umount /t",
        "ls /dev /dev/mqueue /dev/shm /sys/firmware /proc/acpi > /dev/null",
        "echo x > /dev/shm/file && cat /proc/meminfo /proc/sys/kernel/hostname > /dev/null",
        "ip link set lo up && ping -c 1 127.0.0.1 > /dev/null",
        "cp /bin/busybox /root/busybox && /root/busybox true && ln -s busybox /root/link && rm /root/link /root/busybox",
        "echo done",
      ].join(" && ");
      assert.equal(await inside(name, script), "done");
      await client().patchInstance(name, {
        devices: { more: { type: "unix-char", source: "/dev/zero", path: "/dev/more" } },
      });
      assert.equal(await inside(name, "head -c 3 /dev/more | wc -c"), "3");
    });
});

test("lxc.selinux.context gives a container another label, or none", { skip }, async () => {
  const context = `${labelOf("self").split(":").slice(0, 2).join(":")}:bothy_container_t:s0-s0:c7,c9`;
  await having("given", { "raw.lxc": `lxc.selinux.context = ${context}` }, async () => {
    assert.equal(labelOf(await pidOf("given")), context);
    assert.equal(await inside("given", "cat /proc/self/attr/current"), context);
  });
  await having("free", { "raw.lxc": "lxc.selinux.context = unconfined_t" }, async () => {
    assert.equal(labelOf(await pidOf("free")), labelOf("self"));
  });
});
