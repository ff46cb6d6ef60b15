/** Two projects with containers, profiles, images and aliases of the same names, side by side: nothing of one is seen in the other, nor on the host. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "../../sdk/index";
import { preparePool } from "../support/daemon";
import { shareDaemon } from "../support/shared-daemon";

const projects = ["default", "lab"] as const;
type Project = (typeof projects)[number];

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "overlay");
  const { client } = daemon;
  await client.createNetwork({
    name: "pnet",
    config: { "ipv4.address": "10.181.7.1/24", "ipv4.nat": "false", "ipv6.address": "none" },
  });
  await client.createProject({ name: "lab" });
  const lab = new Client({ endpoint: daemon.socket, project: "lab" });
  for (const [from, memory] of [
    [client, "256MiB"],
    [lab, "128MiB"],
  ] as const) {
    await from.updateProfile("default", {
      devices: {
        root: { type: "disk", path: "/", pool: "default" },
        eth0: { type: "nic", network: "pnet" },
      },
    });
    await from.createProfile({ name: "small", config: { "limits.memory": memory } });
    await (
      await from.createInstance({
        name: "web",
        profiles: ["default", "small"],
        source: { type: "image", alias: "template:busybox" },
      })
    ).wait();
    await (await from.setInstanceState("web", { action: "start" })).wait();
    await from.waitInstance("web", { for: "ipv4", timeoutSeconds: 60 });
  }
  await lab.close();
});

async function inEach<T>(work: (client: Client, project: Project) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (const project of projects) {
    await using client = new Client({ endpoint: shared.daemon.socket, project });
    results.push(await work(client, project));
  }
  return results;
}

const run = async (client: Client, ...command: string[]): Promise<string> =>
  String((await client.execOutput("web", { command })).stdout).trim();

const list = async (url: string): Promise<unknown> => (await shared.send("GET", url)).json.metadata;

test("each project lists its own, and all of them with their projects when asked for all", async () => {
  assert.deepEqual(await list("/1.0/instances"), ["/1.0/instances/web"]);
  assert.deepEqual(await list("/1.0/instances?project=lab"), ["/1.0/instances/web?project=lab"]);
  assert.deepEqual(await list("/1.0/instances?all-projects=true"), [
    "/1.0/instances/web",
    "/1.0/instances/web?project=lab",
  ]);
  assert.deepEqual(await list("/1.0/profiles?all-projects=true"), [
    "/1.0/profiles/default",
    "/1.0/profiles/small",
    "/1.0/profiles/default?project=lab",
    "/1.0/profiles/small?project=lab",
  ]);
  const [image] = await shared.client.listImages();
  assert.deepEqual(await list("/1.0/images?all-projects=true"), [
    `/1.0/images/${image?.fingerprint}`,
    `/1.0/images/${image?.fingerprint}?project=lab`,
  ]);
  const full = (await list("/1.0/instances?recursion=2&all-projects=true")) as { project: string; name: string }[];
  assert.deepEqual(
    full.map(({ project, name }) => [project, name]),
    [
      ["default", "web"],
      ["lab", "web"],
    ],
  );
  for (const url of ["/1.0/instances", "/1.0/profiles", "/1.0/images", "/1.0/images/aliases"])
    await shared.refusesAtOnce(
      "GET",
      `${url}?all-projects=true&project=lab`,
      undefined,
      400,
      /Cannot specify a project when requesting all projects/,
    );
  const network = (await shared.client.getNetwork("pnet")).value;
  assert.deepEqual(network.used_by, [
    "/1.0/instances/web",
    "/1.0/instances/web?project=lab",
    "/1.0/profiles/default",
    "/1.0/profiles/default?project=lab",
  ]);
  assert.deepEqual((await shared.client.getProject("lab")).value.used_by, [
    "/1.0/instances/web?project=lab",
    "/1.0/profiles/default?project=lab",
    "/1.0/profiles/small?project=lab",
    `/1.0/images/${image?.fingerprint}?project=lab`,
  ]);
});

test("containers of one name have roots, host ids, limits, hostnames and addresses of their own", async () => {
  await inEach(async (client, project) => {
    await client.putFile("web", "/root/mark", project);
    assert.equal(await run(client, "hostname"), "web");
  });
  await inEach(async (client, project) => assert.equal(await run(client, "cat", "/root/mark"), project));
  const maps = await inEach((client) => run(client, "cat", "/proc/self/uid_map"));
  assert.notEqual(maps[0], maps[1]);
  const states = await inEach(async (client) => client.getInstanceState("web"));
  const addresses = states.map(
    ({ network }) => network?.eth0?.addresses.find(({ family }) => family === "inet")?.address,
  );
  assert.notEqual(addresses[0], addresses[1]);
  const instances = await inEach(async (client) => (await client.getInstance("web")).value);
  assert.deepEqual(
    instances.map(({ expanded_config }) => expanded_config["limits.memory"]),
    ["256MiB", "128MiB"],
  );
});

test("DNS knows the one of the default project by its name, and the other one by that of its project besides", async () => {
  const [first, second] = await inEach(async (client) => {
    const { network } = await client.getInstanceState("web");
    return network?.eth0?.addresses.find(({ family }) => family === "inet")?.address;
  });
  await using lab = new Client({ endpoint: shared.daemon.socket, project: "lab" });
  const ask = (name: string) => run(lab, "nslookup", name, "10.181.7.1");
  for (const end = Date.now() + 60_000; Date.now() < end && !(await ask("web.lab.lxd")).includes(`${second}`); )
    await delay(50);
  assert.match(await ask("web.lab.lxd"), new RegExp(`Name:\\s+web\\.lab\\.lxd\\s+Address:\\s+${second}(\\s|$)`));
  assert.match(await ask("web.lxd"), new RegExp(`Name:\\s+web\\.lxd\\s+Address:\\s+${first}(\\s|$)`));
});

test("leases of a network are shown to the project of their instances", async () => {
  const seen = await inEach(async (client) => {
    const leases = await client.getNetworkLeases("pnet");
    const { network } = await client.getInstanceState("web");
    const own = network?.eth0?.addresses.find(({ family }) => family === "inet")?.address;
    return leases.map(({ type, address }) => (address === own ? "own" : type));
  });
  assert.deepEqual(seen, [
    ["gateway", "own"],
    ["gateway", "own"],
  ]);
});

test("names on the host carry the project", async () => {
  const { dir } = shared.daemon;
  assert.deepEqual(readdirSync(path.join(dir, "containers")).sort(), ["lab_web", "web"]);
  assert.deepEqual(readdirSync(path.join(dir, "storage-pools/default/containers")).sort(), ["lab_web", "web"]);
  assert.equal(
    readlinkSync(path.join(dir, "containers/lab_web")),
    path.join(dir, "storage-pools/default/containers/lab_web"),
  );
  const { stdout } = await shared.client.execOutput("web", { command: ["cat", "/proc/self/cgroup"] });
  assert.doesNotMatch(String(stdout), /lab/);
});

test("a snapshot, a file, a log and an exec of one project are not found in the other", async () => {
  await using lab = new Client({ endpoint: shared.daemon.socket, project: "lab" });
  await (await lab.createSnapshot("web", { name: "s1" })).wait();
  assert.deepEqual(await list("/1.0/instances/web/snapshots"), []);
  assert.deepEqual(await list("/1.0/instances/web/snapshots?project=lab"), [
    "/1.0/instances/web/snapshots/s1?project=lab",
  ]);
  await lab.putFile("web", "/root/only", "lab");
  await assert.rejects(shared.client.getFile("web", "/root/only"), { code: "NOT_FOUND" });
  const answer = await shared.send("POST", "/1.0/instances/web/exec?project=lab", {
    command: ["echo", "heard"],
    "record-output": true,
  });
  const { metadata } = (await shared.send("GET", `${answer.json.operation}/wait`)).json as {
    metadata: { metadata: { output: Record<string, string> } };
  };
  const url = metadata.metadata.output[1] ?? "";
  assert.match(url, /^\/1\.0\/instances\/web\/logs\/exec_.*\.stdout\?project=lab$/);
  assert.equal((await shared.send("GET", url)).text, "heard\n");
  await shared.refusesAtOnce("GET", url.replace("?project=lab", ""), undefined, 404, /./);
});

test("operations are listed by the project that they work in", async () => {
  const answer = await shared.send("POST", "/1.0/instances/web/exec?project=lab", { command: ["sleep", "2"] });
  const url = String(answer.json.operation);
  const listed = async (query: string) => JSON.stringify(await list(`/1.0/operations${query}`)).includes(url);
  assert.equal(await listed("?project=lab"), true);
  assert.equal(await listed(""), false);
  assert.equal(await listed("?all-projects=true"), true);
  assert.equal((await shared.send("GET", url)).status, 200);
  await shared.send("GET", `${url}/wait`);
});

test("a copy goes into another project, and takes the profiles of that one", async () => {
  await using lab = new Client({ endpoint: shared.daemon.socket, project: "lab" });
  await lab.createProfile({ name: "lab-only" });
  await (await lab.setInstanceState("web", { action: "stop", force: true })).wait();
  const copy = (body: Record<string, unknown>, query = "") =>
    shared.outcome("POST", `/1.0/instances${query}`, {
      name: "copy",
      source: { type: "copy", source: "web", project: "lab" },
      ...body,
    });
  const kept = await copy({ profiles: ["default", "small"] });
  assert.equal(kept.status, 200, kept.error);
  const { value } = await shared.client.getInstance("copy");
  assert.deepEqual([value.project, value.expanded_config["limits.memory"]], ["default", "256MiB"]);
  assert.equal((await shared.send("GET", "/1.0/instances/copy/files?path=/root/mark")).text, "lab");
  assert.deepEqual(await list("/1.0/instances/copy/snapshots"), ["/1.0/instances/copy/snapshots/s1"]);
  await (await shared.client.deleteInstance("copy")).wait();
  const give = async (profile: string) =>
    (
      await lab.updateInstance("web", { ...(await lab.getInstance("web")).value, profiles: ["default", profile] })
    ).wait();
  await give("lab-only");
  await shared.refuses(
    "POST",
    "/1.0/instances",
    { name: "copy", source: { type: "copy", source: "web", project: "lab" } },
    404,
    /Requested profile "lab-only" doesn't exist/,
  );
  await shared.refuses(
    "POST",
    "/1.0/instances",
    { name: "copy", source: { type: "copy", source: "web", project: "nope" } },
    404,
    /not found/,
  );
  await give("small");
  await (await lab.setInstanceState("web", { action: "start" })).wait();
  await lab.deleteProfile("lab-only");
});

test("after kill -9 of the daemon both containers are found again, each as its project's", async () => {
  const pids = await inEach(async (client) => (await client.getInstanceState("web")).pid);
  await shared.daemon.kill();
  await shared.daemon.start();
  for (const end = Date.now() + 20_000; Date.now() < end; await delay(50))
    if ((await inEach(async (client) => (await client.getInstance("web")).value.status)).every((s) => s === "Running"))
      break;
  assert.deepEqual(await inEach(async (client) => (await client.getInstanceState("web")).pid), pids);
  await inEach(async (client, project) => assert.equal(await run(client, "cat", "/root/mark"), project));
  const warnings = JSON.stringify(await list("/1.0/warnings?recursion=1"));
  assert.doesNotMatch(warnings, /lab_web/, "nothing of a project counts as a stray");
});

test("what ends in one project leaves the other's as it is", async () => {
  await using lab = new Client({ endpoint: shared.daemon.socket, project: "lab" });
  await (await lab.deleteInstance("web", { force: true })).wait();
  assert.equal(await run(shared.client, "cat", "/root/mark"), "default");
  assert.equal(existsSync(path.join(shared.daemon.dir, "containers/lab_web")), false);
  assert.deepEqual(readdirSync(path.join(shared.daemon.dir, "storage-pools/default/containers")), ["web"]);
  await lab.deleteProfile("small");
  const [image] = await lab.listImages();
  await (await lab.deleteImage(image?.fingerprint ?? "")).wait();
  assert.equal((await shared.client.listImages()).length, 1);
  await (
    await shared.client.createInstance({ name: "again", source: { type: "image", alias: "template:busybox" } })
  ).wait();
  await shared.client.deleteProject("lab");
  assert.deepEqual(await list("/1.0/projects"), ["/1.0/projects/default"]);
});
