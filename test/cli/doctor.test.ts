/** doctor says what the host has, what it lacks, and how to mend it. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { cellFindings } from "../../cli/doctor/cell";
import { cgroupFindings } from "../../cli/doctor/cgroups";
import { type Finding, isUsable } from "../../cli/doctor/finding";
import { type Host, readHost } from "../../cli/doctor/host";
import { kernelFindings } from "../../cli/doctor/kernel";
import { programFindings } from "../../cli/doctor/programs";
import { withFake } from "../sdk/support/fake-daemon";
import { requireFeature } from "../support/require";
import { runCli, startCli } from "./support/cli";

/** A host that lacks nothing, with changes. */
const hostWith = (more: Partial<Host>): Host => ({
  uid: 0,
  kernel: "6.1.0-18-amd64",
  capabilities: (1n << 41n) - 1n,
  namespaces: new Set(["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"]),
  fileSystems: new Set(["overlay", "btrfs"]),
  modules: new Set(),
  cgroups: { v1: new Map(), v2: "/sys/fs/cgroup", v2Controllers: new Set(["memory", "cpu", "cpuset", "pids"]) },
  readOnlyCgroups: [],
  securityModules: ["apparmor"],
  selinux: "absent",
  openFiles: 1048576,
  sysctl: (name) => (name === "kernel.seccomp.actions_avail" ? "kill errno user_notif allow" : "100000"),
  program: (name) => ({ path: `/usr/bin/${name}`, isStatic: true }),
  delegated: undefined,
  device: () => true,
  ...more,
});

const all = (host: Host): Finding[] => [...kernelFindings(host), ...cgroupFindings(host), ...programFindings(host)];
const of = (host: Host, subject: string) => all(host).find((finding) => finding.subject === subject);

test("a host that lacks nothing has only good findings and nothing to mend", () => {
  for (const finding of all(hostWith({}))) {
    assert.equal(finding.status, "ok", finding.subject);
    assert.equal(finding.remedy, undefined, finding.subject);
  }
});

test("a missing program switches its feature off and names its package", () => {
  const host = hostWith({ program: (name) => (name === "dnsmasq" ? undefined : { path: name, isStatic: true }) });
  assert.deepEqual(of(host, "program dnsmasq"), {
    subject: "program dnsmasq",
    status: "off",
    found: "not on PATH",
    effect: "networks: DHCP and DNS",
    remedy: "Run: apt-get install dnsmasq-base",
  });
  assert.ok(isUsable(all(host)));
});

test("a busybox that needs libraries does not do", () => {
  const host = hostWith({ program: (name) => ({ path: `/bin/${name}`, isStatic: false }) });
  const finding = of(host, "program busybox");
  assert.deepEqual([finding?.status, finding?.found], ["off", "/bin/busybox is not static"]);
});

test("without apt-get the remedy names the package only", () => {
  const finding = of(hostWith({ program: () => undefined }), "program nft");
  assert.equal(finding?.remedy, "Install the package nftables");
});

test("an old kernel or a missing namespace means no containers at all", () => {
  assert.ok(!isUsable(all(hostWith({ kernel: "5.4.0" }))));
  assert.ok(!isUsable(all(hostWith({ namespaces: new Set(["user"]) }))));
  assert.equal(of(hostWith({ kernel: "5.12.0" }), "kernel")?.status, "ok");
});

test("a missing capability or security module is said, and is not an obstacle", () => {
  const host = hostWith({ capabilities: ((1n << 41n) - 1n) & ~(1n << 24n), securityModules: [] });
  assert.equal(of(host, "CAP_SYS_RESOURCE")?.status, "off");
  assert.equal(of(host, "AppArmor")?.status, "off");
  assert.equal(of(host, "program apparmor_parser"), undefined, "nobody wants it there");
  assert.ok(isUsable(all(host)));
});

test("where SELinux is on instead of AppArmor, its policy has to know containers", () => {
  const without = hostWith({ securityModules: ["selinux"], selinux: "unknown" });
  assert.equal(of(without, "AppArmor")?.status, "off");
  assert.equal(of(without, "SELinux")?.found, "on, without the module of Bothy");
  assert.match(of(without, "SELinux")?.remedy ?? "", /semodule --install \/.*\/selinux\/bothy\.cil/);
  const known = hostWith({ securityModules: ["selinux"], selinux: "known" });
  for (const subject of ["AppArmor", "SELinux"]) assert.equal(of(known, subject)?.status, "ok", subject);
});

test("root without what the daemon needs of its power, and control groups that are read-only, mean no containers", () => {
  const weak = hostWith({ capabilities: ((1n << 41n) - 1n) & ~(1n << 21n) });
  assert.equal(of(weak, "capabilities")?.found, "without CAP_SYS_ADMIN");
  assert.ok(!isUsable(all(weak)));
  const ordinary = hostWith({ capabilities: 0n, uid: 1000 });
  assert.ok(isUsable(all(ordinary)), "the daemon may be root's");
  const fixed = hostWith({ readOnlyCgroups: ["/sys/fs/cgroup"] });
  assert.equal(of(fixed, "cgroups")?.status, "missing");
});

test("a file system that its first mount would load is not a lack", () => {
  const loadable = hostWith({ fileSystems: new Set(), modules: new Set(["overlay"]) });
  assert.equal(of(loadable, "file system overlay")?.status, "ok");
  assert.equal(of(loadable, "file system btrfs")?.status, "off");
});

test("a low limit comes with the command that raises it", () => {
  const sysctl = (name: string) => (name === "fs.inotify.max_user_instances" ? "128" : "100000 errno");
  const finding = of(hostWith({ sysctl }), "limit fs.inotify.max_user_instances");
  assert.deepEqual([finding?.status, finding?.found], ["off", "128"]);
  assert.equal(finding?.remedy, "Run: sysctl -w fs.inotify.max_user_instances=512");
});

test("limits come from whichever version of cgroups has the controller", () => {
  const hybrid = hostWith({
    cgroups: {
      v1: new Map([["memory", "/sys/fs/cgroup/memory"]]),
      v2: "/sys/fs/cgroup/unified",
      v2Controllers: new Set(["pids"]),
    },
  });
  assert.equal(of(hybrid, "cgroups")?.found, "hybrid: v1 and v2 at /sys/fs/cgroup/unified");
  assert.equal(of(hybrid, "cgroup memory")?.found, "v1 at /sys/fs/cgroup/memory");
  assert.equal(of(hybrid, "cgroup pids")?.found, "v2 at /sys/fs/cgroup/unified");
  assert.equal(of(hybrid, "cgroup cpu")?.status, "off");
  assert.equal(of(hybrid, "cgroup freezer")?.status, "ok");
  const none = hostWith({ cgroups: { v1: new Map(), v2: undefined, v2Controllers: new Set() } });
  assert.equal(of(none, "cgroups")?.status, "off");
});

test("the host's own facts can be read", () => {
  const host = readHost();
  assert.match(host.kernel, /^\d+\.\d+/);
  assert.ok(host.namespaces.has("mnt"));
  assert.ok(host.openFiles > 0);
  assert.equal(host.program("sh")?.path.endsWith("/sh"), true);
  assert.equal(host.program("no-such-program"), undefined);
});

test("a bothy-cell that is not built is missing and says how to build it", async () => {
  const [finding] = await cellFindings("/", "/nowhere/bothy-cell");
  assert.equal(finding?.status, "missing");
  assert.match(finding?.remedy ?? "", /make -C .*native$/);
});

/** Runs a check with an executable in place of bothy-cell. */
async function withCell(script: string, check: (file: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-doctor-"));
  const file = path.join(folder, "bothy-cell");
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  try {
    await check(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const probing = (probe: object) => `test "$1" = probe && echo '${JSON.stringify(probe)}'`;

test("a bothy-cell that does not run here is missing", () =>
  withCell("echo 'cannot run here' >&2; exit 1", async (file) => {
    const [finding] = await cellFindings("/", file);
    assert.equal(finding?.status, "missing");
    assert.match(finding?.found ?? "", /cannot run here/);
  }));

test("what the kernel refused to bothy-cell is off, or missing when every container needs it", () =>
  withCell(probing({ uid: 0, openat2: false, bridge: false, veth: true, cgroup: { kill: false } }), async (file) => {
    const findings = await cellFindings("/", file);
    assert.deepEqual(
      findings.map(({ subject, status }) => [subject, status]),
      [
        ["bothy-cell", "ok"],
        ["trial: openat2", "missing"],
        ["trial: veth", "ok"],
        ["trial: bridge", "off"],
        ["trial: cgroup.kill", "off"],
      ],
    );
    assert.match(findings[3]?.remedy ?? "", /modprobe bridge/);
  }));

test("what is refused to an ordinary user is not a verdict on the host", () =>
  withCell(probing({ uid: 1000, networkNamespaces: false }), async (file) => {
    const findings = await cellFindings("/", file);
    assert.equal(findings[1]?.status, "unknown");
    assert.ok(isUsable(findings));
  }));

/** What of a trial could be left: files beside the state folder, daemons, and their control groups. */
function leftovers(folder: string): string[] {
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => readFileOr(`/proc/${pid}/cmdline`).includes(folder));
  return [...readdirSync(folder), ...processes];
}

function readFileOr(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // The process has ended meanwhile.
    return "";
  }
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-doctor-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const needsRoot = requireFeature("root", process.getuid?.() === 0);

test("doctor starts a real container and enters it, and nothing of it is left", { skip: needsRoot }, () =>
  withFolder(async (folder) => {
    const env = { BOTHY_DIR: path.join(folder, "state") };
    const { code, stdout } = await runCli(["doctor", "-f", "json"], { env });
    const findings = JSON.parse(stdout) as Finding[];
    assert.deepEqual(
      findings.filter(({ status }) => status === "missing"),
      [],
    );
    const trial = findings.find(({ subject }) => subject === "trial: container");
    assert.deepEqual([trial?.status, trial?.found], ["ok", "started and entered"]);
    assert.equal(code, 0);
    assert.deepEqual(leftovers(folder), []);
  }),
);

test("where no container can start, the trial says why, and the exit code is 1", { skip: needsRoot }, () =>
  withFolder(async (folder) => {
    const env = { BOTHY_DIR: path.join(folder, "state") };
    // A limit of the kernel that nothing else here reads: an unprivileged container needs one more.
    const prefix = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"];
    const { code, stdout } = await runCli(["doctor", "-f", "json"], {
      env,
      prefix: [...prefix, 'echo 0 > /proc/sys/user/max_pid_namespaces && exec "$@"', "sh"],
    });
    const trial = (JSON.parse(stdout) as Finding[]).find(({ subject }) => subject === "trial: container");
    assert.equal(trial?.status, "missing");
    assert.notEqual(trial?.found, "");
    assert.equal(code, 1);
    assert.deepEqual(leftovers(folder), []);
  }),
);

test("a doctor that is interrupted leaves nothing either", { skip: needsRoot }, () =>
  withFolder(async (folder) => {
    const env = { BOTHY_DIR: path.join(folder, "state") };
    const run = startCli(["doctor"], { env });
    const begun = new Promise<void>((resolve) => {
      const watcher = watch(folder, (_, name) => {
        if (name?.startsWith(".bothy-doctor-") !== true) return;
        watcher.close();
        resolve();
      });
    });
    await begun;
    run.child.kill("SIGINT");
    const { code, stderr } = await run.result;
    assert.deepEqual([code, stderr], [1, "Interrupted.\n"]);
    assert.deepEqual(leftovers(folder), []);
  }),
);

test("doctor works without a daemon and says how to start one", async () => {
  const { stdout } = await runCli(["doctor", "--format", "json"], { env: { BOTHY_DIR: "/nowhere" } });
  const findings = JSON.parse(stdout) as Finding[];
  const daemon = findings.find(({ subject }) => subject === "daemon");
  assert.equal(daemon?.found, "nobody listens at /nowhere/unix.socket");
  assert.match(daemon?.remedy ?? "", /bothy daemon/);
});

test("doctor tells which daemon listens, and fails only when something needed is missing", () =>
  withFake(async (fake) => {
    fake.sync("GET /1.0", {
      api_extensions: [],
      api_status: "stable",
      api_version: "1.0",
      auth: "trusted",
      public: false,
      auth_methods: ["tls"],
      environment: {
        server: "lxd",
        server_version: "5.0.2",
        server_name: "host",
        server_pid: 1,
        architectures: ["x86_64"],
        driver: "lxc",
        kernel_version: "6.1",
        storage: "overlay",
      },
    });
    const env = { BOTHY_ENDPOINT: `unix://${fake.socketPath}` };
    const json = await runCli(["doctor", "-f", "json"], { env });
    const findings = JSON.parse(json.stdout) as Finding[];
    assert.match(findings[0]?.found ?? "", /^lxd 5\.0\.2 at .*, storage overlay$/);
    assert.equal(json.code, isUsable(findings) ? 0 : 1);
    const table = await runCli(["doctor"], { env });
    assert.equal(table.code, json.code);
    assert.match(table.stdout, /^STATUS +SUBJECT +NEEDED FOR +FOUND\n/);
  }));
