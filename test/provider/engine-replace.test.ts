import assert from "node:assert/strict";
import { test } from "node:test";
import { useEngine } from "../../scripts/scene/engine";
import { withDaemon } from "../support/daemon";
import { isLong } from "../support/long";
import { requireFeature } from "../support/require";
import { lacksContainers } from "./support/lacks";
import { TestStack } from "./support/stack";

const skip = lacksContainers() || requireFeature("pulumi", useEngine());

test("what is replaced and what replaces it", { skip }, (t) =>
  withDaemon({ bare: false }, async (daemon) => {
    await t.test("what is in use gets another name, its users move over, and then the old one goes", () =>
      TestStack.with({ BOTHY_ENDPOINT: `unix://${daemon.socket}` }, async (program) => {
        const { client } = daemon;
        const named = (suffix: string, subnet: string) => `
        const pool = new bothy.StoragePool("pool", { name: "pool${suffix}", driver: "dir" });
        const network = new bothy.Network("net", { name: "net${suffix}", config: { "ipv4.address": "${subnet}" } });
        const limits = new bothy.Profile("limits", { name: "limits${suffix}", config: { "limits.memory": "64MiB" } });
        const storage = new bothy.Profile("storage", {
          name: "storage${suffix}",
          devices: { root: { type: "disk", path: "/", pool } },
        });
        const nics = new bothy.Profile("nics", {
          name: "nics${suffix}",
          devices: { eth0: { type: "nic", name: "eth0", network } },
        });
        const web = new bothy.Container("web", { name: "web", image: "template:busybox", profiles: ["default", limits, nics] });
        exports.address = web.ipv4Address;
      `;
        await program.must(program.up(named("1", "10.94.1.1/24")));
        const { pid } = await client.getInstanceState("web");
        // The same subnet, which two networks cannot have at once.
        const { steps } = await program.must(program.up(named("2", "10.94.1.1/24")));
        for (const name of ["pool", "net", "limits", "storage", "nics"]) assert.equal(steps[name], "replace", name);
        assert.equal((await client.getInstanceState("web")).pid, pid, "it ran on");
        const names = async (list: Promise<{ name: string }[]>) => (await list).map(({ name }) => name);
        assert.deepEqual(await names(client.listProfiles()), ["default", "limits2", "nics2", "storage2"]);
        assert.deepEqual(await names(client.listStoragePools()), ["default", "pool2"]);
        const { value: network } = await client.getNetwork("net2");
        assert.equal(network.config["ipv4.address"], "10.94.1.1/24");
        await assert.rejects(client.getNetwork("net1"), { code: "NOT_FOUND" });
        await client.waitInstance("web", { for: "ipv4", timeoutSeconds: 60 });
        if (isLong) {
          await program.must(program.refresh());
          await program.noChanges();
        }
        await program.must(program.destroy());
      }),
    );

    await t.test("replaceOnChanges replaces for what changes below its paths, and for nothing else", () =>
      TestStack.with({ BOTHY_ENDPOINT: `unix://${daemon.socket}` }, async (program) => {
        const source = (config: object, description = "") => `
        new bothy.Container("web", {
          name: "web", image: "template:busybox", running: false,
          config: ${JSON.stringify(config)}, description: "${description}",
        }, { replaceOnChanges: ['config["limits.memory"]'] });
        new bothy.Profile("base", { config: ${JSON.stringify(config)} }, { replaceOnChanges: ["config"] });
      `;
        await program.must(program.up(source({ "limits.memory": "64MiB" })));
        const uuid = async () => (await daemon.client.getInstance("web")).value.config["volatile.uuid"];
        const before = await uuid();
        const other = source({ "limits.memory": "64MiB", "user.note": "x" }, "y");
        assert.deepEqual((await program.must(program.up(other))).steps, { web: "update", base: "replace" });
        assert.equal(await uuid(), before);
        const more = source({ "limits.memory": "96MiB" });
        if (isLong)
          assert.deepEqual((await program.must(program.preview(more))).steps, { web: "replace", base: "replace" });
        assert.deepEqual((await program.must(program.up(more))).steps, { web: "replace", base: "replace" });
        assert.notEqual(await uuid(), before);
        await program.must(program.destroy());
      }),
    );

    await t.test("what would have no successor is not deleted for it", () =>
      TestStack.with({ BOTHY_ENDPOINT: `unix://${daemon.socket}` }, async (program) => {
        const { client } = daemon;
        const container = (image: string, more = "") =>
          `new bothy.Container("web", { name: "web", image: "${image}", wait: { for: "nothing" }, ${more} });\n`;
        const image = (template: string) =>
          `new bothy.Image("image", { template: "${template}", aliases: ["mine"] });\n`;
        await program.must(program.up(container("template:busybox") + image("busybox")));
        const { pid } = await client.getInstanceState("web");
        const [fingerprint] = (await client.listImages()).map((one) => one.fingerprint);
        const untouched = async () => {
          assert.equal((await client.getInstanceState("web")).pid, pid, "it runs on");
          assert.equal((await client.getImageAlias("mine")).value.target, fingerprint);
        };
        const cases: Record<string, [source: string, says: RegExp]> = {
          "an image that is not there": [container("nosuch") + image("busybox"), /image: .*not found/i],
          "a profile that is not there": [
            container("template:busybox", 'ephemeral: true, profiles: ["nosuch"]') + image("busybox"),
            /"nosuch" doesn't exist/,
          ],
          "a template that is not there": [container("template:busybox") + image("nosuch"), /template: .*nosuch/],
        };
        for (const [what, [source, says]] of Object.entries(cases)) {
          const { error } = await program.failing("up", source);
          assert.match(error ?? "", says, what);
          await untouched();
        }
        await program.must(program.destroy());
        assert.deepEqual(await client.listInstances(), []);
      }),
    );
  }),
);
