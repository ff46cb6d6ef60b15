import assert from "node:assert/strict";
import { test } from "node:test";
import { useEngine } from "../../scripts/scene/engine";
import { withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";
import { lacksContainers } from "./support/lacks";
import { TestStack } from "./support/stack";

const skip = lacksContainers() || requireFeature("pulumi", useEngine());

const still = 'running: false, wait: { for: "nothing" }';

test("what up will replace, the preview shows as replaced, and nothing else", { skip }, (t) =>
  withDaemon({ bare: false }, (daemon) =>
    TestStack.with({ BOTHY_ENDPOINT: `unix://${daemon.socket}` }, async (stack) => {
      const image = (aliases: string) =>
        `const image = new bothy.Image("image", { template: "busybox", aliases: [${aliases}] });`;
      const web = (from: string, more = "") =>
        `const web = new bothy.Container("web", { name: "web", ${from}, ${still} ${more} });`;

      await t.test("a container from a name, then from an image that is made in the same run", async () => {
        await stack.must(stack.up(web('image: "template:busybox"')));
        const program = `${image('"one"')}\n${web("image")}`;
        const planned = await stack.must(stack.preview(program));
        assert.deepEqual(planned.steps, { image: "create", web: "replace" });
        assert.deepEqual((await stack.must(stack.up())).steps, planned.steps);
      });

      await t.test("containers of an image that only gets another alias, however they name it", async () => {
        const hows = ["image", "image: image.fingerprint", "image: image.id"];
        const all = hows.map(
          (how, index) => `new bothy.Container("by${index}", { name: "by${index}", ${how}, ${still} });`,
        );
        await stack.must(stack.up(`${image('"one"')}\n${all.join("\n")}`));
        const planned = await stack.must(stack.preview(`${image('"two"')}\n${all.join("\n")}`));
        assert.deepEqual(planned.steps, { image: "update" });
        assert.deepEqual((await stack.must(stack.up())).steps, planned.steps);
      });

      const family = (more: string) => `${web('image: "template:busybox"', more)}
        new bothy.Snapshot("before", { instance: web, name: "before" });
        new bothy.Container("copy", { name: "copy", source: { instance: web }, ${still} });`;

      await t.test("a snapshot and a copy of a container that is only changed", async () => {
        await stack.must(stack.up(family(', config: { "user.a": "1" }')));
        const planned = await stack.must(stack.preview(family(', config: { "user.a": "2" }')));
        assert.deepEqual(planned.steps, { web: "update" });
        assert.deepEqual((await stack.must(stack.up())).steps, planned.steps);
        assert.deepEqual((await stack.must(stack.preview())).steps, {}, "and then nothing");
      });

      await t.test("a container that is made anew takes its snapshot with it and leaves its copy", async () => {
        const { created_at } = (await daemon.client.getInstance("copy")).value;
        const planned = await stack.must(stack.preview(family(", ephemeral: true").replace(/running: false,/, "")));
        assert.deepEqual(planned.steps, { web: "replace", before: "replace" });
        assert.deepEqual((await stack.must(stack.up())).steps, planned.steps);
        assert.equal((await daemon.client.getInstance("copy")).value.created_at, created_at);
        assert.deepEqual((await stack.must(stack.preview())).steps, {}, "and then nothing");
      });

      await t.test("an option of a device that is not known yet is an update", async () => {
        const nic = (address: string) =>
          `const net = new bothy.Network("net", { name: "net", config: { "ipv4.address": "10.61.1.1/24" } });
          const other = new bothy.Container("other", { image: "template:busybox" });
          new bothy.Container("web", { name: "web", image: "template:busybox", ${still},
            devices: { root: { type: "disk", path: "/", pool: "default" }, eth0: { type: "nic", network: net, name: "eth0", "user.x": undefined, ${address} } } });`;
        await stack.must(stack.up(nic("")));
        const planned = await stack.must(
          stack.preview(
            nic('hwaddr: other.macAddress.apply((mac) => mac.replace(/..$/, "fe"))').replace(
              '"other", {',
              '"other", { name: "other2",',
            ),
          ),
        );
        assert.deepEqual(planned.steps, { other: "replace", web: "update" });
        assert.deepEqual((await stack.must(stack.up())).steps, planned.steps);
      });

      await t.test("the pool of a root disk that is made in the same run", async () => {
        const of = (driver: string, name: string) => `
          const pool = new bothy.StoragePool("pool", { name: "${name}", driver: "${driver}" });
          new bothy.Container("web", { name: "web", image: "template:busybox", ${still},
            profiles: [], devices: { root: { type: "disk", path: "/", pool } } });`;
        await stack.must(stack.up(of("dir", "mine")));
        const planned = await stack.must(stack.preview(of("overlay", "mine")));
        assert.deepEqual(planned.steps, { pool: "replace", web: "replace" });
        assert.deepEqual((await stack.must(stack.up())).steps, planned.steps);
        assert.deepEqual((await stack.must(stack.preview())).steps, {}, "and then nothing");
      });

      await stack.must(stack.destroy());
    }),
  ),
);
