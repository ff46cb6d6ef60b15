/** What bothyd does besides being the daemon: waitready, shutdown, activateifneeded and init --preseed. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import path from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { spread } from "../support/long";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";

const skip = requireFeature("root", process.getuid?.() === 0);
const program = path.resolve(
  __dirname,
  "../..",
  process.env.BOTHY_TEST_BUNDLE === "1" ? "bundle/bothyd/start.js" : "daemon/main.js",
);

interface Left {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

async function bothyd(daemon: TestDaemon, args: readonly string[], input = ""): Promise<Left> {
  const [command = "", ...rest] = args;
  const node = ["--disable-warning=ExperimentalWarning", program, command, "--dir", daemon.dir, ...rest];
  const child = spawn(process.execPath, node, { stdio: "pipe" });
  child.stdin.on("error", () => undefined).end(input);
  const closed = new Promise<number>((resolve) => child.once("close", (code) => resolve(code ?? -1)));
  const [out, error, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, out, error };
}

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "dir");
});
const init = (preseed: string) => bothyd(shared.daemon, ["init", "--preseed"], preseed);
const read = async (url: string) => (await shared.send("GET", url)).json.metadata as Record<string, unknown>;

const preseed = `
config:
  images.limits.depth: 150
  user.lab: yes
networks:
- name: lifebr0
  type: bridge
  config:
    ipv4.address: 10.99.88.1/24
    ipv4.nat: true
    ipv6.address: none
storage_pools:
- name: fast
  driver: dir
profiles:
- name: default
  description: everybody's
  devices:
    eth0:
      type: nic
      name: eth0
      network: lifebr0
- name: small
  config:
    limits.cpu: 1
projects:
- name: lab
  config:
    features.images: false
`;

test("init --preseed sets up what LXD's YAML says, and again changes nothing", async () => {
  for (let turn = 0; turn < 2; turn++) assert.deepEqual(await init(preseed), { code: 0, out: "", error: "" });
  const { config } = await read("/1.0");
  assert.deepEqual(config, { "images.limits.depth": "150", "user.lab": "yes" });
  const network = await read("/1.0/networks/lifebr0");
  assert.equal((network.config as Record<string, string>)["ipv4.address"], "10.99.88.1/24");
  assert.equal((await read("/1.0/storage-pools/fast")).driver, "dir");
  const profile = await read("/1.0/profiles/default");
  assert.equal(profile.description, "everybody's");
  assert.deepEqual(Object.keys(profile.devices as object).sort(), ["eth0", "root"], "what was there stays");
  assert.deepEqual((await read("/1.0/profiles/small")).config, { "limits.cpu": "1" });
  assert.equal(((await read("/1.0/projects/lab")).config as Record<string, string>)["features.images"], "false");
});

test("a preseed of which a part cannot be leaves all as it was", async () => {
  const seen = async () => [
    await read("/1.0/networks"),
    await read("/1.0/profiles?recursion=1"),
    (await read("/1.0")).config,
    await read("/1.0/projects"),
  ];
  const before = await seen();
  const broken = `
config: { user.lab: "no", core.https_address: "127.0.0.1:8555" }
networks: [{ name: lifebr1, type: bridge, config: { ipv4.address: 10.99.87.1/24, ipv6.address: none } }]
profiles:
- { name: small, config: { limits.cpu: "2" } }
- { name: large, config: { limits.nonsense: "1" } }
`;
  const { code, error } = await init(broken);
  assert.equal(code, 1);
  assert.match(error, /Unknown configuration key/i);
  assert.deepEqual(await seen(), before);
  assert.match(
    (await init("storage_pools: [{ name: fast, driver: btrfs }]")).error,
    /is of driver "dir" instead of "btrfs"/,
  );
});

test("a preseed that is none is refused before anything is done", async () => {
  for (const [given, message] of [
    ["a: [", /it is no YAML/],
    ["nonsense: 1", /[Uu]nrecognized key.*nonsense/],
    ["networks: [{ type: bridge }]", /networks\.0\.name/],
    ["cluster: { enabled: true }", /there is no cluster here/],
  ] as const) {
    const { code, error } = await init(given);
    assert.equal(code, 1, given);
    assert.match(error, message);
  }
  assert.match((await bothyd(shared.daemon, ["init"])).error, /--preseed/);
  assert.equal((await bothyd(shared.daemon, ["waitready", "--timeout", "x"])).code, 1);
});

test("waitready waits for a daemon, and activateifneeded says whether one is needed", async () => {
  const { daemon } = shared;
  assert.equal((await bothyd(daemon, ["waitready", "--timeout", "20"])).code, 0);
  assert.match((await bothyd(daemon, ["activateifneeded"])).out, /^No need to start the daemon now/);
  await daemon.stop();
  assert.match((await bothyd(daemon, ["activateifneeded", "--debug"])).out, /^No need to start the daemon now/);
  const late = await bothyd(daemon, ["waitready", "--timeout", "1"]);
  assert.equal(late.code, 1);
  assert.match(late.error, /still not running after 1s/);
  const waiting = bothyd(daemon, ["waitready"]);
  await daemon.start();
  assert.equal((await waiting).code, 0);
  const source = { type: "none" } as const;
  const create = { name: "auto", source, config: { "boot.autostart": "true" } };
  await (await daemon.client.createInstance(create)).wait();
  const why = "Daemon has auto-started instances, activating...\n";
  assert.deepEqual(await bothyd(daemon, ["activateifneeded"]), { code: 0, out: why, error: "" });
  await daemon.stop();
  // No service manager holds the socket here.
  const unreached = await bothyd(daemon, ["activateifneeded"]);
  assert.deepEqual([unreached.code, unreached.out], [1, why]);
  assert.match(unreached.error, /Cannot reach the daemon/);
  await daemon.start();
  await (await daemon.client.deleteInstance("auto")).wait();
});

test("activateifneeded says what waits for a daemon, whether it runs or not", async () => {
  const { daemon } = shared;
  const { client } = daemon;
  const found = async () => (await bothyd(daemon, ["activateifneeded"])).out.trim();
  const waiting = async (what: string, set: () => Promise<unknown>, unset: () => Promise<unknown>) => {
    await set();
    assert.equal(await found(), `Daemon has ${what}, activating...`);
    await daemon.stop();
    assert.equal(await found(), `Daemon has ${what}, activating...`);
    await daemon.start();
    await unset();
    assert.equal(await found(), "No need to start the daemon now");
  };
  const source = { type: "none" } as const;
  await (await client.createInstance({ name: "kept", source })).wait();
  const patch = (url: string, config: object) => daemon.request("PATCH", url, { config });
  const schedule = { "snapshots.schedule": "@yearly" };
  const never = { "snapshots.schedule": "" };
  const volume = "/1.0/storage-pools/default/volumes/custom/kept";
  await daemon.request("POST", "/1.0/storage-pools/default/volumes/custom", { name: "kept", config: {} });
  const rows: readonly [what: string, url: string, set: object, unset: object][] = [
    ["core.https_address set", "/1.0", { "core.https_address": "127.0.0.1:8557" }, { "core.https_address": "" }],
    ["scheduled instance snapshots", "/1.0/instances/kept", schedule, never],
    ["scheduled instance snapshots", "/1.0/profiles/default", schedule, never],
    ["auto-started instances", "/1.0/profiles/default", { "boot.autostart": "true" }, { "boot.autostart": "" }],
    ["scheduled volume snapshots", volume, schedule, never],
  ];
  for (const [what, url, set, unset] of spread(rows, 3))
    await waiting(
      what,
      () => patch(url, set),
      () => patch(url, unset),
    );
  await daemon.request("DELETE", volume);
  await (await client.deleteInstance("kept")).wait();
});

test("init --auto makes what is missing, and init --dump tells it in a form that init --preseed reads", { skip }, () =>
  withDaemon({}, async (daemon) => {
    const run = (...args: string[]) => bothyd(daemon, ["init", ...args]);
    for (const [args, message] of [
      [[], /--preseed.*--auto.*--dump/],
      [["--auto", "--dump"], /--preseed.*--auto.*--dump/],
      [["--dump", "--storage-pool", "x"], /--storage-pool is a flag of "init --auto"/],
      [["--auto", "--storage-pool", "x"], /may be used with the 'dir' backend/],
      [["--auto", "--trust-password", "x"], /--trust-password cannot be used without --network-address/],
      [["--auto", "--storage-backend", "btrfs", "--storage-create-loop", "few"], /whole gigabytes/],
    ] as const) {
      const refused = await run(...args);
      assert.equal(refused.code, 1, args.join(" "));
      assert.match(refused.error, message);
    }
    const address = ["--network-address", "127.0.0.1", "--network-port", "8558", "--trust-password", "test"];
    assert.deepEqual(await run("--auto", ...address), { code: 0, out: "", error: "" });
    const { devices } = (await daemon.client.getProfile("default")).value;
    const bridge = String(devices.eth0?.network);
    assert.match(bridge, /^lxdbr\d+$/);
    assert.deepEqual(devices.root, { type: "disk", path: "/", pool: "default" });
    assert.equal((await daemon.client.getStoragePool("default")).value.driver, "dir");
    const dumped = await run("--dump");
    assert.match(dumped.out, /^config:\n {2}core.https_address: 127.0.0.1:8558\n {2}core.trust_password: true\n/);
    assert.match(dumped.out, new RegExp(`\n {2}name: ${bridge}\n {2}type: bridge\n {2}project: default\n`));
    assert.deepEqual(await bothyd(daemon, ["init", "--preseed"], dumped.out), { code: 0, out: "", error: "" });
    assert.equal((await run("--dump")).out, dumped.out);
    assert.deepEqual(await run("--auto"), { code: 0, out: "", error: "" });
    assert.equal((await run("--dump")).out, dumped.out, "what is there stays");
    assert.match((await run("--auto", "--storage-backend", "dir")).error, /already been configured/);
  }),
);

test("shutdown waits for operations, and with --force for none", { skip }, () =>
  withDaemon({}, async (daemon) => {
    const { client } = daemon;
    await preparePool(daemon, "dir");
    const config = { "boot.autostart": "false" };
    const source = { type: "image", alias: "template:busybox" } as const;
    await (await client.createInstance({ name: "web", config, source })).wait();
    await (await client.setInstanceState("web", { action: "start" })).wait();
    const busy = await daemon.request("POST", "/1.0/instances/web/exec", { command: ["sleep", "600"] });
    assert.equal(busy.status, 202);
    const early = await bothyd(daemon, ["shutdown", "--timeout", "1"]);
    assert.equal(early.code, 1);
    assert.match(early.error, /still running after 1s/);
    assert.equal((await client.getInstance("web")).value.status, "Running");
    assert.equal((await bothyd(daemon, ["shutdown", "--force"])).code, 0);
    await daemon.left();
  }),
);

test("the help tells of all commands", async () => {
  const help = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, ["--disable-warning=ExperimentalWarning", program, "--help"], (error, out) =>
      error ? reject(error) : resolve(out),
    );
  });
  for (const word of ["waitready", "shutdown", "activateifneeded", "init --preseed"])
    assert.ok(help.includes(word), word);
});
