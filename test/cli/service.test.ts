/** The daemon as a service: what systemd is told, and what is said where there is no systemd. With systemd: test/vm. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { type ServiceOptions, unitsFor } from "../../cli/service/units";
import { containersUnit, daemonUnit } from "../../sdk/host/service";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";
import { runCli } from "./support/cli";

const options: ServiceOptions = {
  bothyd: "/opt/bothy/bin/bothyd",
  bothy: "/opt/bothy/bin/bothy",
  node: "/usr/bin/node",
  dir: "/var/lib/bothy",
  group: undefined,
  bare: false,
};

const textOf = (name: string, more: Partial<ServiceOptions> = {}) =>
  unitsFor({ ...options, ...more }).find((unit) => unit.name === name)?.text ?? "";

const line = (text: string, key: string) =>
  text
    .split("\n")
    .filter((each) => each.startsWith(`${key}=`))
    .map((each) => each.slice(key.length + 1));

test("the daemon's unit kills the daemon alone, delegates its group, and is spared when memory is short", () => {
  const text = textOf(daemonUnit);
  for (const [key, value] of Object.entries({
    Type: "notify",
    KillMode: "process",
    Delegate: "yes",
    OOMScoreAdjust: "-900",
    Restart: "on-failure",
    SELinuxContext: "-system_u:system_r:bothyd_t:s0",
    ExecStart: '"/opt/bothy/bin/bothyd" "--dir" "/var/lib/bothy"',
  }))
    assert.deepEqual(line(text, key), [value], key);
});

test("the containers' unit stops before the daemon's, and a restart of the daemon is none of it", () => {
  const text = textOf(containersUnit);
  assert.deepEqual(line(text, "After"), [daemonUnit]);
  assert.deepEqual(line(text, "ExecStop"), ['"/opt/bothy/bin/bothy" "daemon" "--shutdown" "--dir" "/var/lib/bothy"']);
  for (const key of ["Requires", "BindsTo", "PartOf"]) assert.deepEqual(line(text, key), [], key);
});

test("the group and bare reach the daemon, and the Node of a version manager is found", () => {
  const text = textOf(daemonUnit, { group: "bothy", bare: true, node: "/home/ann/.nvm/versions/node/v24/bin/node" });
  assert.deepEqual(line(text, "ExecStart"), [
    '"/opt/bothy/bin/bothyd" "--dir" "/var/lib/bothy" "--group" "bothy" "--bare"',
  ]);
  assert.match(
    line(text, "Environment")[0] ?? "",
    /^"PATH=\/home\/ann\/\.nvm\/versions\/node\/v24\/bin:\/usr\/local\/sbin:/,
  );
});

test("words that mean something to systemd are written so that they mean themselves", () => {
  const text = textOf(daemonUnit, { dir: '/srv/100%/a b/$HOME/"q"' });
  assert.deepEqual(line(text, "ExecStart"), ['"/opt/bothy/bin/bothyd" "--dir" "/srv/100%%/a b/$$HOME/\\"q\\""']);
});

test("without systemd the installation says so, and what to do instead", {
  skip: existsSync("/run/systemd/system") && "this machine has systemd",
}, async () => {
  for (const action of ["install", "uninstall"]) {
    const { code, stdout, stderr } = await runCli(["daemon", `--${action}`]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^Cannot .* this host was not booted with systemd\. .*SIGPWR/);
  }
  assert.ok(!existsSync(`/etc/systemd/system/${daemonUnit}`));
});

test("actions that do not go together are refused", async () => {
  for (const args of [
    ["--install", "--uninstall"],
    ["--install", "--logfile", "/x"],
  ]) {
    const { code, stderr } = await runCli(["daemon", ...args]);
    assert.equal(code, 2, stderr);
  }
});

const skip = requireFeature("root", process.getuid?.() === 0);

/** What the container's init wrote at its ends. */
async function endsOf({ client }: TestDaemon): Promise<string> {
  const file = await client.getFile("web", "/ends");
  assert.ok(file.type === "file");
  return text(file.body);
}

test(
  "a shutdown ends containers in order and then the daemon, and bothy daemon --shutdown needs none that runs",
  {
    skip,
  },
  (t) =>
    // Bare: the second time a daemon outside of the test's network namespace does it.
    withDaemon({}, async (daemon) => {
      const { client } = daemon;
      await preparePool(daemon, "dir");
      const bothy = async (...args: string[]) => {
        const { code, stdout, stderr } = await runCli(args, { env: { BOTHY_ENDPOINT: `unix://${daemon.socket}` } });
        assert.equal(code, 0, stderr);
        return stdout;
      };
      const runs = async () => assert.equal((await client.getInstance("web")).value.status, "Running");
      await bothy("launch", "template:busybox", "web");
      await client.putFile("web", "/etc/rc.shutdown", "#!/bin/sh\necho end >> /ends\n", { mode: 0o755 });
      await client.shutDown();
      await daemon.left();
      await daemon.start();
      await t.waitFor(runs, { interval: 50, timeout: 60_000 });
      assert.equal(await endsOf(daemon), "end\n");
      await daemon.stop("SIGTERM");
      const told = await bothy("daemon", "--shutdown", "--dir", daemon.dir);
      assert.equal(told, "Stopped all containers and the daemon.\n");
      await daemon.start();
      await t.waitFor(runs, { interval: 50, timeout: 60_000 });
      assert.equal(await endsOf(daemon), "end\nend\n");
    }),
);

test("with neither daemon nor container there is nothing to stop", async () => {
  const dir = mkdtempSync(path.join(tmpdir(), "bothy-service-"));
  try {
    const { code, stdout } = await runCli(["daemon", "--shutdown", "--dir", dir]);
    assert.equal(code, 0);
    assert.match(stdout, /^Nothing to stop/);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
