/** Verbs on containers: what they ask of the daemon and what they show. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type FakeDaemon, until, withFake } from "../sdk/support/fake-daemon";
import { runCli, startCli } from "./support/cli";

const time = "2026-01-01T00:00:00Z";
const instance = (name: string, status: string, more: object = {}) => ({
  name,
  status,
  status_code: status === "Running" ? 103 : 102,
  description: "",
  type: "container",
  architecture: "x86_64",
  config: { "image.description": "busybox" },
  devices: {},
  expanded_config: {},
  expanded_devices: {},
  profiles: ["default"],
  ephemeral: false,
  stateful: false,
  created_at: time,
  last_used_at: time,
  state: null,
  snapshots: null,
  backups: null,
  ...more,
});

const counters = { bytes_received: 0, bytes_sent: 0 };
const state = {
  status: "Running",
  status_code: 103,
  pid: 7,
  processes: 2,
  cpu: { usage: 1.5e9 },
  memory: { usage: 3 * 2 ** 20, usage_peak: 0, swap_usage: 0, swap_usage_peak: 0 },
  disk: null,
  network: {
    eth0: {
      addresses: [
        { family: "inet", address: "10.1.2.3", netmask: "24", scope: "global" },
        { family: "inet6", address: "fe80::1", netmask: "64", scope: "link" },
      ],
      counters,
      hwaddr: "",
      host_name: "veth1",
      mtu: 1500,
      state: "up",
      type: "broadcast",
    },
    lo: {
      addresses: [{ family: "inet", address: "127.0.0.1", netmask: "8", scope: "local" }],
      counters,
      hwaddr: "",
      host_name: "",
      mtu: 65536,
      state: "up",
      type: "loopback",
    },
  },
};

/** Lets every operation that starts succeed at once. */
function succeeds(daemon: FakeDaemon, key: string, id: string, more: object = {}): unknown[] {
  const bodies: unknown[] = [];
  daemon.starts(key, id);
  const answer = daemon.handlers.get(key)!;
  daemon.on(key, (seen, response) => {
    bodies.push(seen.body.length === 0 ? undefined : JSON.parse(String(seen.body)));
    void answer(seen, response);
    daemon.tell(daemon.operation(id, "Success", more));
  });
  return bodies;
}

const at = (daemon: FakeDaemon) => ({ env: { BOTHY_ENDPOINT: `unix://${daemon.socketPath}` } });

test("list shows name, status and address as a table without colours when piped", () =>
  withFake(async (daemon) => {
    daemon.sync("GET /1.0/instances", [instance("db", "Stopped"), instance("web", "Running", { state })]);
    const { code, stdout, stderr } = await runCli(["list"], at(daemon));
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal(
      stdout,
      [
        "NAME  STATUS   IPV4      PROFILES  SNAPSHOTS  IMAGE",
        "db    Stopped  -         default   0          busybox",
        "web   Running  10.1.2.3  default   0          busybox",
        "",
      ].join("\n"),
    );
  }));

test("list as JSON is the data of the API, filtered by name", () =>
  withFake(async (daemon) => {
    daemon.sync("GET /1.0/instances", [instance("db", "Stopped"), instance("web", "Running")]);
    const { stdout } = await runCli(["list", "we", "--format", "json"], at(daemon));
    assert.deepEqual(
      JSON.parse(stdout).map((row: { name: string }) => row.name),
      ["web"],
    );
    assert.equal((await runCli(["list", "none", "-f", "json"], at(daemon))).stdout, "[]\n");
  }));

test("control characters in a name from elsewhere do not reach the terminal", () =>
  withFake(async (daemon) => {
    daemon.sync("GET /1.0/instances", [instance("web\x1b[31m\nx", "Running")]);
    const { stdout } = await runCli(["list"], at(daemon));
    assert.ok(!stdout.includes("\x1b"));
    assert.match(stdout, /web\\x1b\[31m x/);
  }));

test("a terminal gets colours, and NO_COLOR takes them away", () =>
  withFake(async (daemon) => {
    daemon.sync("GET /1.0/instances", [instance("web", "Running")]);
    const { env } = at(daemon);
    const coloured = await runCli(["list"], { env: { ...env, TERM: "xterm" }, isTerminal: true });
    assert.match(coloured.stdout, /\x1b\[32mRunning/);
    const plain = await runCli(["list"], { env: { ...env, NO_COLOR: "1" }, isTerminal: true });
    assert.doesNotMatch(plain.stdout, /\x1b\[32m/);
  }));

test("info shows a running container's figures", () =>
  withFake(async (daemon) => {
    daemon.sync("GET /1.0/instances/web", instance("web", "Running", { state }));
    const { stdout } = await runCli(["info", "web"], at(daemon));
    assert.match(stdout, /^Memory: +3\.0 MiB$/m);
    assert.match(stdout, /^IPv4: +10\.1\.2\.3$/m);
  }));

test("launch makes the container with its options and starts it", () =>
  withFake(async (daemon) => {
    const [posts, puts] = [
      succeeds(daemon, "POST /1.0/instances", "make"),
      succeeds(daemon, "PUT /1.0/instances/web/state", "start"),
    ];
    const options = ["-p", "default", "-p", "small", "--config", "user.a=b=c", "--network", "lab", "--storage", "fast"];
    const { code, stdout } = await runCli(["launch", "template:busybox", "web", ...options, "-e"], at(daemon));
    assert.deepEqual([code, stdout], [0, "Launched web\n"]);
    const [post] = posts as Record<string, unknown>[];
    assert.deepEqual(post?.source, { type: "image", alias: "template:busybox" });
    assert.deepEqual(post?.profiles, ["default", "small"]);
    assert.deepEqual(post?.config, { "user.a": "b=c" });
    assert.deepEqual(post?.devices, {
      eth0: { type: "nic", name: "eth0", network: "lab" },
      root: { type: "disk", path: "/", pool: "fast" },
    });
    assert.equal(post?.ephemeral, true);
    assert.equal((puts[0] as { action: string }).action, "start");
  }));

test("launch without a name starts what the daemon named, and shows the daemon's warnings", () =>
  withFake(async (daemon) => {
    const warned = { resources: { instances: ["/1.0/instances/kind-otter"] }, metadata: { warnings: ["no nodes"] } };
    const posts = succeeds(daemon, "POST /1.0/instances", "make", warned);
    succeeds(daemon, "PUT /1.0/instances/kind-otter/state", "start");
    const { stdout, stderr } = await runCli(["launch", "0123456789abcdef"], at(daemon));
    assert.equal(stdout, "Launched kind-otter\n");
    assert.equal(stderr, "Warning: no nodes\n");
    assert.deepEqual((posts[0] as { source: unknown }).source, { type: "image", fingerprint: "0123456789abcdef" });
  }));

test("launch says when the container was made but did not start", () =>
  withFake(async (daemon) => {
    succeeds(daemon, "POST /1.0/instances", "make");
    const { code, stderr } = await runCli(["launch", "template:busybox", "web"], at(daemon));
    assert.equal(code, 1);
    assert.match(stderr, /Container "web" was made but did not start\. "bothy delete web" removes it\.\nnot found\n/);
  }));

test("a wrong name is refused with its rule", () =>
  withFake(async (daemon) => {
    const { code, stderr } = await runCli(["launch", "template:busybox", "-p", "x", "--", "-web"], at(daemon));
    assert.equal(code, 1);
    assert.match(stderr, /Invalid instance name: /);
  }));

test("stop passes its time-out and force on", () =>
  withFake(async (daemon) => {
    const puts = succeeds(daemon, "PUT /1.0/instances/web/state", "stop");
    const { stdout } = await runCli(["stop", "web", "--timeout", "5"], at(daemon));
    assert.equal(stdout, "Stopped web\n");
    await runCli(["stop", "--force", "web"], at(daemon));
    assert.deepEqual(puts, [
      { action: "stop", timeout: 5, force: false, stateful: false },
      { action: "stop", timeout: -1, force: true, stateful: false },
    ]);
  }));

test("a failed operation shows the daemon's text and exits with 1", () =>
  withFake(async (daemon) => {
    daemon.starts("PUT /1.0/instances/web/state", "stop");
    const run = startCli(["stop", "web"], at(daemon));
    await until(() => daemon.requests.includes("GET /1.0/operations/stop"));
    daemon.tell(daemon.operation("stop", "Failure", { err: "The instance is already stopped" }));
    assert.deepEqual(await run.result, { code: 1, stdout: "", stderr: "The instance is already stopped\n" });
  }));

test("what takes longer than a second is shown on standard error with its progress", () =>
  withFake(async (daemon) => {
    daemon.starts("PUT /1.0/instances/web/state", "stop", { work_progress: "waiting for init" });
    const run = startCli(["stop", "web"], at(daemon));
    await new Promise<void>((resolve) => run.child.stderr?.once("data", () => resolve()));
    daemon.tell(daemon.operation("stop", "Success"));
    const { code, stdout, stderr } = await run.result;
    assert.deepEqual([code, stdout, stderr], [0, "Stopped web\n", "Stopping web: waiting for init\n"]);
  }));

test("a running container is deleted only by force, which stops it first", () =>
  withFake(async (daemon) => {
    daemon.sync("GET /1.0/instances/web", instance("web", "Running"));
    const refused = await runCli(["delete", "web"], at(daemon));
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /Cannot delete container "web": it is running\. Stop it first, or use --force\./);
    const puts = succeeds(daemon, "PUT /1.0/instances/web/state", "stop");
    const deletes = succeeds(daemon, "DELETE /1.0/instances/web", "delete");
    const { code, stdout } = await runCli(["delete", "--force", "web"], at(daemon));
    assert.deepEqual([code, stdout], [0, "Deleted web\n"]);
    assert.deepEqual([puts.length, deletes.length], [1, 1]);
    assert.equal((puts[0] as { force: boolean }).force, true);
  }));

test("an ephemeral container is gone once force has stopped it", () =>
  withFake(async (daemon) => {
    daemon.sync("GET /1.0/instances/web", instance("web", "Running", { ephemeral: true }));
    succeeds(daemon, "PUT /1.0/instances/web/state", "stop");
    assert.equal((await runCli(["delete", "--force", "web"], at(daemon))).code, 0);
    assert.ok(!daemon.requests.includes("DELETE /1.0/instances/web"));
  }));
