/** security.nesting: daemons in containers, three deep, each of which makes, runs and deletes containers as the host's does. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import type { Client, Config } from "../../sdk/index";
import { withDaemon } from "../support/daemon";
import { Nest, writeNestImage } from "../support/nested";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);
const folder = mkdtempSync(path.join(tmpdir(), "bothy-nested-"));
const image = path.join(folder, "nest.tar.gz");

before(() => writeNestImage(image));
after(() => rmSync(folder, { recursive: true }));

/** A container's whole life, with its network. @param depth of the daemon */
async function wholeLife(client: Client, depth: number, config: Config = {}): Promise<void> {
  const name = `leaf${depth}`;
  const sh = async (script: string) => {
    const { code, stdout, stderr } = await client.execOutput(name, { command: ["sh", "-c", script] });
    assert.equal(code, 0, `${script}: ${stdout}${stderr}`);
    return String(stdout).trim();
  };
  await (await client.createInstance({ name, source: { type: "image", alias: "template:busybox" }, config })).wait();
  await (await client.setInstanceState(name, { action: "start" })).wait();
  const { network } = await client.waitInstance(name, { for: "ipv4", timeoutSeconds: 30 });
  const address = network?.eth0?.addresses.find(({ family, scope }) => family === "inet" && scope === "global");
  assert.ok(address, JSON.stringify(network));
  assert.match(await sh("ip -4 addr show dev eth0"), new RegExp(address.address));
  await sh('gateway=$(ip route | sed -n "s/default via \\([^ ]*\\).*/\\1/p"); ping -c 1 -W 5 "$gateway"');
  assert.equal(await sh("id -u; stat -c %u:%g /bin/busybox /root"), "0\n0:0\n0:0");
  await client.putFile(name, "/root/note", "kept", { mode: 0o640, uid: 12, gid: 34 });
  await sh("chown 1000:1000 /tmp/. && touch /tmp/mine && mkdir /root/dir && rm -r /root/dir");
  await (await client.setInstanceState(name, { action: "stop", force: true })).wait();
  await (await client.setInstanceState(name, { action: "start" })).wait();
  assert.equal(await sh("stat -c '%a %u:%g' /root/note && cat /root/note && stat -c %u /tmp"), "640 12:34\nkept1000");
  await (await client.setInstanceState(name, { action: "stop", force: true })).wait();
  await (await client.deleteInstance(name)).wait();
}

test("a container in a container in a container is made, started, asked, stopped and deleted at each depth", {
  skip,
}, async (t) => {
  let since = Date.now();
  const lap = (what: string) => {
    t.diagnostic(`${what}: ${((Date.now() - since) / 1000).toFixed(2)} s`);
    since = Date.now();
  };
  await withDaemon({ bare: false }, async (daemon) => {
    const nests: Nest[] = [];
    lap("the host's daemon");
    for (const depth of [1, 2, 3]) {
      nests.push(await Nest.start(nests.at(-1) ?? daemon, `nest${depth}`, folder, image));
      lap(`daemon at depth ${depth}`);
      await wholeLife(nests.at(-1)!.client, depth);
      lap(`a life at depth ${depth}`);
    }
    for (const nest of nests.toReversed()) await nest.remove();
  });
});

test("a container with the strict list of system calls that nests makes containers, with the same list", { skip }, () =>
  withDaemon({ bare: false }, async (daemon) => {
    const strict = { "security.syscalls.profile": "strict" };
    const nest = await Nest.start(daemon, "nest", folder, image, {}, strict);
    await wholeLife(nest.client, 1, strict);
    await nest.remove();
  }),
);

test("whatever an inner daemon does with files, a container sees them by the ids that it gave them", { skip }, () =>
  withDaemon({ bare: false }, async (daemon) => {
    await daemon.client.createStoragePool({ name: "plain", driver: "dir", config: {} });
    const root = { type: "disk", path: "/", pool: "plain" };
    const nest = await Nest.start(daemon, "nest", folder, image, { root });
    const { client } = nest;
    const doctor = await nest.run("bothy doctor");
    assert.match(doctor, /^ok +ids for containers .* 983040, in a container$/m);
    assert.doesNotMatch(doctor, /^missing/m);
    assert.equal((await client.listStoragePools())[0]?.driver, "overlay", "which the kernel has on what is no overlay");
    await client.createStoragePool({ name: "plain", driver: "dir", config: {} });
    const run = async (name: string, script: string) => {
      const { code, stdout, stderr } = await client.execOutput(name, { command: ["sh", "-c", script] });
      assert.equal(code, 0, `${name}: ${script}: ${stdout}${stderr}`);
      return String(stdout).trim();
    };
    const look = "stat -c '%u:%g %a' / /root/mine /root/other /srv && ls /usr/share";
    const seen = "0:0 755\n0:0 640\n1000:1001 600\n33:33 750";
    const start = async (name: string) => (await client.setInstanceState(name, { action: "start" })).wait();
    const stop = async (name: string) => (await client.setInstanceState(name, { action: "stop", force: true })).wait();

    const source = { type: "image" as const, alias: "template:busybox" };
    await (await client.createInstance({ name: "first", source })).wait();
    await start("first");
    // A folder of the image that is made anew hides what it had: in an overlay by a mark.
    await run("first", "rm -r /usr/share && mkdir /usr/share && touch /usr/share/new");
    await run(
      "first",
      "umask 027; touch /root/mine; mkdir /srv; chown 33:33 /srv; touch /root/other; chmod 600 /root/other; chown 1000:1001 /root/other",
    );
    assert.equal(await run("first", look), `${seen}\nnew`);
    await stop("first");

    await (await client.createSnapshot("first", { name: "kept" })).wait();
    await (await client.createInstance({ name: "copy", source: { type: "copy", source: "first" } })).wait();
    const elsewhere = { root: { type: "disk", path: "/", pool: "plain" } };
    await (
      await client.createInstance({ name: "far", source: { type: "copy", source: "first" }, devices: elsewhere })
    ).wait();
    const { metadata } = await (await client.createImage({ source: { type: "instance", name: "first" } })).wait();
    const published = { type: "image" as const, fingerprint: String(metadata?.fingerprint) };
    await (await client.createInstance({ name: "published", source: published })).wait();
    for (const name of ["first", "copy", "far", "published"]) {
      assert.equal(String((await client.getFile(name, "/root/other")).uid), "1000");
      await start(name);
      assert.equal(await run(name, look), `${seen}\nnew`, name);
      await stop(name);
    }

    await client.createStorageVolume("default", {
      name: "shared",
      config: { "initial.uid": "12", "initial.gid": "34", "initial.mode": "0750" },
    });
    const data = { type: "disk", pool: "default", source: "shared", path: "/data" };
    await client.patchInstance("copy", { devices: { data } });
    await start("copy");
    assert.equal(await run("copy", "stat -c '%u:%g %a' /data"), "12:34 750");

    for (const [key, value, cause] of [
      ["security.privileged", "true", /its containers cannot be privileged. Remove security.privileged/],
      ["security.idmap.base", "200000", /all its containers have the same ids. Remove security.idmap.base/],
      ["raw.idmap", "both 1000 1000", /all its containers have the same ids. Remove raw.idmap/],
      ["security.idmap.size", "2000000", /which has 1048576 ids, and 2065536 are needed/],
    ] as const) {
      const post = { name: "refused", source, config: { [key]: value } };
      await assert.rejects(async () => (await client.createInstance(post)).wait(), cause);
      await assert.rejects(client.patchInstance("first", { config: { [key]: value } }), cause);
    }
    await nest.remove();
  }),
);
