/** Limits and restrictions of projects, with LXD 5.0.2's messages. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "../../sdk/index";
import { preparePool } from "../support/daemon";
import { shareDaemon } from "../support/shared-daemon";

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "overlay");
  await daemon.client.createNetwork({ name: "pnet", config: { "ipv4.address": "10.181.8.1/24", "ipv4.nat": "false" } });
  await (await daemon.client.createInstance({ name: "plain", source: { type: "none" } })).wait();
});

type Config = Record<string, string>;

/** Runs the work in a project whose default profile has a root; what it made is gone afterwards. */
async function withProject(name: string, config: Config, work: (inside: Client) => Promise<unknown>): Promise<void> {
  const { client, daemon } = shared;
  await client.createProject({ name, config });
  const inside = new Client({ endpoint: daemon.socket, project: name });
  const isOwn = config["features.profiles"] !== "false";
  if (isOwn) await inside.updateProfile("default", { devices: { root: { type: "disk", path: "/", pool: "default" } } });
  try {
    await work(inside);
  } finally {
    for (const one of await inside.listInstances()) await (await inside.deleteInstance(one.name)).wait();
    if (isOwn)
      for (const one of await inside.listProfiles()) if (one.name !== "default") await inside.deleteProfile(one.name);
    await inside.close();
    await client.deleteProject(name);
  }
}

const body = (name: string, config: Config = {}, more: Record<string, unknown> = {}) => ({
  name,
  config,
  source: { type: "none" },
  ...more,
});

const make = async (inside: Client, name: string, config: Config = {}, more = {}) =>
  (await inside.createInstance(body(name, config, more))).wait();

/** The sum of memory, processors and processes, and the number of instances. */
const bounds = {
  "limits.memory": "1GiB",
  "limits.cpu": "4",
  "limits.processes": "100",
  "limits.containers": "5",
  "limits.instances": "6",
};
const half = { "limits.memory": "512MiB", "limits.cpu": "2", "limits.processes": "50" };

test("an instance without a limit that is summed up, or with one that is not a number, is refused", () =>
  withProject("lim", bounds, async () => {
    const refuses = (config: Config, message: RegExp) =>
      shared.refusesAtOnce("POST", "/1.0/instances?project=lim", body("a", config), 400, message);
    const prefix = "Failed checking if instance creation allowed: Failed getting usage of project entities: ";
    await refuses({}, new RegExp(`${prefix}Instance "a" in project "lim" has no "limits.cpu" config, either directly`));
    await refuses(
      { ...half, "limits.memory": "50%" },
      new RegExp(`${prefix}Failed parsing "limits.memory" for instance "a"`),
    );
    await refuses(
      { ...half, "limits.cpu": "0-1" },
      new RegExp(`${prefix}Failed parsing "limits.cpu" for instance "a"`),
    );
  }));

test("the sizes of all roots stay within limits.disk, which each of them then needs", () =>
  withProject("disks", { "limits.disk": "100MB" }, async (inside) => {
    const disks = (size?: string) => ({ root: { type: "disk", path: "/", pool: "default", ...(size && { size }) } });
    const sized = (name: string, size?: string) => body(name, {}, { devices: disks(size) });
    const refuses = (method: string, url: string, request: object, message: RegExp) =>
      shared.refuses(method, `${url}?project=disks`, request, 400, message);
    const none = /has no "size" config set on the root device either directly or via a profile/;
    const create = "Failed checking if instance creation allowed: ";
    await refuses("POST", "/1.0/instances", sized("a"), none);
    await refuses("POST", "/1.0/instances", sized("a", "0"), none);
    await (await inside.createInstance(sized("a", "60MB"))).wait();
    const most = 'Reached maximum aggregate value "100MB" for "limits.disk" in project "disks"';
    await refuses("POST", "/1.0/instances", sized("b", "60MB"), new RegExp(create + most));
    await refuses("PATCH", "/1.0/instances/a", { devices: disks("200MB") }, new RegExp(most));
    await refuses("PATCH", "/1.0/instances/a", { devices: disks() }, none);
    const { value } = await shared.client.getProject("disks");
    const lower = { ...value, config: { ...value.config, "limits.disk": "10MB" } };
    await assert.rejects(
      shared.client.updateProject("disks", lower),
      /"limits.disk" is too low: current total is "57.2MiB"/,
    );
    const { json } = await shared.send("GET", "/1.0/projects/disks/state");
    assert.deepEqual((json.metadata as { resources: { disk: object } }).resources.disk, {
      Limit: 100_000_000,
      Usage: 60_000_000,
    });
  }));

test("custom volumes count for limits.disk, and an image may have what is left of it", () =>
  withProject("held", { "limits.disk": "100MB" }, async (inside) => {
    const volumes = "/1.0/storage-pools/default/volumes/custom";
    const refuses = (method: string, url: string, request: object, message: RegExp) =>
      shared.refuses(method, `${url}?project=held`, request, 400, message);
    const sized = (name: string, size = "") => ({ name, config: { size } });
    const create = "Failed checking if volume creation allowed: ";
    await refuses(
      "POST",
      volumes,
      sized("v"),
      new RegExp(`${create}.*Custom volume "v" in project "held" has no "size" config set`),
    );
    await refuses("POST", volumes, sized("v", "101MB"), new RegExp(`${create}Reached maximum aggregate value "100MB"`));
    await inside.createStorageVolume("default", sized("v", "40MB"));
    const update = /Failed checking if volume update allowed: Reached maximum aggregate value/;
    await refuses("PATCH", `${volumes}/v`, { config: { size: "101MB" } }, update);
    await refuses("PATCH", `${volumes}/v`, { config: { size: "" } }, /has no "size" config set/);
    const copy = { name: "w", source: { type: "copy", name: "v", pool: "default" } };
    await inside.patchStorageVolume("default", "v", { config: { size: "60MB" } });
    await shared.refuses("POST", `${volumes}?project=held`, copy, 400, new RegExp(create));
    const root = { root: { type: "disk", path: "/", pool: "default", size: "41MB" } };
    await refuses("POST", "/1.0/instances", body("a", {}, { devices: root }), /Reached maximum aggregate value/);
    const { client } = shared;
    await assert.rejects(
      client.patchProject("held", { config: { "limits.disk": "59MB" } }),
      /"limits.disk" is too low/,
    );
    const { resources } = await client.getProjectState("held");
    assert.deepEqual(resources.disk, { Limit: 100e6, Usage: 60e6 });

    await client.patchProject("held", { config: { "limits.disk": "60001kB" } });
    const image = { source: { type: "template", template: "busybox" } };
    await refuses("POST", "/1.0/images", image, /"limits.disk" of project "held" leaves 1000\. Raise the limit/);
    assert.deepEqual(await inside.listImages(), []);
    await client.patchProject("held", { config: { "limits.disk": "90MB" } });
    const made = await (await inside.createImage(image as never)).wait();
    await (await inside.deleteImage(String(made.metadata?.fingerprint))).wait();
    await inside.deleteStorageVolume("default", "v");
  }));

test("two changes at the same time do not come to more than a limit together", () =>
  withProject("twice", { "limits.disk": "100MB" }, async (inside) => {
    const devices = (size: string) => ({ devices: { root: { type: "disk", path: "/", pool: "default", size } } });
    for (const name of ["a", "b"]) await make(inside, name, {}, devices("40MB"));
    const grown = ["a", "b"].map((name) =>
      shared.send("PATCH", `/1.0/instances/${name}?project=twice`, devices("60MB")),
    );
    const codes = (await Promise.all(grown)).map(({ status }) => status);
    assert.deepEqual(codes.toSorted(), [200, 400]);
    // What was refused claims nothing any more.
    const refused = codes[0] === 400 ? "a" : "b";
    const { status } = await shared.send("PATCH", `/1.0/instances/${refused}?project=twice`, devices("35MB"));
    assert.equal(status, 200);
  }));

test("what all instances take together stays within the limits, at create and at update", () =>
  withProject("lim", bounds, async (inside) => {
    await make(inside, "a", half);
    for (const [key, value, most] of [
      ["limits.memory", "768MiB", "1GiB"],
      ["limits.cpu", "3", "4"],
      ["limits.processes", "51", "100"],
    ] as const)
      await shared.refusesAtOnce(
        "POST",
        "/1.0/instances?project=lim",
        body("b", { ...half, [key]: value }),
        400,
        new RegExp(`creation allowed: Reached maximum aggregate value "${most}" for "${key}" in project "lim"`),
      );
    await make(inside, "b", half);
    await shared.refuses(
      "PATCH",
      "/1.0/instances/a?project=lim",
      { config: { "limits.cpu": "3" } },
      400,
      /Failed checking if instance update allowed: Reached maximum aggregate value "4" for "limits.cpu"/,
    );
    await inside.patchInstance("a", { config: { "limits.cpu": "1" } });
    const { resources } = await shared.client.getProjectState("lim");
    assert.deepEqual(resources, {
      containers: { Limit: 5, Usage: 2 },
      cpu: { Limit: 4, Usage: 3 },
      disk: { Limit: -1, Usage: 0 },
      instances: { Limit: 6, Usage: 2 },
      memory: { Limit: 2 ** 30, Usage: 2 ** 30 },
      networks: { Limit: -1, Usage: 0 },
      processes: { Limit: 100, Usage: 100 },
      "virtual-machines": { Limit: -1, Usage: 0 },
    });
    await shared.refuses(
      "POST",
      "/1.0/instances?project=lim",
      { name: "copy", source: { type: "copy", source: "plain", project: "default" } },
      400,
      /Instance "copy" in project "lim" has no "limits.cpu"/,
    );
  }));

test("no more instances than the limits say, however many are made at once", () =>
  withProject("lim", { "limits.containers": "2" }, async () => {
    const told = await Promise.all(
      ["a", "b", "c", "d"].map((name) => shared.outcome("POST", "/1.0/instances?project=lim", body(name))),
    );
    assert.deepEqual(told.map(({ status }) => status).sort(), [200, 200, 400, 400]);
    await shared.refusesAtOnce(
      "POST",
      "/1.0/instances?project=lim",
      body("e"),
      400,
      /^Reached maximum number of instances of type "container" in project "lim"$/,
    );
    await shared.client.patchProject("lim", { config: { "limits.containers": "", "limits.instances": "2" } });
    await shared.refusesAtOnce(
      "POST",
      "/1.0/instances?project=lim",
      body("e"),
      400,
      /^Reached maximum number of instances in project "lim"$/,
    );
  }));

test("of two updates at once that exceed a limit together, one is refused", () =>
  withProject("lim", { "limits.memory": "1GiB" }, async (inside) => {
    for (const name of ["a", "b"]) await make(inside, name, { "limits.memory": "100MiB" });
    const told = await Promise.all(
      ["a", "b"].map((name) =>
        shared.outcome("PATCH", `/1.0/instances/${name}?project=lim`, { config: { "limits.memory": "600MiB" } }),
      ),
    );
    assert.deepEqual(told.map(({ status }) => status).sort(), [200, 400]);
  }));

test("a limit below what is there is refused", () =>
  withProject("lim", bounds, async (inside) => {
    await make(inside, "a", half);
    await make(inside, "b", { "limits.memory": "128MiB", "limits.cpu": "1", "limits.processes": "50" });
    const refuses = (config: Config, message: RegExp) =>
      shared.refusesAtOnce("PATCH", "/1.0/projects/lim", { config }, 400, message);
    await refuses({ "limits.memory": "600MiB" }, /^"limits.memory" is too low: current total is "640.0MiB"$/);
    await refuses({ "limits.cpu": "2" }, /^"limits.cpu" is too low: current total is "3"$/);
    await refuses({ "limits.processes": "60" }, /^"limits.processes" is too low: current total is "100"$/);
    await refuses(
      { "limits.containers": "1" },
      /^Can't change "limits.containers" in project "lim": "limits.containers" is too low: there currently are 2 instances of type container in project "lim"$/,
    );
    await refuses(
      { "limits.instances": "1" },
      /^Can't change limits.instances in project "lim": "limits.instances" is too low: there currently are 2 total instances in project "lim"$/,
    );
    await shared.client.patchProject("lim", { config: { "limits.cpu": "" } });
    await inside.patchInstance("b", { config: { "limits.cpu": "" } });
    await refuses({ "limits.cpu": "50" }, /^Instance "b" in project "lim" has no "limits.cpu" config/);
  }));

test("a profile is not changed so that its instances exceed a limit, in any project that sees it", () =>
  withProject("lim", { "limits.memory": "1GiB" }, async (inside) => {
    await inside.createProfile({ name: "big", config: { "limits.memory": "100MiB" } });
    await make(inside, "a", {}, { profiles: ["default", "big"] });
    const refuses = (config: Config, message: RegExp) =>
      shared.refusesAtOnce("PUT", "/1.0/profiles/big?project=lim", { config }, 400, message);
    const prefix = "^Failed checking if profile update allowed: ";
    await refuses({ "limits.memory": "2GiB" }, new RegExp(`${prefix}Reached maximum aggregate value "1GiB"`));
    await refuses({}, new RegExp(`${prefix}.*Instance "a" in project "lim" has no "limits.memory" config`));
    await withProject("guest", { "features.profiles": "false", "limits.memory": "256MiB" }, async (guest) => {
      await shared.client.createProfile({ name: "common", config: { "limits.memory": "100MiB" } });
      await make(guest, "a", {}, { profiles: ["default", "common"] });
      await shared.refusesAtOnce(
        "PUT",
        "/1.0/profiles/common",
        { config: { "limits.memory": "1GiB" } },
        400,
        /Reached maximum aggregate value "256MiB" for "limits.memory" in project "guest"/,
      );
      await (await guest.deleteInstance("a")).wait();
      await shared.client.deleteProfile("common");
    });
  }));

const hostFolder = { devices: { d: { type: "disk", source: "/tmp", path: "/mnt" } } };
const ownNic = { devices: { eth0: { type: "nic", nictype: "p2p" } } };

test("a restricted project has LXD's defaults: no nesting, privilege, low-level keys, host folders, own nics or snapshots", () =>
  withProject("res", { restricted: "true" }, async (inside) => {
    const refuses = (post: Record<string, unknown>, message: RegExp) =>
      shared.refusesAtOnce("POST", "/1.0/instances?project=res", post, 400, message);
    const on = 'on container "a" of project "res"';
    await refuses(
      body("a", { "security.nesting": "true" }),
      new RegExp(
        `creation allowed: Invalid value "true" for config "security.nesting" ${on}: Container nesting is forbidden`,
      ),
    );
    await refuses(
      body("a", { "security.privileged": "true" }),
      new RegExp(`${on}: Privileged containers are forbidden`),
    );
    await refuses(
      body("a", { "raw.lxc": "lxc.signal.halt=SIGUSR1" }),
      new RegExp(`Use of low-level config "raw.lxc" ${on} is forbidden`),
    );
    await refuses(
      body("a", { "raw.idmap": "both 1000 1000" }),
      new RegExp(`Use of low-level "raw.idmap" element 0 ${on} is forbidden`),
    );
    for (const [key, value] of [
      ["security.idmap.base", "1000000"],
      ["security.idmap.size", "1000"],
      ["linux.kernel_modules", "ext4"],
    ] as const)
      await refuses(body("a", { [key]: value }), new RegExp(`Use of low-level config "${key}" ${on} is forbidden`));
    await refuses(
      body("a", {}, hostFolder),
      new RegExp(`Invalid device "d" ${on}: Attaching disks not backed by a pool is forbidden`),
    );
    await refuses(
      body("a", {}, ownNic),
      new RegExp(`Invalid device "eth0" ${on}: Only managed network devices are allowed`),
    );
    await make(inside, "a", { "security.nesting": "false", "boot.autostart": "false" });
    await make(inside, "b", {}, { devices: { eth0: { type: "nic", network: "pnet" } } });
    await shared.refusesAtOnce(
      "POST",
      "/1.0/instances/a/snapshots?project=res",
      { name: "s" },
      400,
      /^Project "res" doesn't allow for snapshot creation$/,
    );
    await shared.refuses(
      "PATCH",
      "/1.0/instances/a?project=res",
      { config: { "security.nesting": "true" } },
      400,
      /Failed checking if instance update allowed: .*Container nesting is forbidden/,
    );
    await shared.refusesAtOnce(
      "PATCH",
      "/1.0/profiles/default?project=res",
      { config: { "security.privileged": "true" } },
      400,
      /Failed checking if profile update allowed: .*Privileged containers are forbidden/,
    );
    await shared.refusesAtOnce(
      "POST",
      "/1.0/profiles?project=res",
      { name: "bad", config: { "security.privileged": "true" } },
      400,
      /on profile "bad" of project "res": Privileged containers are forbidden/,
    );
  }));

test("each restriction is lifted by its own key, and comes back only when nothing breaks it", () =>
  withProject("res", { restricted: "true" }, async (inside) => {
    const set = (config: Config) => shared.client.patchProject("res", { config });
    const refuses = (config: Config, message: RegExp) =>
      shared.refusesAtOnce("PATCH", "/1.0/projects/res", { config }, 400, message);
    await set({
      "restricted.devices.disk": "allow",
      "restricted.devices.nic": "allow",
      "restricted.snapshots": "allow",
    });
    await make(inside, "a", {}, hostFolder);
    await (await inside.createSnapshot("a", { name: "s" })).wait();
    await refuses(
      { "restricted.devices.disk": "block" },
      /Conflict detected when changing "restricted.devices.disk" in project "res": Invalid device "d" on container "a" of project "res": Disk devices are forbidden/,
    );
    await (await inside.updateInstance("a", { ...(await inside.getInstance("a")).value, devices: {} })).wait();
    await set({ "restricted.devices.disk": "" });
    await shared.refuses(
      "PUT",
      "/1.0/instances/a?project=res",
      { restore: "s" },
      400,
      /Attaching disks not backed by a pool is forbidden/,
    );
    await make(inside, "b", {}, ownNic);
    await set({ "restricted.containers.nesting": "allow", "restricted.containers.lowlevel": "allow" });
    await make(inside, "c", { "security.nesting": "true", "raw.lxc": "lxc.signal.halt=SIGUSR1" });
    await refuses({ "restricted.containers.nesting": "block" }, /container "c" of project "res": Container nesting/);
    const intercepting = { "security.syscalls.intercept.mknod": "true" };
    await assert.rejects(make(inside, "i", intercepting), /Container syscall interception is forbidden/);
    await set({ "restricted.containers.interception": "allow" });
    await make(inside, "i", intercepting);
    const mounting = { "security.syscalls.intercept.mount": "true" };
    await assert.rejects(make(inside, "m", mounting), /Container syscall interception is forbidden/);
    const attaching = { "security.syscalls.intercept.bpf": "true" };
    await assert.rejects(make(inside, "m", attaching), /Container syscall interception is forbidden/);
    await set({ "restricted.containers.interception": "full" });
    await make(inside, "m", mounting);
    await refuses(
      { "restricted.containers.interception": "allow" },
      /container "m" of project "res": Container syscall/,
    );
    await refuses({ "restricted.containers.interception": "block" }, /Container syscall interception is forbidden/);
    await set({ "restricted.containers.privilege": "allow" });
    await make(inside, "d", { "security.privileged": "true" });
    await refuses({ "restricted.containers.privilege": "isolated" }, /Privileged containers are forbidden/);
    await set({ restricted: "false", "restricted.containers.privilege": "" });
    await refuses({ restricted: "true" }, /Conflict detected when changing "restricted" in project "res"/);
  }));

test("a restricted project sees and uses the networks that its keys leave it", () =>
  withProject("nets", {}, async (inside) => {
    const set = (config: Config) => shared.client.patchProject("nets", { config });
    const [unmanaged] = (await inside.listNetworks()).filter(({ managed }) => !managed).map(({ name }) => name);
    assert.ok(unmanaged !== undefined, "the namespace has an interface");
    const seen = async () => {
      const listed = (await inside.listNetworks()).map(({ name }) => name);
      for (const name of ["pnet", unmanaged])
        for (const url of [`/1.0/networks/${name}`, `/1.0/networks/${name}/state`]) {
          const { status } = await shared.send("GET", `${url}?project=nets`);
          assert.equal(status, listed.includes(name) ? 200 : 404, url);
        }
      return ["pnet", unmanaged].filter((name) => listed.includes(name));
    };
    const nic = (name: string) => ({ devices: { eth0: { type: "nic", nictype: "bridged", parent: name } } });
    const both = ["pnet", unmanaged];
    assert.deepEqual(await seen(), both);
    await set({ "restricted.devices.nic": "block" });
    assert.deepEqual(await seen(), both, "without restricted nothing counts");
    await set({ restricted: "true" });
    assert.deepEqual(await seen(), []);
    await set({ "restricted.devices.nic": "managed" });
    assert.deepEqual(await seen(), ["pnet"]);
    await set({ "restricted.devices.nic": "allow" });
    assert.deepEqual(await seen(), both);
    await set({ "restricted.networks.access": `other, ${unmanaged}` });
    assert.deepEqual(await seen(), [unmanaged]);
    await set({ "restricted.networks.access": "other" });
    assert.deepEqual(await seen(), []);
    for (const [method, url, request, status] of [
      ["PATCH", "/1.0/networks/pnet", { config: { "user.a": "b" } }, 404],
      ["POST", "/1.0/networks/pnet", { name: "mine" }, 404],
      ["DELETE", "/1.0/networks/pnet", undefined, 404],
      ["GET", "/1.0/networks/pnet/leases", undefined, 404],
      ["POST", "/1.0/networks", { name: "mine" }, 403],
    ] as const)
      assert.equal((await shared.send(method, `${url}?project=nets`, request)).status, status, `${method} ${url}`);
    for (const device of [nic("pnet"), { devices: { eth0: { type: "nic", network: "pnet" } } }])
      await shared.refuses(
        "PATCH",
        "/1.0/profiles/default?project=nets",
        device,
        400,
        /Invalid device "eth0" on profile "default" of project "nets": Network not allowed in project/,
      );
    await set({ restricted: "false" });
    await set({ "limits.networks": "3" });
    assert.deepEqual((await shared.client.getProjectState("nets")).resources.networks, { Limit: 3, Usage: 0 });
  }));
