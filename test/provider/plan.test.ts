import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { useEngine } from "../../scripts/scene/engine";
import { withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";
import { tinyImage } from "./support/image";
import { lacksContainers } from "./support/lacks";
import { type Ran, type Steps, TestStack } from "./support/stack";

const skip = lacksContainers() || requireFeature("pulumi", useEngine());

/** A part of a program before and after a change, and what becomes of its resources. */
interface Change {
  readonly before: string;
  readonly after: string;
  readonly steps: Steps;
}

const still = 'running: false, wait: { for: "nothing" }';
const busybox = 'image: "template:busybox"';

/** A container under a name of its own in the whole program, which is its variable as well. */
const container = (name: string, inputs: string) =>
  `const ${name} = new bothy.Container("${name}", { name: "${name}", ${inputs} });`;

const family = (name: string, inputs: string) => `
  ${container(name, `${busybox}, ${inputs}`)}
  new bothy.Snapshot("${name}-before", { instance: ${name}, name: "before" });
  ${container(`${name}copy`, `source: { instance: ${name} }, ${still}`)}`;

/** Containers that name their image in each of the ways. */
const byImage = (alias: string) => `
  const image = new bothy.Image("image", { template: "busybox", aliases: ["${alias}"] });
  ${["image", "image: image.fingerprint", "image: image.id"].map((how, at) => container(`by${at}`, `${how}, ${still}`)).join("\n")}`;

const withNic = (other: string, address: string) => `
  const net = new bothy.Network("net", { name: "net", config: { "ipv4.address": "10.61.1.1/24" } });
  const other = new bothy.Container("other", { ${other} ${busybox} });
  ${container(
    "nic",
    `${busybox}, ${still}, devices: {
       root: { type: "disk", path: "/", pool: "default" },
       eth0: { type: "nic", network: net, name: "eth0", "user.x": undefined, ${address} },
     }`,
  )}`;

const inPool = (driver: string) => `
  const pool = new bothy.StoragePool("pool", { name: "mine", driver: "${driver}" });
  ${container("pooled", `${busybox}, ${still}, profiles: [], devices: { root: { type: "disk", path: "/", pool } }`)}`;

/** @param file a tarball of an image */
const changes = (file: string): Readonly<Record<string, Change>> => ({
  "a container from a name, then from an image that is made in the same run": {
    before: container("named", `${busybox}, ${still}`),
    after: `const image = new bothy.Image("tiny", { sourceFile: ${JSON.stringify(file)} });
      ${container("named", `image, ${still}`)}`,
    steps: { tiny: "create", named: "replace" },
  },
  "containers of an image that only gets another alias, however they name it": {
    before: byImage("one"),
    after: byImage("two"),
    steps: { image: "update" },
  },
  "a snapshot and a copy of a container that is only changed": {
    before: family("changed", `${still}, config: { "user.a": "1" }`),
    after: family("changed", `${still}, config: { "user.a": "2" }`),
    steps: { changed: "update" },
  },
  "a container that is made anew takes its snapshot with it and leaves its copy": {
    before: family("anew", still),
    after: family("anew", 'wait: { for: "nothing" }, ephemeral: true'),
    steps: { anew: "replace", "anew-before": "replace" },
  },
  "an option of a device that is not known yet is an update": {
    before: withNic("", ""),
    after: withNic('name: "other2",', 'hwaddr: other.macAddress.apply((mac) => mac.replace(/..$/, "fe"))'),
    steps: { other: "replace", nic: "update" },
  },
  "the pool of a root disk that is made in the same run": {
    before: inPool("dir"),
    after: inPool("overlay"),
    steps: { pool: "replace", pooled: "replace" },
  },
});

/** The steps of a part of the program alone. */
function stepsOf({ before, after }: Change, { steps }: Ran): Steps {
  const names = new Set([...`${before}${after}`.matchAll(/new bothy\.\w+\("([^"]+)"/g)].map(([, name]) => name));
  return Object.fromEntries(Object.entries(steps).filter(([name]) => names.has(name)));
}

test("what up will replace, the preview shows as replaced, and nothing else", { skip }, (t) =>
  withDaemon({ bare: false }, (daemon) =>
    TestStack.with({ BOTHY_ENDPOINT: `unix://${daemon.socket}` }, async (stack) => {
      const file = path.join(path.dirname(daemon.dir), "tiny.tar");
      writeFileSync(file, await tinyImage({ description: "tiny" }));
      const cases = Object.entries(changes(file));
      // All of them in one program: each run of the engine costs seconds.
      const program = (which: "before" | "after") => cases.map(([, change]) => `{ ${change[which]} }`).join("\n");
      await stack.must(stack.up(program("before")));
      const { created_at } = (await daemon.client.getInstance("anewcopy")).value;
      const planned = await stack.must(stack.preview(program("after")));
      const done = await stack.must(stack.up());
      for (const [title, change] of cases)
        await t.test(title, () => {
          assert.deepEqual(stepsOf(change, planned), change.steps, "in the preview");
          assert.deepEqual(stepsOf(change, done), change.steps, "in the up");
        });
      assert.deepEqual(done.steps, planned.steps);
      assert.equal((await daemon.client.getInstance("anewcopy")).value.created_at, created_at);
      await stack.noChanges();
      await stack.must(stack.destroy());
    }),
  ),
);
