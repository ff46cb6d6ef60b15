/** security.nesting: daemons in containers, three deep, each of which makes, runs and deletes containers as the host's does. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import type { Client } from "../../sdk/index";
import { withDaemon } from "../support/daemon";
import { Nest, writeNestImage } from "../support/nested";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);
const folder = mkdtempSync(path.join(tmpdir(), "bothy-nested-"));
const image = path.join(folder, "nest.tar.gz");

before(() => writeNestImage(image));
after(() => rmSync(folder, { recursive: true }));

/** A container's whole life, with its network. @param depth of the daemon */
async function wholeLife(client: Client, depth: number): Promise<void> {
  const name = `leaf${depth}`;
  const sh = async (script: string) => {
    const { code, stdout, stderr } = await client.execOutput(name, { command: ["sh", "-c", script] });
    assert.equal(code, 0, `${script}: ${stdout}${stderr}`);
    return String(stdout).trim();
  };
  await (await client.createInstance({ name, source: { type: "image", alias: "template:busybox" } })).wait();
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
