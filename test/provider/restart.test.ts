import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Props } from "../../provider/core/engine/values";
import { withDaemon } from "../support/daemon";
import { DynamicProcess } from "./support/dynamic-process";
import { lacksContainers } from "./support/lacks";
import { Managed } from "./support/managed";

test(
  "what counts from a container's start on restarts it only when the program allows that",
  { skip: lacksContainers() },
  (t) =>
    withDaemon({ bare: false }, async ({ client, socket }) => {
      await using provider = await DynamicProcess.start({ env: { BOTHY_ENDPOINT: `unix://${socket}` } });
      const web = new Managed(provider, "container");
      const given = (config: Props, allowRestart?: boolean): Props => ({
        name: "web",
        image: "template:busybox",
        config,
        ...(allowRestart === undefined ? {} : { allowRestart }),
      });
      const pid = async () => (await client.getInstanceState("web")).pid;
      const openFiles = async () =>
        String((await client.execOutput("web", { command: ["sh", "-c", "grep files /proc/1/limits"] })).stdout).split(
          /\s+/,
        )[3];
      const said = async (work: Promise<unknown>): Promise<string> => {
        const before = provider.output.length;
        await work;
        // What a process prints may come after its answer.
        for (const end = Date.now() + 10_000; provider.output.length === before && Date.now() < end; ) await sleep(10);
        return provider.output.slice(before).join("");
      };
      await web.up(given({}));
      let first = await pid();

      await t.test(
        "a key that the server takes meanwhile is stored, said, and followed after the next start",
        async () => {
          const told = await said(web.up(given({ "limits.kernel.nofile": "777" })));
          assert.match(
            told,
            /limits\.kernel\.nofile counts for container "web" from its next start on\. With allowRestart: true/,
          );
          assert.equal(await pid(), first);
          assert.equal(await web.up(given({ "limits.kernel.nofile": "777" })), "same");
          assert.notEqual(await openFiles(), "777");
        },
      );

      await t.test("one that is allowed to restart does so for what waits, and is ready afterwards", async () => {
        const told = await said(web.up(given({ "limits.kernel.nofile": "777" }, true)));
        assert.match(told, /Container "web" is restarted: limits\.kernel\.nofile counts from its start on/);
        assert.notEqual(await pid(), first);
        assert.equal(await openFiles(), "777");
        assert.ok(web.outs.ipv4Address);
        assert.equal(await web.up(given({ "limits.kernel.nofile": "777" }, true)), "same");
        first = await pid();
      });

      await t.test("what waits is forgotten when somebody else restarts it", async () => {
        await web.up(given({ "limits.kernel.nofile": "778" }));
        await (await client.setInstanceState("web", { action: "restart", force: true, timeout: -1 })).wait();
        first = await pid();
        await web.refresh();
        await web.up(given({ "limits.kernel.nofile": "778" }, true));
        assert.equal(await pid(), first);
      });

      await t.test("nesting goes on and off by a restart that the preview tells", async () => {
        const news = await provider.checked("container", given({ "security.nesting": true }, true));
        const told = await said(provider.diff("container", "web", web.outs, news));
        assert.match(told, /Container "web" is restarted: .*security\.nesting/);
        assert.equal(await web.up(given({ "security.nesting": true }, true)), "update");
        assert.notEqual(await pid(), first);
        assert.equal((await client.getInstance("web")).value.config["security.nesting"], "true");
        assert.equal(await web.up(given({ "security.nesting": true }, true)), "same");
        first = await pid();
      });

      await t.test("nesting without leave is stored or refused, and either way says what to set", async () => {
        let told = "";
        try {
          told = await said(web.up(given({})));
        } catch (error) {
          told = (error as Error).message;
        }
        assert.match(told, /allowRestart: true/);
        assert.equal(await pid(), first);
      });

      await web.destroy();
    }),
);
