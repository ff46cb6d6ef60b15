import assert from "node:assert/strict";
import { test } from "node:test";
import { useEngine } from "../../scripts/scene/engine";
import { withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";
import { lacksContainers } from "./support/lacks";
import { TestStack } from "./support/stack";

const skip = lacksContainers() || requireFeature("pulumi", useEngine());

/** Lines of a stack, as Node prints them. */
const stackLine = /^\s+at .*(\(|node:|file:|\/).*:\d+/m;

test("what is wrong with a program is said in one preview, by property, and without a stack", { skip }, (t) =>
  withDaemon({ bare: false }, (daemon) =>
    TestStack.with({ BOTHY_ENDPOINT: `unix://${daemon.socket}` }, async (stack) => {
      stack.inOwnProcess = true;
      const failed = async (run: Promise<{ output: string; error?: string }>): Promise<string> => {
        const { output, error } = await run;
        assert.ok(error !== undefined, "it failed");
        assert.doesNotMatch(`${output}${error}`, stackLine);
        return `${output}${error}`;
      };

      await t.test("all wrong resources at once, those with values from secrets and interpolations too", async () => {
        const said = await failed(
          stack.preview(`
            const late = pulumi.secret("lots");
            new bothy.Profile("right", {});
            new bothy.Profile("small", { config: { "limits.memory": late, "limits.mem": "1GiB" } });
            new bothy.Network("lan", { config: { "ipv4.address": "10.0.0.0/24" } });
            new bothy.StoragePool("pool", { driver: "btfrs" });
            new bothy.Container("web", { imge: "template:busybox", profiles: "default" });
            new bothy.Container("listed", { image: "i", profiles: pulumi.output(7), devices: null, wait: [] });
            new bothy.Container("far", { image: "template:busybox", endpoint: "ftp://there" });
            new bothy.Image("image", { sourceFile: "missing.tar" });
            new bothy.Snapshot("before", { instance: "web", expiresAt: "soon" });`),
        );
        for (const part of [
          /limits\.memory.*must be a size/,
          /limits\.mem\b.*Did you mean "limits\.memory"/,
          /ipv4\.address.*subnet's own address/,
          /driver.*Did you mean "btrfs"/,
          /imge.*is not a property here\. Did you mean "image"/,
          /web.*profiles.*must be a list/,
          /listed.*profiles.*must be a list/,
          /wait.*must be a map/,
          /endpoint.*unknown scheme "ftp"/,
          /sourceFile.*cannot be read: ENOENT/,
          /expiresAt.*must be a time/,
        ])
          assert.match(said, part);
        assert.doesNotMatch(said, /lots/);
      });

      await t.test("so many that nobody reads them: fifty of the others, and how many there are", async () => {
        const said = await failed(
          stack.preview('for (let at = 0; at < 80; at++) new bothy.StoragePool("pool" + at, { driver: "btfrs" });'),
        );
        const others = said.split(/Also wrong: /).slice(1);
        assert.match(said, /Also wrong: 29 more\. Mend these/);
        assert.equal(others.length % 51, 0, `fifty and one more: ${others.length}`);
      });

      await t.test("arguments that are none", async () => {
        assert.match(
          await failed(stack.preview('new bothy.Container("web", "template:busybox");')),
          /Container "web": its arguments must be a map/,
        );
      });

      await t.test("an image that is not there", async () => {
        assert.match(
          await failed(stack.up('new bothy.Container("web", { name: "web", image: "nosuch" });')),
          /Cannot create container "web": image: .*not found/i,
        );
      });
    }),
  ),
);
