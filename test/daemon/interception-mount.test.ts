/** Mounts and schedulers that are answered from outside (security.syscalls.intercept.mount, .sched_setscheduler). */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import type { Config } from "../../sdk/api/common";
import { withDaemon } from "../support/daemon";
import { inside, launch } from "../support/intercepted";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);
const hasExt4 = readFileSync("/proc/filesystems", "utf8").includes("\text4\n");

/** Runs the work with a loop device that has an ext4 with a file of the host's root, by which an error would end the host. */
async function withExt4(work: (device: string) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(path.join(tmpdir(), "ext4-"));
  const [image, tree] = [path.join(dir, "image"), path.join(dir, "tree")];
  mkdirSync(tree);
  writeFileSync(path.join(tree, "hello"), "from the device\n");
  writeFileSync(image, "");
  truncateSync(image, 16 << 20);
  execFileSync("mkfs.ext4", ["-q", "-F", "-e", "panic", "-d", tree, image]);
  const device = execFileSync("losetup", ["--find", "--show", image]).toString().trim();
  try {
    await work(device);
  } finally {
    execFileSync("losetup", ["--detach", device]);
    rmSync(dir, { recursive: true });
  }
}

const mount: Config = {
  "security.syscalls.intercept.mount": "true",
  "security.syscalls.intercept.mount.allowed": "ext4",
  "security.syscalls.intercept.mount.shift": "true",
};
const [EPERM, ENOENT, ENODEV, EINVAL, ENOTBLK, ENOSYS, EACCES] = ["1", "2", "19", "22", "15", "38", "13"];

test(
  "a container mounts the file systems that its key lists, from its devices alone, and with its own ids",
  {
    skip: skip || requireFeature("ext4", hasExt4),
  },
  () =>
    withExt4((device) =>
      withDaemon({ bare: false }, async (daemon) => {
        await launch(daemon, "box", mount, { disk: { type: "unix-block", source: device, path: "/dev/disk" } });
        const see = (command: string, user?: number) => inside(daemon, "box", command, user);
        await see("mkdir -p /mnt/a /mnt/b");
        assert.equal(await see("mount -t ext4 /dev/disk /mnt/a; cat /mnt/a/hello"), "from the device");
        assert.equal(await see("touch /mnt/a/new; stat -c %u:%g /mnt/a/hello /mnt/a/new"), "0:0\n0:0");
        assert.match(await see("grep /mnt/a /proc/mounts"), / ext4 rw,nodev,relatime,.*errors=remount-ro|idmapped/);
        assert.doesNotMatch(await see("grep /mnt/a /proc/mounts"), /panic/);
        assert.equal(
          await see("umount /mnt/a && cd /mnt && mount -t ext4 -o ro,noexec ../dev/disk ./b && touch b/x"),
          "touch: b/x: Read-only file system",
        );
        assert.match(await see("grep /mnt/b /proc/mounts"), / ext4 ro,nodev,noexec/);
        assert.equal(await see("umount /mnt/b; ls /mnt/b"), "");
        const tries = async (words: string, user?: number) => see(`intercepted mount ${words}`, user);
        assert.equal(await tries("/dev/disk /mnt/a ext4 0 errors=panic"), EINVAL);
        assert.equal(await tries("/dev/disk /mnt/a ext4 0 journal_path=/dev/sda"), EINVAL);
        assert.equal(await tries("/dev/disk /mnt/a ext4 0x40 ''"), EINVAL);
        assert.equal(await tries("/dev/disk /mnt/a xfs 0 ''"), EPERM);
        assert.equal(await tries("/dev/null /mnt/a ext4 0 ''"), ENOTBLK);
        assert.equal(await tries("/root /mnt/a ext4 0 ''"), ENOTBLK);
        assert.equal(await tries("/dev/none /mnt/a ext4 0 ''"), ENOENT);
        assert.equal(await tries("/dev/disk /mnt/none ext4 0 ''"), ENOENT);
        assert.equal(await tries("/dev/disk /mnt/a ext4 0 ''", 1000), EPERM);
        // What is no new file system, or one that everybody may mount, is the kernel's.
        assert.equal(await tries("none /mnt/a tmpfs 0xc0ed0000 ''"), "0");
        assert.equal(await tries("/mnt/b /mnt/a none 0x1000 ''"), "0");
        assert.equal(await tries("none / none 0x40000 ''"), "0");
        assert.equal(await see("intercepted fsopen ext4; intercepted fsopen tmpfs"), `${ENOSYS}\n${ENOSYS}`);
      }),
    ),
);

test(
  "a device that a container has no more is not mounted for it",
  {
    skip: skip || requireFeature("ext4", hasExt4),
  },
  () =>
    withExt4((device) =>
      withDaemon({ bare: false }, async (daemon) => {
        await launch(daemon, "box", mount, { disk: { type: "unix-block", source: device, path: "/dev/disk" } });
        const see = (command: string) => inside(daemon, "box", command);
        // A node that stays where the rules of its device are gone.
        await see("touch /root/kept; mount -o bind /dev/disk /root/kept");
        assert.equal(await see("stat -c %F /root/kept"), "block special file");
        const { value } = await daemon.client.getInstance("box");
        await (await daemon.client.updateInstance("box", { ...value, devices: {} })).wait();
        assert.match(await see("intercepted mount /root/kept /mnt ext4 0 ''"), new RegExp(`^(${EPERM}|${EACCES})$`));
        assert.equal(await see("grep -c ext4.*/mnt /proc/mounts"), "0");
      }),
    ),
);

test("a container without the key, or with none of its lists, mounts no such file system", { skip }, () =>
  withDaemon({ bare: false }, async (daemon) => {
    await launch(daemon, "box", { "security.syscalls.intercept.mount": "true" });
    assert.match(
      await inside(daemon, "box", "intercepted mount none /mnt ext4 0 ''"),
      new RegExp(`^(${EPERM}|${ENODEV})$`),
    );
    assert.equal(await inside(daemon, "box", "intercepted fsopen tmpfs"), "0");
    for (const value of ["Ext4", "ext4,/dev/sda", "a b"])
      await assert.rejects(
        launch(daemon, "bad", { "security.syscalls.intercept.mount.allowed": value }),
        /names of file systems/,
        value,
      );
  }),
);

/** Real-time for the container's control groups: a kernel with CONFIG_RT_GROUP_SCHED gives a group of v1 none by itself. */
function allowRealTime(pid: number): void {
  const inner = /^\d+:(?:[^:]*,)?cpu(?:,[^:]*)?:(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[1] ?? "/";
  const names = inner.split("/").filter((name) => name !== "");
  for (const [index] of names.entries()) {
    const file = path.join("/sys/fs/cgroup/cpu", ...names.slice(0, index + 1), "cpu.rt_runtime_us");
    // What those below come to may not be more.
    if (existsSync(file)) writeFileSync(file, String(200_000 >> (3 * index)));
  }
}

test("a container that asks for it schedules its own processes as the host's root could, and no others", { skip }, () =>
  withDaemon({ bare: false }, async (daemon) => {
    const [other, fifo, roundRobin, idle] = [0, 1, 2, 5];
    const toIdleAndBack = `sleep 100 & intercepted schedule $! ${idle} 0; intercepted schedule $! ${other} 0; kill $!`;
    await launch(daemon, "plain", {});
    allowRealTime((await daemon.client.getInstanceState("plain")).pid);
    assert.equal(await inside(daemon, "plain", `intercepted schedule 0 ${fifo} 10`), "1 0");
    assert.equal(await inside(daemon, "plain", toIdleAndBack), "0 5\n1 5");
    await launch(daemon, "box", { "security.syscalls.intercept.sched_setscheduler": "true" });
    allowRealTime((await daemon.client.getInstanceState("box")).pid);
    const see = (command: string, user?: number) => inside(daemon, "box", command, user);
    assert.equal(await see(toIdleAndBack), "0 5\n0 0");
    assert.equal(await see(`intercepted schedule 0 ${fifo} 10`), `0 ${fifo}`);
    assert.equal(await see(`sleep 100 & intercepted schedule $! ${roundRobin} 5; kill $!`), `0 ${roundRobin}`);
    assert.equal(await see(`intercepted schedule 0 ${fifo} 100`), "22 0");
    assert.equal(await see(`intercepted schedule 99999 ${fifo} 1`), "3 -1");
    // A process of the host has no number in there.
    const here = process.pid;
    assert.match(await see(`intercepted schedule ${here} ${fifo} 1`), /^3 -1$/);
    assert.equal(await see(`intercepted schedule 0 ${fifo} 10`, 1000), "1 0");
    assert.equal(await see(`intercepted schedule 1 ${fifo} 10`, 1000), "1 0");
  }),
);
