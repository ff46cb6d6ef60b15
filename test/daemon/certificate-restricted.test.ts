/** Restricted clients: what is in their projects is theirs, and nothing else is to be seen. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { preparePool } from "../support/daemon";
import { type Identity, listenAt, makeIdentity, Network, trust } from "../support/https";
import { shareDaemon } from "../support/shared-daemon";

const [lab, admin] = [makeIdentity("lab"), makeIdentity("admin")];

let network: Network | undefined;
// Before the daemon's own hook, which looks whether anything is left.
after(() => network?.[Symbol.asyncDispose]());

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "dir");
  await listenAt(daemon);
  for (const [name, images] of [
    ["lab", "true"],
    ["hall", "true"],
    ["poor", "false"],
  ] as const)
    await daemon.client.createProject({
      name,
      config: { "features.images": images, "features.profiles": name === "poor" ? "false" : "true" },
    });
  await trust(daemon, lab, { restricted: true, projects: ["lab", "poor"] });
  await trust(daemon, admin);
  const root = { devices: { root: { type: "disk", path: "/", pool: "default" } } };
  for (const project of ["lab", "hall"])
    await daemon.request("PATCH", `/1.0/profiles/default?project=${project}`, root);
  for (const project of ["default", "lab", "hall"]) {
    const post = { name: `in-${project}`, source: { type: "none" } };
    const { body } = await daemon.request("POST", `/1.0/instances?project=${project}`, post);
    await daemon.request("GET", `${(body as { operation: string }).operation}/wait`);
  }
  network = await Network.to(daemon);
});

function there(): Network {
  assert.ok(network !== undefined, "the network is there from the first test on");
  return network;
}

const send = (method: string, path: string, body?: object, who: Identity = lab) =>
  there().send(who, method, path, body);
const list = async (path: string, who = lab) => (await send("GET", path, undefined, who)).json.metadata;

test("lists hold what is in its projects, with all-projects too", async () => {
  assert.deepEqual(await list("/1.0/instances?project=lab"), ["/1.0/instances/in-lab?project=lab"]);
  assert.deepEqual(await list("/1.0/instances?all-projects=true"), ["/1.0/instances/in-lab?project=lab"]);
  assert.equal(((await list("/1.0/instances?all-projects=true", admin)) as string[]).length, 3);
  assert.deepEqual(await list("/1.0/projects"), ["/1.0/projects/lab", "/1.0/projects/poor"]);
  const profiles = (await list("/1.0/profiles?all-projects=true&recursion=1")) as { project: string }[];
  assert.deepEqual([...new Set(profiles.map(({ project }) => project))], ["lab"]);
  for (const path of ["/1.0/instances", "/1.0/instances?project=hall", "/1.0/profiles"])
    assert.equal((await send("GET", path)).status, 403, path);
  // Whether a project is there is not for it to know.
  assert.equal((await send("GET", "/1.0/instances?project=nope")).status, 403);
  assert.deepEqual(await list("/1.0/certificates"), [`/1.0/certificates/${lab.fingerprint}`]);
  assert.equal((await send("GET", `/1.0/certificates/${admin.fingerprint}`)).status, 404);
});

test("what is in its project it makes, changes and deletes", async () => {
  const made = await send("POST", "/1.0/instances?project=lab", { name: "mine", source: { type: "none" } });
  assert.equal(made.status, 202, made.text);
  const waited = await send("GET", `${made.json.operation}/wait`);
  assert.equal((waited.json.metadata as { status_code: number }).status_code, 200);
  assert.equal((await send("PATCH", "/1.0/instances/mine?project=lab", { description: "x" })).status, 200);
  const gone = await send("DELETE", "/1.0/instances/mine?project=lab");
  await send("GET", `${gone.json.operation}/wait`);
  assert.deepEqual(await list("/1.0/instances?project=lab"), ["/1.0/instances/in-lab?project=lab"]);
  assert.equal((await send("POST", "/1.0/profiles?project=lab", { name: "p" })).status, 201);
  assert.equal((await send("DELETE", "/1.0/profiles/p?project=lab")).status, 200);
});

test("volumes are its own where its project has volumes, and others it neither sees nor takes", async () => {
  const volumes = "/1.0/storage-pools/default/volumes/custom";
  for (const project of ["default", "hall"])
    assert.equal((await send("POST", `${volumes}?project=${project}`, { name: "theirs" }, admin)).status, 200);
  assert.equal((await send("POST", `${volumes}?project=lab`, { name: "mine" })).status, 200);
  assert.deepEqual(await list(`${volumes}?project=lab`), [`${volumes}/mine?project=lab`]);
  assert.deepEqual(await list(`${volumes}?all-projects=true`), [`${volumes}/mine?project=lab`]);
  const copy = (project: string) => ({
    name: "taken",
    source: { type: "copy", pool: "default", name: "theirs", project },
  });
  for (const [method, path, body] of [
    ["GET", `${volumes}/theirs`],
    ["DELETE", `${volumes}/theirs?project=hall`],
    ["POST", `${volumes}?project=lab`, copy("hall")],
    ["POST", `${volumes}?project=lab`, copy("default")],
    ["POST", `${volumes}/mine?project=lab`, { name: "mine", pool: "default", project: "hall" }],
    ["POST", `${volumes}/theirs/snapshots?project=hall`, {}],
    ["GET", `${volumes}/theirs/backups?project=hall`],
    ["POST", `${volumes}/theirs/backups?project=hall`, {}],
    ["POST", `${volumes}/theirs/backups`, {}],
  ] as const)
    assert.equal((await send(method, path, body)).status, 403, `${method} ${path} ${JSON.stringify(body)}`);
  assert.deepEqual(await list(`${volumes}/mine/backups?project=lab`), []);
  assert.equal((await send("DELETE", `${volumes}/mine?project=lab`)).status, 200);
  for (const project of ["default", "hall"])
    assert.equal((await send("DELETE", `${volumes}/theirs?project=${project}`, undefined, admin)).status, 200);
});

test("it makes, renames, reads and deletes backups of what is its own", async () => {
  const done = async (method: string, path: string, body?: object) => {
    const { status, json } = await send(method, `${path}?project=lab`, body);
    assert.equal(status, 202, `${method} ${path}: ${json.error}`);
    const { metadata } = (await send("GET", `${json.operation}/wait?project=lab`)).json;
    assert.equal((metadata as { err: string }).err, "");
  };
  const volumes = "/1.0/storage-pools/default/volumes/custom";
  assert.equal((await send("POST", `${volumes}?project=lab`, { name: "kept" })).status, 200);
  for (const owner of ["/1.0/instances/in-lab", `${volumes}/kept`]) {
    await done("POST", `${owner}/backups`, { name: "one" });
    await done("POST", `${owner}/backups/one`, { name: "two" });
    assert.equal((await send("GET", `${owner}/backups/two/export?project=lab`)).status, 200);
    await done("DELETE", `${owner}/backups/two`);
  }
  for (const path of ["/1.0/instances/in-hall/backups?project=hall", "/1.0/instances/in-default/backups"])
    assert.equal((await send("POST", path, { name: "one" })).status, 403, path);
  assert.equal((await send("DELETE", `${volumes}/kept?project=lab`)).status, 200);
});

test("what is of other projects or of the whole server it neither sees nor changes", async () => {
  for (const [method, path, body] of [
    ["GET", "/1.0/instances/in-default"],
    ["GET", "/1.0/instances/in-hall?project=hall"],
    ["GET", "/1.0/instances/in-default?all-projects=true"],
    ["DELETE", "/1.0/instances/in-hall?project=hall"],
    ["PUT", "/1.0/instances/in-default/state", { action: "start" }],
    ["PUT", "/1.0/instances", { state: { action: "start" } }],
    ["POST", "/1.0/instances/in-default/exec", { command: ["id"] }],
    ["POST", "/1.0/instances/in-default/console", {}],
    ["GET", "/1.0/instances/in-hall/console?project=hall"],
    ["GET", "/1.0/instances/in-hall/metadata?project=hall"],
    ["PUT", "/1.0/instances/in-hall/metadata?project=hall", {}],
    ["DELETE", "/1.0/instances/in-hall/metadata/templates?project=hall&path=x"],
    ["POST", "/1.0/instances/in-hall/rebuild?project=hall", { source: { type: "none" } }],
    ["POST", "/1.0/instances/in-lab?project=lab", { migration: true, project: "hall" }],
    ["POST", "/1.0/instances/in-lab?project=lab", { migration: true, project: "default", pool: "nope" }],
    ["POST", "/1.0/instances/in-hall?project=hall", { migration: true, project: "lab" }],
    ["GET", "/1.0/instances/in-default/files?path=/etc/shadow"],
    ["PATCH", "/1.0", { config: { "user.x": "1" } }],
    ["PATCH", "/1.0/projects/lab", { config: { restricted: "false" } }],
    ["DELETE", "/1.0/projects/lab"],
    ["GET", "/1.0/projects/hall"],
    ["GET", "/1.0/projects/hall/state"],
    ["POST", "/1.0/projects", { name: "new" }],
    ["POST", "/1.0/storage-pools", { name: "p", driver: "dir" }],
    ["DELETE", "/1.0/storage-pools/default"],
    ["POST", "/1.0/networks?project=lab", { name: "n0" }],
    ["PUT", `/1.0/certificates/${lab.fingerprint}`, { name: "x", restricted: false }],
    ["POST", "/1.0/certificates", { token: true, name: "more" }],
    ["POST", "/1.0/certificates", { certificate: makeIdentity().der }],
    ["GET", "/1.0/warnings"],
    ["DELETE", `/1.0/certificates/${admin.fingerprint}`],
    ["DELETE", `/1.0/certificates/${lab.fingerprint}`],
  ] as const)
    assert.equal((await send(method, path, body)).status, 403, `${method} ${path}`);
  const { config, auth } = (await list("/1.0")) as { config: object; auth: string };
  assert.deepEqual([config, auth], [{}, "trusted"]);
});

test("it reads network zones without the keys of their peers, and changes none", async () => {
  const zone = "/1.0/network-zones/lab.example";
  const config = { "peers.ns.address": "192.0.2.53", "peers.ns.key": "c2VjcmV0" };
  assert.equal((await send("POST", "/1.0/network-zones", { name: "lab.example", config }, admin)).status, 201);
  const configOf = async (who = lab) => ((await list(`${zone}?project=lab`, who)) as { config: object }).config;
  assert.deepEqual(await configOf(), { "peers.ns.address": "192.0.2.53" });
  assert.deepEqual(await configOf(admin), config);
  for (const [method, path] of [
    ["PATCH", zone],
    ["POST", `${zone}/records`],
    ["DELETE", zone],
  ] as const)
    assert.equal((await send(method, `${path}?project=lab`, {})).status, 403, `${method} ${path}`);
  assert.equal((await send("DELETE", zone, undefined, admin)).status, 200);
});

test("a copy from a project that is not its own is refused, and tells nothing of what is there", async () => {
  for (const source of ["in-hall", "not-there"])
    for (const query of ["", "&dry-run=1"]) {
      const post = { name: "stolen", source: { type: "copy", source, project: "hall" } };
      const told = await send("POST", `/1.0/instances?project=lab${query}`, post);
      assert.equal(told.status, 403, told.text);
      assert.match(told.json.error ?? "", /not authorized/);
    }
});

test("what its project shares with the default one it uses and does not change", async () => {
  const found = (await list("/1.0/profiles?project=poor&recursion=1")) as { name: string; used_by: string[] }[];
  assert.deepEqual(
    found.map(({ name, used_by }) => [name, used_by]),
    [["default", []]],
    "who uses it is not told",
  );
  const full = await send("GET", "/1.0/profiles/default", undefined, admin);
  assert.deepEqual((full.json.metadata as { used_by: string[] }).used_by, ["/1.0/instances/in-default"]);
  for (const [method, path, body] of [
    ["PATCH", "/1.0/profiles/default?project=poor", { description: "mine" }],
    ["POST", "/1.0/profiles?project=poor", { name: "p" }],
    ["DELETE", "/1.0/profiles/default?project=poor"],
  ] as const)
    assert.equal((await send(method, path, body)).status, 403, `${method} ${path}`);
  const pool = await send("GET", "/1.0/storage-pools/default");
  const { used_by: users } = pool.json.metadata as { used_by: string[] };
  assert.ok(users.length > 0 && users.every((url) => url.endsWith("?project=lab")), users.join());
});

test("events and operations are those of its projects", async () => {
  const own = await there().websocket(lab, "/1.0/events?all-projects=true");
  const heard: { type: string; project?: string; metadata: { action?: string } }[] = [];
  own.on("message", (data) => heard.push(JSON.parse(String(data)) as (typeof heard)[number]));
  for (const query of ["?type=logging&project=lab", "", "?project=hall"])
    assert.equal(await there().upgrade(lab, `/1.0/events${query}`), 403, query);
  await shared.client.createProject({ name: "noise" });
  for (const project of ["hall", "default", "lab"]) {
    const told = await send("POST", `/1.0/profiles?project=${project}`, { name: "noise" }, admin);
    assert.equal(told.status, 201);
  }
  const { json } = await send(
    "PUT",
    "/1.0/instances/in-hall/state?project=hall",
    { action: "stop", force: true },
    admin,
  );
  await send("GET", `${json.operation}/wait`, undefined, admin);
  assert.equal((await send("GET", String(json.operation))).status, 404, "an operation elsewhere is not there");
  assert.equal((await send("GET", `${json.operation}/wait`)).status, 404);
  assert.equal((await send("DELETE", String(json.operation))).status, 404);
  const seen = (await list("/1.0/operations?all-projects=true&recursion=1")) as Record<string, { resources: object }[]>;
  assert.ok(!JSON.stringify(seen).includes("in-hall"));
  const change = await send("PATCH", "/1.0/profiles/noise?project=lab", { description: "last" }, admin);
  assert.equal(change.status, 200);
  while (!heard.some(({ metadata }) => metadata.action === "profile-updated"))
    await new Promise((resolve) => own.once("message", resolve));
  assert.deepEqual([...new Set(heard.map(({ project }) => project))], ["lab"]);
  own.terminate();
  await shared.client.deleteProject("noise");
  for (const project of ["hall", "default", "lab"])
    await send("DELETE", `/1.0/profiles/noise?project=${project}`, undefined, admin);
});

test("a restricted client renews its own certificate, which takes the place of the old one, and changes nothing else", async () => {
  const [mine, next] = [makeIdentity("mine"), makeIdentity("next")];
  await trust(shared.daemon, mine, { name: "mine", restricted: true, projects: ["lab"] });
  const url = `/1.0/certificates/${mine.fingerprint}`;
  for (const body of [{ name: "other" }, { restricted: false }, { projects: [] }, { type: "metrics" }]) {
    assert.equal((await send("PATCH", url, body, mine)).status, 403, JSON.stringify(body));
    const both = { certificate: next.cert, ...body };
    assert.equal((await send("PATCH", url, both, mine)).status, 403, JSON.stringify(body));
  }
  assert.equal(
    (await send("PATCH", `/1.0/certificates/${lab.fingerprint}`, { certificate: next.cert }, mine)).status,
    404,
  );
  assert.equal((await send("PATCH", url, { certificate: next.cert }, mine)).status, 200);
  assert.equal((await send("GET", "/1.0/instances?project=lab", undefined, mine)).status, 403);
  assert.deepEqual(await list("/1.0/instances?project=lab", next), ["/1.0/instances/in-lab?project=lab"]);
  assert.equal((await send("GET", "/1.0/instances?project=hall", undefined, next)).status, 403);
  const renewed = (await list(`/1.0/certificates/${next.fingerprint}`, next)) as { name: string; restricted: boolean };
  assert.deepEqual([renewed.name, renewed.restricted], ["mine", true]);
  await send("DELETE", `/1.0/certificates/${next.fingerprint}`, undefined, admin);
});
