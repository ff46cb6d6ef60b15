/** Projects: made, changed, renamed and deleted, with LXD 5.0.2's answers (docs/lxd-api.md, Projects). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "../../sdk/index";
import { preparePool } from "../support/daemon";
import { shareDaemon } from "../support/shared-daemon";

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "overlay");
  const { client } = daemon;
  await (await client.createImage({ source: { type: "template", template: "busybox" } })).wait();
});

const all = "/1.0/projects";
const features = { "features.images": "true", "features.profiles": "true", "features.storage.volumes": "true" };
// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever the server says
const get = async (url: string): Promise<any> => (await shared.send("GET", url)).json.metadata;

/** Runs the work with an empty project. */
async function withProject<T>(name: string, config: Record<string, string>, work: (inside: Client) => Promise<T>) {
  const { client, daemon } = shared;
  await client.createProject({ name, config });
  const inside = new Client({ endpoint: daemon.socket, project: name });
  try {
    return await work(inside);
  } finally {
    for (const { name: own } of await inside.listInstances())
      await (await inside.deleteInstance(own, { force: true })).wait();
    if (config["features.images"] !== "false")
      for (const { fingerprint } of await inside.listImages()) await (await inside.deleteImage(fingerprint)).wait();
    if (config["features.profiles"] !== "false")
      for (const { name: own } of await inside.listProfiles()) if (own !== "default") await inside.deleteProfile(own);
    await inside.close();
    await client.deleteProject(name);
  }
}

test("the default project is always there, has everything itself, and can be neither renamed nor deleted", async () => {
  const { client } = shared;
  const { value } = await client.getProject("default");
  assert.deepEqual(value.config, { ...features, "features.networks": "true" });
  assert.deepEqual(
    (await client.listProjects()).map(({ name }) => name),
    ["default"],
  );
  assert.deepEqual(await get(all), ["/1.0/projects/default"]);
  assert.ok(value.used_by.includes("/1.0/profiles/default"));
  await shared.refusesAtOnce(
    "POST",
    `${all}/default`,
    { name: "other" },
    403,
    /The 'default' project cannot be renamed/,
  );
  await shared.refusesAtOnce("DELETE", `${all}/default`, undefined, 403, /The 'default' project cannot be deleted/);
  await shared.refusesAtOnce(
    "PUT",
    `${all}/default`,
    { config: {} },
    400,
    /You can't change the features of the default project/,
  );
  await client.patchProject("default", { config: { "user.note": "mine" } });
  assert.equal((await client.getProject("default")).value.config["user.note"], "mine");
  await client.patchProject("default", { config: { "user.note": "" } });
});

test("a new project has LXD's features and an empty default profile of its own", () =>
  withProject("lab", { "user.owner": "me" }, async (inside) => {
    const made = await shared.send("GET", `${all}/lab`);
    assert.deepEqual(made.json.metadata, {
      name: "lab",
      description: "",
      config: { ...features, "user.owner": "me" },
      used_by: ["/1.0/profiles/default?project=lab"],
    });
    assert.deepEqual((await inside.getProfile("default")).value, {
      name: "default",
      description: "Default LXD profile for project lab",
      config: {},
      devices: {},
      used_by: [],
    });
    await shared.refusesAtOnce("POST", all, { name: "lab" }, 409, /This "projects" entry already exists/);
    assert.equal((await get("/1.0?project=lab")).environment.project, "lab");
  }));

test("names that LXD refuses are refused with its words", async () => {
  for (const [name, message] of [
    ["", /No name provided/],
    ["a/b", /Project names may not contain slashes/],
    ["a b", /Project names may not contain spaces/],
    ["a_b", /Project names may not contain underscores/],
    ["a'b", /Project names may not contain quotes/],
    ['a"b', /Project names may not contain quotes/],
    ["*", /Reserved project name/],
    [".", /Invalid project name/],
    ["..", /Invalid project name/],
    ["x".repeat(200), /at most 120 bytes/],
  ] as const)
    await shared.refusesAtOnce("POST", all, { name }, 400, message);
  for (const name of ["A", "-a", "a.b", "a%b", "a?b", "ä"])
    await withProject(name, {}, async (inside) => {
      assert.equal((await shared.client.getProject(name)).value.name, name);
      assert.deepEqual(await inside.listInstances(), []);
    });
});

test("keys that are wrong, not here yet, or cannot work here are refused by name", async () => {
  for (const [config, message] of [
    [{ nope: "1" }, /Unknown configuration key: nope/],
    [
      { "restricted.networks.zones": "a" },
      /restricted\.networks\.zones\. It is a key of LXD that this version does not have yet/,
    ],
    [{ "features.images": "maybe" }, /features\.images.*true or false/],
    [{ "features.networks": "true" }, /features\.networks.*networks belong to the default project/],
    [{ "limits.instances": "-1" }, /limits\.instances.*whole number/],
    [{ "limits.memory": "10%" }, /limits\.memory.*size/],
    [{ "restricted.containers.privilege": "block" }, /restricted\.containers\.privilege.*unprivileged/],
  ] as const)
    await shared.refusesAtOnce("POST", all, { name: "wrong", config }, 400, message);
});

test("PUT replaces, PATCH merges, and an ETag that is not the present one is refused", () =>
  withProject("lab", { "user.a": "1" }, async () => {
    const { client } = shared;
    const { etag } = await client.getProject("lab");
    await client.patchProject("lab", { description: "The lab", config: { "user.b": "2" } }, { etag: etag ?? "" });
    await assert.rejects(client.updateProject("lab", { config: features }, { etag: etag ?? "" }), /ETag doesn't match/);
    assert.deepEqual((await client.getProject("lab")).value.config, { ...features, "user.a": "1", "user.b": "2" });
    await client.updateProject("lab", { config: features });
    const { value } = await client.getProject("lab");
    assert.deepEqual([value.description, value.config], ["", features]);
  }));

test("a project is renamed in the background when it is empty, with its default profile", async () => {
  const { client } = shared;
  await client.createProject({ name: "old" });
  const old = new Client({ endpoint: shared.daemon.socket, project: "old" });
  await old.updateProfile("default", { description: "mine" });
  await shared.refuses("POST", `${all}/old`, { name: "default" }, 400, /A project named "default" already exists/);
  await shared.refuses("POST", `${all}/old`, { name: "a b" }, 400, /Project names may not contain spaces/);
  await shared.refuses("POST", `${all}/nope`, { name: "x" }, 404, /Project not found/);
  const answer = await shared.send("POST", `${all}/old`, { name: "new" });
  assert.equal(answer.status, 202);
  assert.match(JSON.stringify(answer.json.metadata), /"description":"Renaming project"/);
  await shared.outcome("GET", `${answer.json.operation}/wait`);
  await assert.rejects(client.getProject("old"), { code: "NOT_FOUND" });
  await assert.rejects(old.listInstances(), /Project not found/);
  const renamed = new Client({ endpoint: shared.daemon.socket, project: "new" });
  assert.equal((await renamed.getProfile("default")).value.description, "mine");
  await Promise.all([old.close(), renamed.close()]);
  await client.deleteProject("new");
});

test("a project that holds something is neither renamed nor deleted, nor changes its features", () =>
  withProject("lab", {}, async (inside) => {
    await inside.createProfile({ name: "small" });
    await shared.refuses("POST", `${all}/lab`, { name: "other" }, 400, /Only empty projects can be renamed/);
    await shared.refusesAtOnce("DELETE", `${all}/lab`, undefined, 400, /Only empty projects can be removed/);
    const off = { config: { "features.images": "false" } };
    await shared.refusesAtOnce(
      "PATCH",
      `${all}/lab`,
      off,
      400,
      /Project feature "features.images" cannot be disabled on non-empty projects/,
    );
    await inside.deleteProfile("small");
    await shared.client.patchProject("lab", { config: { "features.profiles": "false" } });
    assert.deepEqual(await get("/1.0/profiles?project=lab"), ["/1.0/profiles/default"]);
    assert.deepEqual((await get(`${all}/lab`)).used_by, []);
    await shared.client.patchProject("lab", { config: { "features.profiles": "true" } });
    assert.deepEqual(await get("/1.0/profiles?project=lab"), ["/1.0/profiles/default?project=lab"]);
  }));

test("a project is deleted with all that is in it when force is asked for, and nothing of it before", async () => {
  const { client } = shared;
  await client.createProject({ name: "full" });
  const inside = new Client({ endpoint: shared.daemon.socket, project: "full" });
  const root = { type: "disk", path: "/", pool: "default" };
  await (await inside.createImage({ source: { type: "template", template: "busybox" } })).wait();
  await inside.createStorageVolume("default", { name: "data" });
  const data = { type: "disk", path: "/data", pool: "default", source: "data" };
  await inside.createProfile({ name: "small", devices: { root, data } });
  await inside.patchProfile("default", { devices: { data } });
  const source = { type: "image", alias: "template:busybox" };
  for (const name of ["runs", "rests"])
    await (await inside.createInstance({ name, profiles: ["small"], source })).wait();
  await (await inside.createSnapshot("rests", { name: "s0" })).wait();
  await (await inside.setInstanceState("runs", { action: "start" })).wait();
  const before = await get(`${all}/full`);
  assert.equal(before.used_by.length, 6);
  await shared.refusesAtOnce("DELETE", `${all}/full`, undefined, 400, /Only empty projects can be removed/);
  await shared.refusesAtOnce("DELETE", `${all}/full?force=0`, undefined, 400, /Only empty projects can be removed/);
  await shared.refusesAtOnce("DELETE", `${all}/default?force=1`, undefined, 403, /cannot be deleted/);
  await shared.refusesAtOnce("DELETE", `${all}/nosuch?force=1`, undefined, 404, /Project not found/);
  await inside.patchInstance("rests", { config: { "security.protection.delete": "true" } });
  await shared.refusesAtOnce("DELETE", `${all}/full?force=1`, undefined, 400, /protected from being deleted/);
  assert.deepEqual((await get(`${all}/full`)).used_by, before.used_by, "a protected instance keeps all of it");
  await inside.patchInstance("rests", { config: { "security.protection.delete": "" } });
  await client.deleteProjectWithContent("full");
  await inside.close();
  assert.equal((await shared.send("GET", `${all}/full`)).status, 404);
  for (const list of ["instances", "images", "profiles", "storage-pools/default/volumes"])
    assert.doesNotMatch(JSON.stringify(await get(`/1.0/${list}?all-projects=true`)), /full/, list);
});

test("a project that is not there is refused at every door, but those of the whole server", async () => {
  for (const url of [
    "/1.0/instances",
    "/1.0/instances/x",
    "/1.0/profiles",
    "/1.0/images",
    "/1.0/images/aliases",
    "/1.0/networks",
    "/1.0/storage-pools",
    "/1.0/warnings",
  ])
    await shared.refusesAtOnce("GET", `${url}?project=nope`, undefined, 404, /Project not found/);
  for (const url of ["/1.0", all, `${all}/default`, "/1.0/operations", "/1.0/resources"])
    assert.equal((await shared.send("GET", `${url}?project=nope`)).status, 200, url);
  const lost = new Client({ endpoint: shared.daemon.socket, project: "nope" });
  await assert.rejects(lost.openEvents(), /Project not found/);
  await lost.close();
});

test("each change is told with its project, and a stream hears its own project, every one, and what is of the whole server", async () => {
  const { client } = shared;
  const stop = new AbortController();
  const heard: [string, string | undefined, string][] = [];
  const listen = async (who: string, from: Client, allProjects: boolean) => {
    const stream = await from.openEvents({ allProjects, signal: stop.signal });
    const ended = (async () => {
      for await (const { type, project, metadata } of stream) {
        const { action, description, status } = metadata as Record<string, string>;
        if (type === "lifecycle") heard.push([who, project, action ?? ""]);
        if (type === "operation" && status === "Success") heard.push([who, project, description ?? ""]);
      }
    })();
    return { ended: ended.catch(() => undefined) };
  };
  const streams = [await listen("every", client, true), await listen("default", client, false)];
  await client.createProject({ name: "loud" });
  const inside = new Client({ endpoint: shared.daemon.socket, project: "loud" });
  streams.push(await listen("loud", inside, false));
  await inside.createProfile({ name: "p" });
  await client.createProfile({ name: "q" });
  await inside.deleteProfile("p");
  await client.deleteProfile("q");
  await (await client.renameProject("loud", "louder")).wait();
  await client.deleteProject("louder");
  await client.createProfile({ name: "last" });
  await client.deleteProfile("last");
  const of = (who: string) =>
    heard.filter(([listener]) => listener === who).map(([, project, what]) => [project, what]);
  for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((done) => setTimeout(done, 20)))
    if (
      of("every").at(-1)?.[1] === "profile-deleted" &&
      of("default").at(-1)?.[1] === "profile-deleted" &&
      of("every").length === 10
    )
      break;
  stop.abort(new Error("enough"));
  await Promise.all(streams.map(({ ended }) => ended));
  await inside.close();
  assert.deepEqual(of("every"), [
    ["loud", "project-created"],
    ["loud", "profile-created"],
    ["default", "profile-created"],
    ["loud", "profile-deleted"],
    ["default", "profile-deleted"],
    ["louder", "project-renamed"],
    [undefined, "Renaming project"],
    ["louder", "project-deleted"],
    ["default", "profile-created"],
    ["default", "profile-deleted"],
  ]);
  assert.deepEqual(of("loud"), [
    ["loud", "profile-created"],
    ["loud", "profile-deleted"],
    [undefined, "Renaming project"],
  ]);
  assert.deepEqual(
    of("default").filter(([project]) => project === "loud" || project === "louder"),
    [],
  );
});

test("a project without images and profiles has those of the default one, and what it makes of them is theirs", () =>
  withProject("guest", { "features.images": "false", "features.profiles": "false" }, async (inside) => {
    const { client } = shared;
    const [image] = await client.listImages();
    assert.deepEqual(
      (await inside.listImages()).map(({ fingerprint }) => fingerprint),
      [image?.fingerprint],
    );
    const made = await shared.send("POST", "/1.0/profiles?project=guest", { name: "common" });
    assert.deepEqual([made.status, made.headers.location], [201, "/1.0/profiles/common"]);
    await (
      await inside.createInstance({
        name: "one",
        profiles: ["default", "common"],
        source: { type: "image", fingerprint: image?.fingerprint ?? "" },
      })
    ).wait();
    assert.deepEqual((await client.getProfile("common")).value.used_by, ["/1.0/instances/one?project=guest"]);
    await assert.rejects(client.deleteProfile("common"), /Profile is currently in use/);
    assert.deepEqual((await client.getProject("guest")).value.used_by, ["/1.0/instances/one?project=guest"]);
    await client.renameProfile("common", "shared");
    assert.deepEqual((await inside.getInstance("one")).value.profiles, ["default", "shared"]);
    await (await inside.deleteInstance("one")).wait();
    await client.deleteProfile("shared");
  }));
