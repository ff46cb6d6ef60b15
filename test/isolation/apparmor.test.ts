/** AppArmor: what its profile keeps a container from, tried from inside; and the profile's own life. Needs a kernel that has AppArmor. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { parentGroupName } from "../../daemon/platform/host/cgroups";
import { preparePool } from "../support/daemon";
import { buildGuest } from "../support/guest";
import { needs } from "../support/needs";
import { shareDaemon } from "../support/shared-daemon";
import { labelledContainers } from "./labelled";

const skip = needs("root", "apparmor");
const policy = "/sys/kernel/security/apparmor";

const shared = skip ? undefined : shareDaemon({ bare: true }, (daemon) => preparePool(daemon, "overlay"));
const client = () => shared!.client;
const profileOf = (name: string) => `${parentGroupName(shared!.daemon.dir)}-${name}`;
/** The label of a process: its container's own profile, and the one that containers of its mode share. */
const labelFor = (name: string, mode = "unprivileged") =>
  new RegExp(`^${profileOf(name)}//&bothy\\.${mode}-[0-9a-f]{8}`);
const loaded = () => readFileSync(`${policy}/profiles`, "utf8");

const { act, having, inside, pidOf } = labelledContainers(client);
const labelOf = (pid: number): string => readFileSync(`/proc/${pid}/attr/apparmor/current`, "utf8").trim();

/** What AppArmor says: EACCES. Capabilities and user namespaces say EPERM, a mount that is read-only EROFS. busybox tries a refused mount again, read-only. */
const byAppArmor = /Permission denied|is write-protected, mounting read-only/;

/** A program that makes calls of 64 and of 32 bits. */
function makeNarrow(): Buffer {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-test-narrow-"));
  try {
    buildGuest("narrow", path.join(folder, "narrow"), "-fno-pie", "-no-pie");
    return readFileSync(path.join(folder, "narrow"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What calls gave inside, one after another in one process. */
async function calls(name: string, ...made: readonly string[]): Promise<string[]> {
  await client().putFile(name, "/bin/narrow", makeNarrow(), { mode: 0o755 });
  return (await inside(name, `narrow ${made.map((one) => `'${one.replaceAll(" ", "' '")}'`).join(" -- ")}`)).split(
    "\n",
  );
}

/** socket(2), the same by socketcall(2) of 32 bits, and locks of sockets: the pair that is made first has the numbers 3 and 4. */
const socketOf = (family: number) => `64 41 ${family} 2 0`;
const packedSocketOf = (family: number) => `32 102 1 [${family},5,0`;
const lockOfPair = ["64 53 1 2 0 @", "64 72 3 6 [1,0,0,0,0,0,0,0", "64 73 3 6"];
/** What the profile says, and what the filter. */
const [eacces, eafnosupport] = ["-13", "-97"];
const [alg, inet6] = [38, 10];

const kernelFiles = [
  "echo h > /proc/sysrq-trigger",
  "echo x > /proc/sys/kernel/core_pattern",
  "echo 1 > /proc/sys/vm/drop_caches",
  "head -c 1 /proc/kcore",
  "echo x > /proc/irq/default_smp_affinity",
];

const mounts = [
  "mount -t sysfs sysfs /mnt",
  "mount -o remount,rw /sys",
  "mount --bind /proc/sys /mnt",
  "mount --bind /proc /mnt",
  "mount -t proc proc /mnt",
];

test("the first process and one that is started later have the container's profile, enforced", { skip }, async () => {
  for (const [name, config, mode] of [
    ["plain", {}, "unprivileged"],
    ["root", { "security.privileged": "true" }, "privileged"],
    ["own", { "raw.lxc": "lxc.init.cmd = sleep 1000" }, "unprivileged"],
  ] as const)
    await having(name, config, async () => {
      const label = labelOf(await pidOf(name));
      assert.match(label, new RegExp(`${labelFor(name, mode).source} \\(enforce\\)$`));
      assert.equal(
        await inside(name, "cat /proc/self/attr/apparmor/current; cat /proc/1/attr/apparmor/current"),
        [label, label].join("\n"),
      );
    });
});

test("a privileged container reaches no file of the kernel, though its root is the host's", { skip }, () =>
  having("root", { "security.privileged": "true" }, async () => {
    for (const script of kernelFiles) assert.match(await inside("root", script), /Permission denied|Read-only/, script);
  }),
);

test("an unprivileged container reaches none of them either", { skip }, () =>
  having("plain", {}, async () => {
    for (const script of kernelFiles)
      assert.match(await inside("plain", script), /denied|not permitted|Read-only/, script);
    assert.equal(await inside("plain", "echo 4096 > /proc/sys/kernel/msgmni && echo set"), "set");
  }),
);

test("a privileged container mounts nothing by which it would reach files of the kernel", { skip }, () =>
  having("root", { "security.privileged": "true" }, async () => {
    for (const script of mounts) assert.match(await inside("root", `mkdir -p /mnt; ${script}`), byAppArmor, script);
  }),
);

test("no process in a container leaves one of its two profiles, nor enters another", { skip }, () =>
  having("root", { "security.privileged": "true" }, async () => {
    const [own = "", shared = ""] = labelOf(await pidOf("root"))
      .replace(/ \(.*/, "")
      .split("//&");
    for (const target of [own, shared, `${own}//&${shared}`, "unconfined"])
      assert.match(
        await inside("root", `echo 'changeprofile ${target}' > /proc/self/attr/apparmor/current`),
        byAppArmor,
        target,
      );
  }),
);

test("a process with another label can be neither read nor signalled from inside", { skip }, () =>
  having("root", { "security.privileged": "true" }, async () => {
    // What an administrator puts into its process namespace: root like the container's own.
    const stranger = spawn("nsenter", ["-t", String(await pidOf("root")), "-p", "-m", "sleep", "300"], {
      stdio: "ignore",
    });
    try {
      // Scripts of the boot may sleep as well.
      const find =
        "exec 2>/dev/null; for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline | grep -q '^sleep 300 ' && basename $p; done";
      let pid = "";
      for (let tries = 0; pid === "" && tries < 100; tries++) {
        pid = await inside("root", find);
        await delay(100);
      }
      assert.match(pid, /^\d+$/);
      assert.match(await inside("root", `cat /proc/${pid}/environ`), byAppArmor);
      assert.match(await inside("root", `kill -TERM ${pid}`), byAppArmor);
      assert.equal(stranger.exitCode, null);
      assert.equal(
        await inside("root", "sleep 100 & kill -TERM $!; cat /proc/$$/environ > /dev/null && echo own"),
        "own",
      );
    } finally {
      stranger.kill("SIGKILL");
    }
  }),
);

test("rules of raw.apparmor count, and such as are none are told before the container starts", { skip }, () =>
  having("ruled", { "raw.apparmor": "deny /etc/secret w,\ndeny capability sys_chroot," }, async () => {
    assert.match(await inside("ruled", "echo x > /etc/secret"), byAppArmor);
    assert.equal(await inside("ruled", "echo x > /etc/other && echo written"), "written");
    await act("ruled", "stop");
    await client().patchInstance("ruled", { config: { "raw.apparmor": "deny nonsense here" } });
    await assert.rejects(act("ruled", "start"), /Invalid value for "raw.apparmor": .*syntax error/i);
    await client().patchInstance("ruled", { config: { "raw.apparmor": "" } });
    await act("ruled", "start");
    assert.equal(await inside("ruled", "echo x > /etc/secret && echo written"), "written");
  }),
);

test("locks of sockets work in every mode, which the kernel refuses to who is judged on networks", {
  skip,
}, async () => {
  for (const key of ["security.privileged", "security.nesting", "user.plain"])
    await having("locks", { [key]: "true" }, async () => {
      const [pair = "", ...locks] = await calls("locks", ...lockOfPair);
      assert.match(pair, /^0 3 4 /);
      assert.deepEqual(locks, ["0", "0"], key);
    });
});

test("where the filter does not see what sockets are made the profile does", { skip }, async () => {
  await having("packed", { "security.syscalls.permit": "socketcall" }, async () => {
    assert.deepEqual(await calls("packed", packedSocketOf(alg), socketOf(alg)), [eacces, eafnosupport]);
    const [, ...locks] = await calls("packed", ...lockOfPair);
    assert.deepEqual(locks, [eacces, eacces]);
  });
  await having("open", { "security.syscalls.deny_default": "false" }, async () => {
    assert.deepEqual(await calls("open", socketOf(alg)), [eacces]);
  });
});

test("rules of raw.apparmor that speak of networks count", { skip }, () =>
  having("ruled", { "raw.apparmor": "deny network inet6," }, async () => {
    assert.deepEqual(await calls("ruled", socketOf(inet6), socketOf(2)), [eacces, "3"]);
  }),
);

test("lxc.apparmor.profile=unconfined starts a container without a profile", { skip }, () =>
  having("free", { "raw.lxc": "lxc.apparmor.profile=unconfined" }, async () => {
    assert.equal(labelOf(await pidOf("free")), "unconfined");
    assert.equal(await inside("free", "cat /proc/self/attr/apparmor/current"), "unconfined");
  }),
);

test("a nesting container has policy of its own below its profile, and makes containers", { skip }, () =>
  having("outer", { "security.nesting": "true" }, async () => {
    const profile = profileOf("outer");
    assert.match(
      labelOf(await pidOf("outer")),
      new RegExp(`${labelFor("outer", "unprivileged-nesting").source}//&:${profile}:unconfined`),
    );
    assert.ok(existsSync(`${policy}/policy/namespaces/${profile}`));
    assert.equal(await inside("outer", "cat /proc/self/attr/apparmor/current"), "unconfined");
    const script = "unshare -U -r -m -p -f sh -c 'mount -t proc proc /proc && mount -t tmpfs none /mnt && echo $$'";
    assert.equal(await inside("outer", `mkdir -p /mnt; ${script}`), "1");
    assert.match(await inside("outer", "echo h > /proc/sysrq-trigger"), /denied|Read-only/);
  }),
);

test("files of a running container are served below its profile", { skip }, () =>
  having("filed", { "raw.apparmor": "deny /etc/secret rw," }, async () => {
    await assert.rejects(client().getFile("filed", "/etc/secret"), /Not Found|denied/);
    await inside("filed", "ln -s /proc/sysrq-trigger /etc/link");
    await assert.rejects(client().putFile("filed", "/etc/secret", Buffer.from("x")), /denied/);
    await client().putFile("filed", "/etc/other", Buffer.from("x"));
    assert.equal(await inside("filed", "cat /etc/other"), "x");
  }),
);

test("a deleted container leaves neither profile nor namespace, and a restarted one keeps its own", {
  skip,
}, async () => {
  await having("gone", { "security.nesting": "true" }, async () => {
    await act("gone", "restart");
    assert.ok(loaded().includes(`${profileOf("gone")} (enforce)`));
  });
  assert.ok(!loaded().includes(profileOf("gone")));
  assert.ok(!readdirSync(`${policy}/policy/namespaces`).includes(profileOf("gone")));
  assert.deepEqual(readdirSync(`${shared!.daemon.dir}/apparmor/profiles`), []);
});
