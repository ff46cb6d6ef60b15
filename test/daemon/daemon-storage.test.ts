/** Custom volumes as homes of images and backups: what is there moves, and nobody takes the volume away. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { preparePool } from "../support/daemon";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";

const skip = requireFeature("root", process.getuid?.() === 0);
const image = { type: "image", alias: "template:busybox" };
const volumes = "/1.0/storage-pools/default/volumes/custom";

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "dir");
  for (const [name, config] of [
    ["images", { size: "200MiB" }],
    ["backups", {}],
    ["full", {}],
  ] as const)
    await daemon.request("POST", volumes, { name, config });
  writeFileSync(path.join(contentOf("full"), "mine"), "x");
  await (await daemon.client.createInstance({ name: "web", source: image })).wait();
  await backup("before");
});

/** One with a size has a file system of its own. */
function contentOf(name: string): string {
  const folder = path.join(shared.daemon.dir, "storage-pools/default/custom", `default_${name}`);
  const own = path.join(folder, "disk", "rootfs");
  return existsSync(own) ? own : path.join(folder, "rootfs");
}
const ofState = (...parts: string[]) => path.join(shared.daemon.dir, ...parts);
const set = (config: Record<string, string>) => shared.send("PATCH", "/1.0", { config });
const imagesIn = (folder: string) => readdirSync(folder).filter((name) => /^[0-9a-f]{64}/.test(name));

async function backup(name: string): Promise<void> {
  const told = await shared.outcome("POST", "/1.0/instances/web/backups", { name });
  assert.equal(told.error, "");
}

const isExported = async (name: string) =>
  (await shared.send("GET", `/1.0/instances/web/backups/${name}/export`)).status === 200;

/** A second container of the same image, which is unpacked anew into the pool or found there. */
async function launches(name: string): Promise<void> {
  await (await shared.client.createInstance({ name, source: image })).wait();
  await (await shared.client.deleteInstance(name)).wait();
}

test("a volume that cannot be the home of images is refused, and nothing has moved", { skip }, async () => {
  await shared.send("POST", volumes, { name: "blocks", content_type: "block", config: { size: "8MiB" } });
  const before = imagesIn(ofState("images"));
  assert.ok(before.length > 0);
  for (const [value, message] of [
    ["default", /Invalid syntax for volume, must be <pool>\/<volume>/],
    ["nosuch/images", /not found/],
    ["default/nosuch", /not found/],
    ["default/full", /Storage volume "default\/full" is not empty: it holds "mine"/],
    ["default/blocks", /holds blocks/],
  ] as const) {
    const { status, json } = await set({ "storage.images_volume": value });
    assert.ok(status === 400 || status === 404, `${value}: ${status}`);
    assert.match(String(json.error), message);
  }
  const { json } = await set({ "storage.images_volume": "default/images", "storage.backups_volume": "default/images" });
  assert.match(String(json.error), /Give each a volume of its own/);
  assert.deepEqual(imagesIn(ofState("images")), before);
});

test("images and backups move into their volumes at once, are used there after a restart, and move back", {
  skip,
}, async () => {
  const names = imagesIn(ofState("images"));
  // What a try left that a crash broke off.
  for (const name of [`${names[0]}.coming`, names[0] ?? ""])
    writeFileSync(path.join(contentOf("images"), name), "half");
  const { status } = await set({
    "storage.images_volume": "default/images",
    "storage.backups_volume": "default/backups",
  });
  assert.equal(status, 200);
  assert.deepEqual(imagesIn(contentOf("images")), names);
  assert.deepEqual(imagesIn(ofState("images")), []);
  assert.ok(existsSync(path.join(contentOf("backups"), "instances/web/before")));
  assert.ok(!existsSync(ofState("backups/instances/web")));
  await launches("after");
  await backup("within");
  // What a crash left behind where images were follows at the start.
  await shared.daemon.kill();
  writeFileSync(ofState("images", names[0] ?? ""), "");
  await shared.daemon.start();
  assert.ok(await isExported("before"));
  assert.ok(await isExported("within"));
  await launches("again");
  await shared.daemon.stop("SIGPWR");
  await shared.daemon.start();
  assert.ok(await isExported("within"));
  await launches("oncemore");
  assert.deepEqual(imagesIn(contentOf("images")), names);

  const { json } = await shared.send("GET", `${volumes}/images`);
  assert.deepEqual((json.metadata as { used_by: string[] }).used_by, ["/1.0"]);
  await shared.refuses("DELETE", `${volumes}/images`, undefined, 400, /The storage volume is still in use/);
  await shared.refuses("POST", `${volumes}/images`, { name: "other" }, 400, /still in use/);
  const devices = { stolen: { type: "disk", pool: "default", source: "images", path: "/mnt" } };
  await shared.refuses("PATCH", "/1.0/instances/web", { devices }, 400, /used by the daemon itself/);

  assert.equal((await set({ "storage.images_volume": "", "storage.backups_volume": "" })).status, 200);
  assert.deepEqual(imagesIn(ofState("images")), names);
  assert.deepEqual(imagesIn(contentOf("images")), []);
  assert.ok(await isExported("within"));
  await launches("last");
  assert.equal((await shared.send("DELETE", `${volumes}/images`)).status, 200);
});
