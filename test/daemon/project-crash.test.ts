/** Projects in bad times: gone in the middle of a create, damaged, lost, and with names as long and odd as they may be. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Client } from "../../sdk/index";
import { preparePool } from "../support/daemon";
import { change } from "../support/database";
import { shareDaemon } from "../support/shared-daemon";

const shared = shareDaemon({}, (daemon) => preparePool(daemon, "overlay"));

const inside = (project: string) => new Client({ endpoint: shared.daemon.socket, project });

/** A project whose default profile has a root. */
async function prepare(project: string): Promise<void> {
  await shared.client.createProject({ name: project });
  await using client = inside(project);
  await client.updateProfile("default", { devices: { root: { type: "disk", path: "/", pool: "default" } } });
}

async function remove(project: string): Promise<void> {
  await using client = inside(project);
  for (const { name } of await client.listInstances())
    await (await client.deleteInstance(name, { force: true })).wait();
  for (const { fingerprint } of await client.listImages()) await (await client.deleteImage(fingerprint)).wait();
  await shared.client.deleteProject(project);
}

/** Changes the database while no daemon runs. */
async function between(sql: string): Promise<void> {
  const { daemon } = shared;
  await daemon.kill();
  change(daemon, sql);
  await daemon.start();
}

const volumes = () => readdirSync(path.join(shared.daemon.dir, "storage-pools/default/containers"));

test("two projects that ask for one template at once both have it", async () => {
  await Promise.all(["one", "two"].map(prepare));
  const made = await Promise.all(
    ["one", "two"].map((project) =>
      shared.outcome("POST", `/1.0/instances?project=${project}`, {
        name: "web",
        source: { type: "image", alias: "template:busybox" },
      }),
    ),
  );
  assert.deepEqual(
    made.map(({ status, error }) => [status, error]),
    [
      [200, ""],
      [200, ""],
    ],
  );
  for (const project of ["one", "two"]) {
    await using client = inside(project);
    assert.equal((await client.listImages()).length, 1, project);
  }
  assert.deepEqual(await shared.client.listImages(), []);
  await remove("one");
  await using two = inside("two");
  await (await two.createInstance({ name: "more", source: { type: "image", alias: "template:busybox" } })).wait();
  await remove("two");
});

test("a build that another project began is not lost with that project", async () => {
  await Promise.all(["first", "second"].map(prepare));
  const ask = (project: string) =>
    shared.outcome("POST", `/1.0/instances?project=${project}`, {
      name: "web",
      source: { type: "image", alias: "template:busybox" },
    });
  const first = ask("first");
  const second = ask("second");
  await shared.client.deleteProject("first");
  assert.match((await first).error, /^Project not found$/);
  const made = await second;
  assert.equal(made.status, 200, made.error);
  await remove("second");
});

test("a project that goes or gets another name in the middle of a create leaves nothing half made", async () => {
  await prepare("keep");
  await using keep = inside("keep");
  await (await keep.createInstance({ name: "base", source: { type: "image", alias: "template:busybox" } })).wait();
  for (const [index, what] of ["delete", "rename", "delete", "rename", "delete", "rename"].entries()) {
    const name = `gone${index}`;
    await prepare(name);
    const [made, profile, changed] = await Promise.all([
      shared.outcome("POST", `/1.0/instances?project=${name}`, {
        name: "web",
        source: { type: index % 3 === 0 ? "none" : "image", alias: "template:busybox" },
      }),
      shared.outcome("POST", `/1.0/profiles?project=${name}`, { name: "small" }),
      what === "delete"
        ? shared.outcome("DELETE", `/1.0/projects/${name}`)
        : shared.outcome("POST", `/1.0/projects/${name}`, { name: `${name}new` }),
    ]);
    const isChanged = changed.status === 200 || changed.status === 201;
    const [all, there] = [
      (await shared.client.listProjects()).map((project) => project.name),
      (await shared.send("GET", "/1.0/instances?all-projects=true&recursion=0")).json.metadata as string[],
    ];
    if (isChanged) {
      assert.ok(!all.includes(name), `${name} is there no more`);
      assert.match(made.error, /Project not found/);
      assert.ok(profile.status >= 400, "what holds a profile is not empty");
    } else assert.match(changed.error, /Only empty projects can be/);
    assert.equal(there.includes(`/1.0/instances/web?project=${name}`), made.status === 200, JSON.stringify(made));
    for (const left of [name, `${name}new`])
      if (all.includes(left)) {
        await using client = inside(left);
        for (const { name: own } of await client.listProfiles()) if (own === "small") await client.deleteProfile(own);
        await remove(left);
      }
  }
  await remove("keep");
  assert.deepEqual(volumes(), []);
  const left: unknown = (await shared.send("GET", "/1.0/profiles?all-projects=true")).json.metadata;
  assert.deepEqual(left, ["/1.0/profiles/default"]);
});

test("a damaged project keeps its features and what is in it, and takes nothing new until it is written anew", async () => {
  await prepare("hurt");
  await using client = inside("hurt");
  await (await client.createInstance({ name: "web", source: { type: "none" } })).wait();
  await between(`UPDATE projects SET config = '{"features.images":"tr' WHERE name = 'hurt'`);
  assert.equal((await client.getInstance("web")).value.profiles?.[0], "default");
  const { config } = (await shared.client.getProject("hurt")).value;
  assert.deepEqual(config, {
    "features.images": "true",
    "features.profiles": "true",
    "features.storage.volumes": "true",
  });
  const post = { name: "more", source: { type: "none" } };
  const refused = await shared.outcome("POST", "/1.0/instances?project=hurt", post);
  assert.equal(refused.status, 400);
  assert.match(refused.error, /what was stored of "\/1\.0\/projects\/hurt" is damaged/);
  await shared.client.updateProject("hurt", { config });
  assert.equal((await shared.outcome("POST", "/1.0/instances?project=hurt", post)).status, 200);
  await remove("hurt");
});

test("a project whose row was lost is made again when something lies in it, and a warning says so", async () => {
  await prepare("lost");
  await using client = inside("lost");
  await (await client.createInstance({ name: "web", source: { type: "none" } })).wait();
  await between("DELETE FROM projects WHERE name = 'lost'");
  assert.equal((await client.getInstance("web")).value.name, "web");
  const warnings = await shared.client.listWarnings();
  assert.ok(
    warnings.some(
      ({ entity_url, last_message }) => entity_url === "/1.0/projects/lost" && /lost/.test(last_message ?? ""),
    ),
  );
  await remove("lost");
  assert.ok(!(await shared.client.listWarnings()).some(({ entity_url }) => entity_url === "/1.0/projects/lost"));
});

test("containers run in projects with the longest and oddest of names", async () => {
  await shared.client.createNetwork({ name: "pnet", config: { "ipv4.address": "10.181.9.1/24", "ipv4.nat": "false" } });
  for (const project of ["x".repeat(120), "a.b", "a%b", "a?b&c", "Größe", "-a", "a:b"]) {
    await prepare(project);
    await using client = inside(project);
    const devices = { ["e".repeat(60)]: { type: "nic", network: "pnet", name: "eth0" } };
    const name = `w${"e".repeat(62)}`;
    await (await client.createInstance({ name, devices, source: { type: "image", alias: "template:busybox" } })).wait();
    await (await client.setInstanceState(name, { action: "start" })).wait();
    const { stdout } = await client.execOutput(name, { command: ["hostname"] });
    assert.equal(String(stdout).trim(), name, project);
    await (await client.createSnapshot(name, { name: "s" })).wait();
    await shared.daemon.kill();
    await shared.daemon.start();
    assert.equal((await client.getInstance(name)).value.status, "Running", project);
    assert.doesNotMatch(JSON.stringify(await shared.client.listWarnings()), /stray|Unknown/i, project);
    await remove(project);
  }
  assert.deepEqual(volumes(), []);
  assert.deepEqual(readdirSync(path.join(shared.daemon.dir, "containers")), []);
});
