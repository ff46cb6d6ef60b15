/** Holes that LXD and Incus had in what a client may ask for: the same is asked of bothyd (holes.ts has the whole list). */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { after, test } from "node:test";
import { parse, stringify } from "yaml";
import { preparePool } from "../support/daemon";
import { listenAt, makeIdentity, Network, trust } from "../support/https";
import { shareDaemon } from "../support/shared-daemon";

const lab = makeIdentity("lab");
const stranger = makeIdentity("stranger");
let network: Network | undefined;
// Before the daemon's own hook, which looks whether anything is left.
after(() => network?.[Symbol.asyncDispose]());

const shared = shareDaemon({}, async (daemon) => {
  const { client } = daemon;
  await preparePool(daemon, "dir");
  await listenAt(daemon);
  const config = { "features.images": "true", "features.profiles": "true", restricted: "true" };
  const allowed = { "restricted.snapshots": "allow", "restricted.backups": "allow" };
  await client.createProject({ name: "lab", config: { ...config, ...allowed } });
  const root = { devices: { root: { type: "disk", path: "/", pool: "default" } } };
  await daemon.request("PATCH", "/1.0/profiles/default?project=lab", root);
  await trust(daemon, lab, { restricted: true, projects: ["lab"] });
  await (await client.createInstance({ name: "free", source: { type: "image", alias: "template:busybox" } })).wait();
  await (await client.createSnapshot("free", { name: "s0" })).wait();
  network = await Network.to(daemon);
});

const send = (method: string, target: string, body?: object, who: typeof lab | "nobody" = lab) => {
  assert.ok(network !== undefined, "the network is there from the first test on");
  return network.send(who === "nobody" ? undefined : who, method, target, body);
};

/** A backup of the instance that no project restricts, unpacked anew each time. @returns the folder with its `backup` in it */
async function unpackedBackup(): Promise<string> {
  const folder = path.join(shared.daemon.dir, "unpacked");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  backup ??= exported();
  execFileSync("tar", ["-xf", await backup, "-C", folder]);
  return folder;
}

let backup: Promise<string> | undefined;

async function exported(): Promise<string> {
  const { client, daemon } = shared;
  await (await client.createBackup("free", { name: "out", compression_algorithm: "none" })).wait();
  const file = path.join(daemon.dir, "free.tar");
  await pipeline(await client.exportBackup("free", "out"), createWriteStream(file));
  await (await client.deleteBackup("free", "out")).wait();
  return file;
}

/** Imports what lies in the folder into the restricted project. @returns what came of it: an error, or "" */
async function importInto(folder: string, name: string): Promise<string> {
  const { daemon } = shared;
  const file = path.join(daemon.dir, "packed.tar");
  execFileSync("tar", ["-cf", file, "-C", folder, "backup"]);
  const out = await daemon.run(
    "curl",
    ...["-sS", "--unix-socket", daemon.socket, "-X", "POST", "-H", "Content-Type: application/octet-stream"],
    ...["-H", `X-LXD-name: ${name}`, "--data-binary", `@${file}`, "http://bothy/1.0/instances?project=lab"],
  );
  const { operation, error } = JSON.parse(out) as { operation: string; error: string };
  if (operation === "") return error;
  const { body } = await daemon.request("GET", `${operation}/wait`);
  return (body as { metadata: { err: string } }).metadata.err;
}

interface Described {
  config: Record<string, string> | null;
}
/** What index.yaml has below `config`, and what backup.yaml is. */
interface Whole {
  container: Described;
  snapshots: (Described & { name: string })[];
}

/** Changes one description of a backup. */
function describe(file: string, change: (whole: Whole) => void): void {
  const document = parse(readFileSync(file, "utf8")) as Whole & { config?: Whole };
  change(document.config ?? document);
  writeFileSync(file, stringify(document));
}

const makePrivileged = (of: Described | undefined) => {
  assert.ok(of !== undefined, "the backup tells of it");
  of.config = { ...of.config, "security.privileged": "true" };
};

async function isPrivileged(name: string): Promise<boolean | undefined> {
  const { body } = await shared.daemon.request("GET", `/1.0/instances/${name}?project=lab`);
  const { metadata } = body as { metadata?: Described | null };
  return metadata?.config === undefined ? undefined : metadata.config?.["security.privileged"] === "true";
}

test("a backup whose second description breaks the project's rules makes no such instance", async () => {
  const folder = await unpackedBackup();
  describe(path.join(folder, "backup/container/backup.yaml"), ({ container }) => makePrivileged(container));
  assert.equal(await importInto(folder, "smuggled"), "", "the first description is what counts");
  assert.equal(await isPrivileged("smuggled"), false);
  describe(path.join(folder, "backup/index.yaml"), ({ container }) => makePrivileged(container));
  assert.match(await importInto(folder, "open"), /Privileged containers are forbidden/);
  assert.equal(await isPrivileged("open"), undefined, "nothing is made");
});

test("a snapshot that came with a backup and breaks the project's rules is not restored, nor made an instance", async () => {
  const folder = await unpackedBackup();
  for (const file of ["index.yaml", "container/backup.yaml"])
    describe(path.join(folder, "backup", file), ({ snapshots }) => makePrivileged(snapshots[0]));
  const error = await importInto(folder, "patient");
  if (error !== "") return assert.match(error, /Privileged containers are forbidden/);
  const restored = await shared.outcome("PUT", "/1.0/instances/patient?project=lab", { restore: "s0" });
  assert.match(restored.error, /Privileged containers are forbidden/);
  assert.equal(await isPrivileged("patient"), false);
  const source = { type: "copy", source: "patient/s0" };
  const copied = await shared.outcome("POST", "/1.0/instances?project=lab", { name: "copied", source });
  assert.match(copied.error, /Privileged containers are forbidden/);
  assert.equal(await isPrivileged("copied"), undefined);
});

test("a backup whose descriptions lack parts or name others than there are is refused, and the daemon goes on", async () => {
  const spoil: readonly [string, (whole: Record<string, unknown>) => void][] = [
    ["without its config", (whole) => Reflect.deleteProperty(whole, "config")],
    ["with an empty config", (whole) => Object.assign(whole, { config: {} })],
    ["with a config of null", (whole) => Object.assign(whole, { config: null })],
    ["with snapshots that nothing describes", (whole) => Object.assign(whole, { snapshots: ["s0", "s1", "s2"] })],
    ["with snapshots out of their folder", (whole) => Object.assign(whole, { snapshots: ["../../s0"] })],
    ["that is a list", () => undefined],
  ];
  for (const [index, [what, change]] of spoil.entries()) {
    const folder = await unpackedBackup();
    const file = path.join(folder, "backup/index.yaml");
    const whole = parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    change(whole);
    writeFileSync(file, stringify(what === "that is a list" ? [whole] : whole));
    // Old backups have no copy of the description in their index: the other one is taken then.
    rmSync(path.join(folder, "backup/container/backup.yaml"));
    const error = await importInto(folder, `spoilt-${index}`);
    if (what.startsWith("with snapshots")) {
      assert.equal(error, "", `${what}: what is described is there`);
      const { json } = await shared.send("GET", `/1.0/instances/spoilt-${index}/snapshots?project=lab`);
      assert.ok((json.metadata as string[]).length <= 1, what);
      continue;
    }
    assert.match(error, /Cannot import backup/, what);
    assert.equal(await isPrivileged(`spoilt-${index}`), undefined, what);
  }
});

test("a restricted client does not make itself more than it is, by any way of changing its certificate", async () => {
  const own = `/1.0/certificates/${lab.fingerprint}`;
  for (const change of [
    { type: "server" },
    { type: "metrics" },
    { restricted: false },
    { projects: ["lab", "default"] },
    { type: "client", restricted: false, projects: [] },
  ])
    for (const method of ["PUT", "PATCH"]) {
      const whole = { name: "lab", type: "client", restricted: true, projects: ["lab"] };
      const { status } = await send(method, own, method === "PUT" ? { ...whole, ...change } : change);
      assert.ok([400, 403].includes(status), `${method} ${JSON.stringify(change)}: ${status}`);
    }
  const { body } = await shared.daemon.request("GET", own);
  const { type, restricted, projects } = (body as { metadata: Record<string, unknown> }).metadata;
  assert.deepEqual({ type, restricted, projects }, { type: "client", restricted: true, projects: ["lab"] });
  assert.equal((await send("POST", "/1.0/certificates", { type: "client", token: true, name: "x" })).status, 403);
});

test("a compression algorithm is a name, and never a command", async () => {
  const made = path.join(shared.daemon.dir, "made-by-a-command");
  for (const algorithm of [
    `sh -c "touch ${made}"`,
    `gzip; touch ${made}`,
    `$(touch ${made})`,
    `gzip -9 > ${made}`,
    "../bin/sh",
  ]) {
    const backup = await shared.outcome("POST", "/1.0/instances/free/backups", {
      name: "b",
      compression_algorithm: algorithm,
    });
    assert.equal(backup.status, 400, algorithm);
    const source = { type: "instance", name: "free" };
    const image = await shared.outcome("POST", "/1.0/images", { source, compression_algorithm: algorithm });
    assert.equal(image.status, 400, algorithm);
    for (const key of ["images.compression_algorithm", "backups.compression_algorithm"]) {
      const { status } = await shared.send("PATCH", "/1.0", { config: { [key]: algorithm } });
      assert.equal(status, 400, `${key}=${algorithm}`);
    }
  }
  assert.ok(!existsSync(made));
});

test("whether a project is there is not told to strangers, whatever they ask with", async () => {
  const paths = (project: string) => [
    `/1.0/images?project=${project}`,
    `/1.0/images/%25?project=${project}`,
    `/1.0/images/%25/export?project=${project}&secret=x`,
    `/1.0/images/_/export?project=${project}`,
    `/1.0/images/aliases/x?project=${project}`,
    `/1.0/instances?project=${project}`,
    `/1.0/projects/${project}`,
  ];
  for (const who of ["nobody", stranger] as const) {
    const there = await Promise.all(paths("lab").map((target) => send("GET", target, undefined, who)));
    const absent = await Promise.all(paths("nope").map((target) => send("GET", target, undefined, who)));
    for (const [index, { status, json }] of there.entries())
      assert.deepEqual([status, json], [absent[index]?.status, absent[index]?.json], paths("lab")[index]);
  }
});

test("a pattern of snapshots' names and a template of a file reads nothing of the host", async () => {
  const secret = path.join(shared.daemon.dir, "secret");
  writeFileSync(secret, "of-the-host");
  const tricks = [
    `{% include "${secret}" %}`,
    `{% import "${secret}" x %}`,
    `{{ "${secret}"|read }}`,
    `{% ssi "${secret}" %}`,
    `{% extends "${secret}" %}`,
  ];
  for (const [index, trick] of tricks.entries()) {
    await shared.send("PATCH", "/1.0/instances/free", { config: { "snapshots.pattern": trick } });
    await shared.outcome("POST", "/1.0/instances/free/snapshots", {});
    const { json } = await shared.send("GET", "/1.0/instances/free/snapshots");
    assert.doesNotMatch(JSON.stringify(json), /of-the-host/, trick);
    const file = `/1.0/instances/free/metadata/templates?path=t${index}.tpl`;
    const { status } = await shared.send("POST", file, trick);
    if (status !== 200) continue;
    const templates = {
      [`/root/t${index}`]: { when: ["start"], template: `t${index}.tpl`, create_only: false, properties: {} },
    };
    await shared.send("PATCH", "/1.0/instances/free/metadata", { templates });
    await shared.outcome("PUT", "/1.0/instances/free/state", { action: "start" });
    const { text } = await shared.send("GET", `/1.0/instances/free/files?path=/root/t${index}`);
    assert.doesNotMatch(text, /of-the-host/, trick);
    await shared.outcome("PUT", "/1.0/instances/free/state", { action: "stop", force: true });
    await shared.send("PATCH", "/1.0/instances/free/metadata", { templates: {} });
  }
  await shared.send("PATCH", "/1.0/instances/free", { config: { "snapshots.pattern": "" } });
});

test("a log, a backup, a template and an exec's record are files of their folder, and no path leads out of it", async () => {
  for (const name of ["..%2f..%2fsecret", "%2e%2e%2f%2e%2e%2fsecret", "..%5csecret", "lxc.log%00", ".", "%2e%2e"])
    for (const target of [
      `/1.0/instances/free/logs/${name}`,
      `/1.0/instances/free/logs/exec-output/${name}`,
      `/1.0/instances/free/backups/${name}/export`,
      `/1.0/instances/free/metadata/templates?path=${name}`,
    ]) {
      const { status, text } = await shared.send("GET", target);
      assert.ok(status === 400 || status === 404, `${target}: ${status}`);
      assert.doesNotMatch(text, /of-the-host/);
    }
});

test("a line break in a value stays in the value", async () => {
  const { client } = shared;
  const value = "one\nlxc.hook.pre-start = /bin/touch /made\nsecurity.privileged: true";
  const { status } = await shared.send("PATCH", "/1.0/instances/free", { config: { "environment.A": value } });
  if (status !== 200) return assert.equal(status, 400);
  await (await client.setInstanceState("free", { action: "start" })).wait();
  const { stdout } = await client.execOutput("free", {
    command: ["sh", "-c", 'printf %s "$A"; cat /proc/self/uid_map | wc -l'],
  });
  assert.equal(stdout.toString(), `${value}1\n`);
  assert.doesNotMatch(
    (await client.execOutput("free", { command: ["cat", "/proc/self/uid_map"] })).stdout.toString(),
    / 0 +4294967295/,
  );
  assert.ok(!existsSync("/made"));
  await (await client.setInstanceState("free", { action: "stop", force: true })).wait();
});
